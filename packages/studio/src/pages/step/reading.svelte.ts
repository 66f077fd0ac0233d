import { tokenLabels, wordsOf } from 'heed/look'
import { within } from '../../app/address'
import { route } from '../../app/route.svelte'
import { session } from '../../app/session.svelte'
import { type Changes, untouched } from '../../engine/changes'
import type { Matrix } from '../../engine/projections'
import type { StepView } from '../../engine/step'
import type { Part } from '../../look/formula'
import type { Cell } from '../../look/map/map'
import { largest, roundUp } from '../../look/scale'
import { argmax, rowOf } from '../../look/numbers'
import { changeParams, countChanges, readState, type StepState } from './state'

/** What is pointed at, shared by all figures: what one points at lights up in the others. */
export class Pointing {
  /** A component of q and k, one of v, a cell of the map, a letter of the formula. */
  component = $state<number>()
  valueComponent = $state<number>()
  cell = $state.raw<Cell>()
  part = $state<Part>()
  /** Clicks on the map forbid links. */
  isDrawing = $state(false)

  clear(): void {
    this.component = this.valueComponent = this.cell = this.part = undefined
  }
}

/** What a figure reads: a head's view, and where one looks. Each figure has its own, so that they can follow one after another. */
export class Reading {
  view = $state.raw() as StepView
  state = $state.raw() as StepState
  matrices = $state.raw<Record<'q' | 'k' | 'v', Matrix>>()

  constructor(readonly pointing: Pointing) {}

  readonly queryLabels = $derived(tokenLabels(this.view.queries))
  readonly keyLabels = $derived(tokenLabels(this.view.keys))

  /** Who asks: the one in the address, else the strongest link's. */
  readonly query = $derived(within(this.state.query, this.view.sizes.Tq) ?? this.view.strongest.query)
  readonly row = $derived({
    products: this.#row(this.view.now.products),
    scaled: this.#row(this.view.now.scaled),
    scores: this.#row(this.view.now.scores),
    each: this.#row(this.view.now.each),
    weights: this.#row(this.view.now.weights),
    before: this.#row(this.view.before.weights),
    unscaled: this.#row(this.view.unscaled),
  })
  readonly top = $derived(argmax(this.row.weights))
  /** Who answers: the one in the address, else the strongest of the row. */
  readonly key = $derived(within(this.state.key, this.view.sizes.Tk) ?? this.top)
  /** The component that is selected. */
  readonly chosen = $derived(within(this.state.component, this.view.sizes.d))

  /** Heads of the model, of all its attentions. */
  readonly headCount = $derived((session.info?.heads ?? 1) * (session.info?.sites.length ?? 1))

  readonly changes = $derived(countChanges(this.state.changes))
  /** What the scale divides by. */
  readonly divisor = $derived(1 / this.view.scale)
  readonly isRoot = $derived(Math.abs(this.divisor ** 2 / this.view.sizes.d - 1) < 1e-4)

  /** Which keys go on with the word before them. */
  readonly joined = $derived(
    wordsOf(this.view.keys).flatMap(({ start, end }) => Array.from({ length: end - start }, (_, n) => n > 0)),
  )

  /** Ends of scales, of the whole sentence, so that they stay when another word asks. */
  readonly ends = $derived.by(() => {
    const { q, k, v, before, now } = this.view
    return {
      projected: roundUp(largest(q, k, v)),
      qk: roundUp(largest(q, k)),
      values: roundUp(largest(v, before.out, now.out)),
      scores: roundUp(largest(now.products, before.scaled)),
    }
  })

  #row<A extends Float32Array | Float64Array>(matrix: A): A {
    return rowOf(matrix, this.query, this.view.sizes.Tk)
  }

  /** q of the word that asks, k and v of a word that answers. */
  readonly q = $derived(rowOf(this.view.q, this.query, this.view.sizes.d))
  readonly k = $derived(rowOf(this.view.k, this.key, this.view.sizes.d))

  /** A piece of a longer word is named with its word. */
  wholeWord(side: 'queries' | 'keys', at: number): string | undefined {
    const word = wordsOf(this.view[side]).find(({ start, end }) => start <= at && at < end)
    return word && word.end - word.start > 1 ? word.text : undefined
  }

  look(cell: Partial<Cell>): void {
    route.set({
      ...(cell.query !== undefined && { q: String(cell.query), k: undefined }),
      ...(cell.key !== undefined && { k: String(cell.key) }),
    })
  }

  choose(component: number | undefined): void {
    route.set({ c: component === undefined || component === this.chosen ? undefined : String(component) })
  }

  /** Over what the address has: the state of a figure that is still to follow is older. */
  change(change: Partial<Changes>, options?: { replace?: boolean }): void {
    route.set(changeParams({ ...readState(route.params).changes, ...change }), options)
  }

  forbid({ query, key }: Cell): void {
    const { forbidden = [] } = this.state.changes
    const others = forbidden.filter(([i, j]) => i !== query || j !== key)
    this.change({ forbidden: others.length < forbidden.length ? others : [...forbidden, [query, key]] })
  }

  isForbidden(query: number, key: number): boolean {
    return this.view.now.scores[query * this.view.sizes.Tk + key] === -Infinity
  }

  reset(): void {
    this.change({ ...untouched, forbidden: [] })
    this.pointing.isDrawing = false
  }

  /** Lets go of all that is selected. */
  clear(): void {
    this.pointing.clear()
    route.set({ q: undefined, k: undefined, c: undefined })
  }
}
