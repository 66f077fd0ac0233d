/** What fingers and mice do to a picture. */
export interface Gestures {
  /** Pulled by so many px. */
  pull: (dx: number, dy: number) => void
  /** Two fingers go apart by a factor, around a point. */
  pinch: (factor: number, at: Finger) => void
  /** Put down and lifted at one place. */
  tap: (at: Finger) => void
}

export interface Finger {
  clientX: number
  clientY: number
}

/** px that a finger may tremble without pulling. */
const STILL = 4

/** Pointers that are down, told apart: one pulls, two pinch, one that did not move taps. */
export class Fingers {
  readonly #down = new Map<number, Finger>()
  #start: Finger | undefined
  #moved = false

  constructor(readonly gestures: Gestures) {}

  down(event: PointerEvent): void {
    if (event.pointerType === 'mouse' && event.button !== 0) return
    ;(event.currentTarget as Element | null)?.setPointerCapture?.(event.pointerId)
    if (this.#down.size === 0) [this.#start, this.#moved] = [placeOf(event), false]
    else this.#moved = true
    this.#down.set(event.pointerId, placeOf(event))
  }

  move(event: PointerEvent): void {
    const before = this.#down.get(event.pointerId)
    if (!before || !this.#start) return
    if (!this.#moved && distance(this.#start, event) < STILL) return
    this.#moved = true
    const other = [...this.#down].find(([id]) => id !== event.pointerId)?.[1]
    this.#down.set(event.pointerId, placeOf(event))
    const [dx, dy] = [event.clientX - before.clientX, event.clientY - before.clientY]
    if (!other) return this.gestures.pull(dx, dy)
    const middle = {
      clientX: (event.clientX + other.clientX) / 2,
      clientY: (event.clientY + other.clientY) / 2,
    }
    // The middle of the two moves by half.
    this.gestures.pull(dx / 2, dy / 2)
    this.gestures.pinch(Math.max(1, distance(other, event)) / Math.max(1, distance(other, before)), middle)
  }

  up(event: PointerEvent): void {
    const wasDown = this.#down.delete(event.pointerId)
    if (wasDown && this.#down.size === 0 && !this.#moved) this.gestures.tap(placeOf(event))
  }

  /** The browser took a pointer away. */
  lose(event: PointerEvent): void {
    this.#down.delete(event.pointerId)
    this.#moved = true
  }
}

const placeOf = ({ clientX, clientY }: Finger): Finger => ({ clientX, clientY })
const distance = (a: Finger, b: Finger) => Math.hypot(a.clientX - b.clientX, a.clientY - b.clientY)
