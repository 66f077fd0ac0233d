import { within } from '../../app/address'
import { type Link, linksBetween } from '../../app/links'
import type { HeadView } from '../../engine/heads'
import { type Cell, mapData } from '../../look/map/map'
import { siteOf } from 'heed/look'
import { argmax, rowOf } from '../../look/numbers'

/** One head as it is read: where one looks in its map, and which of its links are forbidden. */
export class HeadReading {
  view = $state.raw() as HeadView
  /** From the address. */
  wanted = $state.raw<Partial<Cell>>({})
  /** Links between tokens. */
  forbidden = $state.raw<readonly (readonly [query: number, key: number])[]>([])
  pointed = $state.raw<Cell>()

  readonly name = $derived(siteOf(this.view.site, this.view.head).name)
  readonly #forbidden = $derived(new Set(this.forbidden.map(([i, j]) => `${i}-${j}`)))
  readonly map = $derived(
    mapData(this.view.queries, this.view.keys, this.view.weights, (i, j) =>
      this.isForbidden({ query: i, key: j }),
    ),
  )
  readonly query = $derived(within(this.wanted.query, this.view.rows.length) ?? this.view.strongest.query)
  readonly row = $derived(rowOf(this.view.weights, this.query, this.view.columns.length))
  readonly top = $derived(argmax(this.row))
  readonly key = $derived(within(this.wanted.key, this.view.columns.length) ?? this.top)
  readonly at = $derived<Cell>(this.pointed ?? { query: this.query, key: this.key })

  weight({ query, key }: Cell): number {
    return this.view.weights[query * this.view.columns.length + key]
  }

  /** The links between tokens that a cell stands for. */
  linksOf({ query, key }: Cell): Link[] {
    return linksBetween(this.view.rows[query], this.view.columns[key])
  }

  isForbidden(cell: Cell): boolean {
    if (this.#forbidden.size === 0) return false
    return this.linksOf(cell).every(([i, j]) => this.#forbidden.has(`${i}-${j}`))
  }

  /** The forbidden links with those of a cell, or without them where they are among them. */
  toggled(links: readonly (readonly [number, number])[]): (readonly [number, number])[] {
    const keys = new Set(links.map(([i, j]) => `${i}-${j}`))
    const others = this.forbidden.filter(([i, j]) => !keys.has(`${i}-${j}`))
    return others.length === this.forbidden.length - keys.size ? others : [...others, ...links]
  }
}
