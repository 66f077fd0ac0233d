import { untrack } from 'svelte'

/**
 * Counts up by one or `by` a frame, from the first on, until `last`: what is large is made in so many parts, so that no frame is
 * long. To be made as a component is.
 */
export class Stages {
  at = $state(0)
  #frame = 0

  constructor(last: () => number, by = 1) {
    $effect(() => {
      if (this.at >= last()) return
      this.#frame = requestAnimationFrame(() => (this.at += by))
      return () => cancelAnimationFrame(this.#frame)
    })
  }
}

/**
 * A value one frame late: what is drawn from it comes after what is drawn from the value itself, also where both change
 * together. To be made as a component is.
 */
export class Later<T> {
  now = $state.raw() as T
  #frame: number | undefined

  constructor(value: () => T) {
    this.now = untrack(value)
    $effect(() => {
      void value()
      // Not begun anew with every change: one that changes with every frame would never come.
      this.#frame ??= requestAnimationFrame(() => {
        this.#frame = undefined
        this.now = value()
      })
    })
    $effect(() => () => cancelAnimationFrame(this.#frame ?? 0))
  }
}
