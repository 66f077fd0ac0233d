import { siteOf } from 'heed/look'
import type { HeadsView, HeadSummary, MeasureKey } from '../../engine/heads'
import { type MeasureScale, scaleOf } from './scales'
import { headKey, type Sweep } from './sweep.svelte'
import { words } from '../../words/words.svelte'

/** All heads with their numbers, for the grid, the scatter and the facts of one. */
export class Overview {
  view = $state.raw() as HeadsView

  constructor(readonly sweep: Sweep) {}

  value({ site, head, means }: HeadSummary, name: MeasureKey): number | undefined {
    return name === 'matters' ? this.sweep.damages.get(headKey(site, head)) : means[name]
  }

  values(name: MeasureKey): number[] {
    return this.view.heads.flatMap((head) => this.value(head, name) ?? [])
  }

  scale(name: MeasureKey): MeasureScale {
    return scaleOf(name, this.view.measures, this.view.keys, this.values(name))
  }

  /** Heads of one kind together, by layer. */
  readonly groups = $derived.by(() => {
    const groups = new Map<string, { kind: string; pattern: string; heads: HeadSummary[] }>()
    for (const head of this.view.heads) {
      const { pattern } = siteOf(head.site, head.head)
      const group = groups.get(pattern) ?? { kind: words.now.site.kind(head.site), pattern, heads: [] }
      groups.set(pattern, group)
      group.heads.push(head)
    }
    return [...groups.values()]
  })

  /** The largest first; heads that lack the measure come last. */
  sorted(name: MeasureKey): HeadSummary[] {
    const of = (head: HeadSummary) => this.value(head, name) ?? -Infinity
    return this.view.heads.toSorted((a, b) => of(b) - of(a) || 0)
  }

  /** Which place a head has by a measure, from 1, of how many; undefined before it is measured. */
  rank(site: string, head: number, name: MeasureKey): { rank: number; of: number } | undefined {
    const own = this.view.heads.find((one) => one.site === site && one.head === head)
    const value = own && this.value(own, name)
    const all = this.values(name)
    if (value === undefined || all.length < this.view.heads.length) return undefined
    return { rank: 1 + all.filter((other) => other > value).length, of: all.length }
  }
}
