import type { StepView } from '../../engine/step'
import { Pointing, Reading } from './reading.svelte'
import type { StepState } from './state'

const STEPS = 7

/**
 * Brings a new view to the headline at once, and then to the figures, one every second frame, those on the screen first: no
 * frame is long, however much there is to draw. In the frames between comes what a figure does once it is laid out: it scrolls.
 */
export class Reader {
  readonly #pointing = new Pointing()
  readonly hero = new Reading(this.#pointing)
  /** Of steps 1 to 7. */
  readonly steps = Array.from({ length: STEPS }, () => new Reading(this.#pointing))
  #frame = 0

  show(view: StepView, state: StepState): void {
    this.stop()
    const give = (reading: Reading) => {
      reading.state = state
      reading.view = view
    }
    give(this.hero)
    const waiting = [...this.steps.keys()].sort((a, b) => distance(a) - distance(b))
    const next = () => {
      const step = waiting.shift()
      if (step === undefined) return
      give(this.steps[step])
      this.#frame = requestAnimationFrame(() => (this.#frame = requestAnimationFrame(next)))
    }
    this.#frame = requestAnimationFrame(next)
  }

  stop(): void {
    cancelAnimationFrame(this.#frame)
  }
}

/** How far a step is from the middle of the screen; one that is not there yet comes in its order. */
function distance(step: number): number {
  const box = document.querySelector(`#step-${step + 1}`)?.getBoundingClientRect()
  if (!box) return 1e6 + step
  const middle = innerHeight / 2
  return Math.max(0, box.top - middle, middle - box.bottom)
}
