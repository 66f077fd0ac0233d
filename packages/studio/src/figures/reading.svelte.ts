import { type Changes, untouched } from '../engine/changes'
import type { Cell } from '../look/map/map'
import { Pointing, Reading } from '../pages/step/reading.svelte'

/** What a figure of a text reads: where one looks stays in the figure, for many of them share an address. */
export class OwnReading extends Reading {
  constructor(private readonly onchange: (changes: Changes) => void) {
    super(new Pointing())
  }

  override look({ query, key }: Partial<Cell>): void {
    this.state = {
      ...this.state,
      ...(query !== undefined && { query, key: undefined }),
      ...(key !== undefined && { key }),
    }
  }

  override choose(component: number | undefined): void {
    this.state = { ...this.state, component: component === this.chosen ? undefined : component }
  }

  override change(change: Partial<Changes>): void {
    this.onchange({ ...this.state.changes, ...change })
  }

  override reset(): void {
    this.onchange(untouched)
  }

  override clear(): void {
    this.pointing.clear()
    this.state = { ...this.state, query: undefined, key: undefined, component: undefined }
  }
}
