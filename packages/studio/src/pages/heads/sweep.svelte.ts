import { ask } from '../../engine/client'
import type { Damages, Instead } from '../../engine/heads-worth'
import type { ModelSource } from '../../engine/models'
import { Series } from './series.svelte'

/** Up to so many heads are measured without being asked for. */
export const MOST_UNASKED = 48

export const headKey = (site: string, head: number): string => `${site}·${head}`

/** What every head is worth, taken out one by one, an attention at a time. */
export class Sweep {
  readonly series = new Series<Damages>()
  /** By `headKey`. */
  readonly damages = $derived(
    new Map(
      this.series.answers.flatMap((answer) =>
        answer
          ? Array.from(answer.damages, (damage, head) => [headKey(answer.site, head), damage] as const)
          : [],
      ),
    ),
  )
  /** What they are: `damageName` of the lens. */
  readonly unit = $derived(this.series.answers.find((answer) => answer !== undefined)?.damageName ?? '')

  /** @param first the attention that is looked at */
  about(
    question: { model: ModelSource; text: string; to: Instead },
    sites: readonly string[],
    first: string | undefined,
  ): void {
    const ordered = sites.toSorted((a, b) => Number(b === first) - Number(a === first))
    this.series.ask(
      JSON.stringify(question),
      ordered.map((site) => (options) => ask('damages', { ...question, site }, options)),
    )
  }
}
