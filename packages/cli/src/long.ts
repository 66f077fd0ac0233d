import type { Capture } from 'heed/lens'
import { clip, type DrawnOverview, drawnTokens, MAX_SIDE, siteTitle, tokenLabels, weight2 } from 'heed/look'
import type { AskedMap } from './over.js'
import { createProgress } from './terminal/progress.js'
import { overviewSize, renderOverview } from './terminal/overview.js'
import type { screen } from './terminal/screen.js'
import { fence } from './terminal/text.js'

/** A map of more queries or keys is shown as an overview: a terminal has no room for its tokens. */
export const LONG = 128

export const isLong = ({ map }: AskedMap): boolean => Math.max(map.rows, map.cols) > LONG

interface Options {
  note?: string
  signal?: AbortSignal
}

/** A map pooled by the largest weight, so that single links stay to be seen. */
export async function drawnOverview(
  { site, which, map }: AskedMap,
  size: number | readonly [rows: number, cols: number] = [
    Math.min(map.rows, MAX_SIDE),
    Math.min(map.cols, MAX_SIDE),
  ],
  { note, signal }: Options = {},
): Promise<DrawnOverview> {
  const progress = createProgress({ label: `reading ${site}` })
  const { rows, cols, cells } = await map
    .overview(size, {
      pool: 'max',
      signal,
      onProgress: ({ done, total }) => progress.update({ done, total, unit: 'rows' }),
    })
    .finally(() => progress.finish())
  return {
    title: `${siteTitle(site)} · ${which}`,
    note,
    // Sums of float32 may pass 1 by rounding.
    values: cells.map((w) => Math.min(1, w)),
    height: rows,
    width: cols,
    queries: map.rows,
    keys: map.cols,
    pooled: 'max',
  }
}

/** The overview of a long map and its strongest links, as lines for a terminal. */
export async function longMapLines(
  captured: Capture,
  asked: AskedMap,
  { columns, color, theme, style }: ReturnType<typeof screen>,
  { note, signal }: Options = {},
): Promise<string[]> {
  const { map, site } = asked
  const overview = await drawnOverview(asked, overviewSize(map.rows, map.cols, columns), { note, signal })
  const lines = renderOverview(overview, { columns, color, theme })
  const { text, output, tokens } = captured.of!
  const source = drawnTokens(tokens.source, text)
  const target = drawnTokens(tokens.target ?? [], output ?? '')
  const cross = site.endsWith('.cross')
  const keys = site.startsWith('decoder') && !cross ? target : source
  // Row i of a cross-attention is the query that predicts token i + 1.
  const queries = cross ? target.slice(1) : keys
  const isText = (of: typeof keys) => (n: number) => of[n] !== undefined && !of[n].special
  const links = await map.strongest(12, { queries: isText(queries), keys: isText(keys), signal })
  if (links.length === 0) return lines
  const named = (of: typeof keys, n: number) =>
    `${fence(tokenLabels([of[n]])[0])} at ${n.toLocaleString('en-US')}`
  return [
    ...lines,
    '',
    style.strong('Strongest links between tokens'),
    ...links.map(({ query, key, weight }) =>
      clip(`  ${named(queries, query)} → ${named(keys, key)} ${weight2(weight)}`, columns),
    ),
  ]
}
