/**
 * Counts up one a frame, from the first on, until `last`: what is large is made in so many parts, so that no frame is long.
 * To be made as a component is.
 */
export class Stages {
  at = $state(0)
  #frame = 0

  constructor(last: () => number) {
    $effect(() => {
      if (this.at >= last()) return
      this.#frame = requestAnimationFrame(() => this.at++)
      return () => cancelAnimationFrame(this.#frame)
    })
  }
}
