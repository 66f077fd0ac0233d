import { between, type View } from './view'

/** ms from one view to another. */
const LONGEST = 150

/** One view becomes another, at once for those who prefer less motion; a newer flight ends the older one. */
export class Flight {
  #frame = 0

  fly(from: View, to: View, show: (view: View) => void): void {
    this.stop()
    if (matchMedia('(prefers-reduced-motion: reduce)').matches) return show(to)
    const start = performance.now()
    const step = (now: number) => {
      const t = Math.min(1, Math.max(0, (now - start) / LONGEST))
      show(t === 1 ? to : between(from, to, 1 - (1 - t) ** 3))
      if (t < 1) this.#frame = requestAnimationFrame(step)
    }
    this.#frame = requestAnimationFrame(step)
  }

  stop(): void {
    cancelAnimationFrame(this.#frame)
  }
}
