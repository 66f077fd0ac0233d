import { type AttentionMap, axisSpans, type AxisSpan, type Capture } from 'heed/lens'
import { type DrawnMap, type DrawnToken, siteTitle } from 'heed/look'

/** What rows and columns may stand for instead of tokens. */
export const units = ['words', 'sentences'] as const
export type Unit = (typeof units)[number]

/** A map that was asked for: of one head, or the mean of its site's. */
export interface AskedMap {
  site: string
  /** 'head 3', 'mean of 4 heads' */
  which: string
  map: AttentionMap
}

/** The maps asked for: each head by itself, or where none is named the mean of a site's heads. */
export function askedMaps(
  captured: Capture,
  sites: readonly string[],
  heads?: readonly number[],
): AskedMap[] {
  return sites.flatMap((site): AskedMap[] => {
    if (heads)
      return [...new Set(heads)]
        .sort((a, b) => a - b)
        .map((head) => ({ site, which: `head ${head}`, map: captured.map(site, head) }))
    return [{ site, which: `mean of ${captured.heads} heads`, map: captured.mean({ sites: site }) }]
  })
}

/** A map over words or sentences, ready to be drawn. */
export async function drawnOver(
  captured: Capture,
  { site, which, map }: AskedMap,
  unit: Unit,
  { note, signal }: { note?: string; signal?: AbortSignal } = {},
): Promise<DrawnMap> {
  const { queries, keys } = axisSpans(captured.of!, site, unit)
  const weights = await map.over({ queries, keys }, { signal })
  const rows = site.endsWith('.cross') ? `rows are the ${unit} being predicted` : undefined
  const over = `over ${unit}: weights are added over a column's tokens, and averaged over a row's`
  return {
    title: `${siteTitle(site)} · ${which}`,
    note: [note, rows, over].filter((part) => part !== undefined).join('; '),
    queries: queries.map(drawn),
    keys: keys.map(drawn),
    // Sums of float32 may pass 1 by rounding.
    weights: weights.map((row) => row.map((w) => Math.min(1, w))),
  }
}

const drawn = ({ text, special }: AxisSpan): DrawnToken => ({
  text,
  special,
  startsWord: true,
})
