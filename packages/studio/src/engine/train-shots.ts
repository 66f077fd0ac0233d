/** A moment of a run, of which only so many are kept. */
interface Moment {
  step: number
}

/** How many moments of a run are kept at most. */
const MOST_MOMENTS = 200

/**
 * Every step at first; when there are too many, every second of them, and from then on every second step, and so on: memory
 * stays bounded, and the whole run can be gone through, however long it is. The last one is always there.
 */
export class Moments<M extends Moment> {
  #every = 1
  #kept: readonly M[] = []

  constructor(readonly most = MOST_MOMENTS) {}

  get all(): readonly M[] {
    return this.#kept
  }

  /** Whether this step would stay. */
  isDue(step: number): boolean {
    return step % this.#every === 0
  }

  /** Steps come in their order; one that is not due stays until the next one comes. */
  add(moment: M): void {
    const kept = this.#kept.filter(({ step }) => this.isDue(step))
    kept.push(moment)
    while (kept.length > this.most) {
      this.#every *= 2
      const fewer = kept.filter(({ step }, n) => this.isDue(step) || n === kept.length - 1)
      kept.splice(0, kept.length, ...fewer)
    }
    this.#kept = kept
  }
}
