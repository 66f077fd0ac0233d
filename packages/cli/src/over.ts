import { type AttentionMap, type Capture, sentenceSpans, sidesOf, type Span, wordSpans } from 'heed/lens'
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
  const { queries, keys } = spansOf(captured, site, unit)
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

const drawn = ({ text, special }: Span & { special: boolean }): DrawnToken => ({
  text,
  special,
  startsWord: true,
})

function spansOf(captured: Capture, site: string, unit: Unit) {
  const { text, output, tokens } = captured.of!
  const spans = unit === 'words' ? wordSpans : sentenceSpans
  const marked = (of: string, all: readonly { start: number; end: number; text: string; id: number }[]) =>
    spans(of, all).map((span) => ({
      ...span,
      special: all.slice(span.start, span.end).every(({ start, end }) => start === end),
    }))
  const target = tokens.target ?? []
  const sides = sidesOf(site)
  const of = (side: 'source' | 'target') =>
    side === 'source' ? marked(text, tokens.source) : marked(output ?? '', target)
  if (!site.endsWith('.cross')) {
    const own = of(sides.queries)
    return { queries: own, keys: own }
  }
  // Row i is the query that predicts token i + 1; the last one predicts the end.
  const n = target.length
  const end = { start: n - 1, end: n, text: '</s>', special: true }
  return { queries: [...marked(output ?? '', target.slice(1)), end], keys: of(sides.keys) }
}
