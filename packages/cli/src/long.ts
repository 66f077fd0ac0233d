import type { Capture } from 'heed/lens'
import {
  clip,
  type DrawnMap,
  type DrawnOverview,
  drawnTokens,
  MAX_SIDE,
  pool,
  siteTitle,
  tokenLabels,
  weight2,
  wrap,
} from 'heed/look'
import type { AskedMap } from './over.js'
import { createProgress } from './terminal/progress.js'
import { overviewSize } from './terminal/overview.js'
import { screen } from './terminal/screen.js'
import { JOIN } from './terminal/heatmap.js'
import { fence } from './terminal/text.js'

/** A map of more queries or keys is shown as an overview: a terminal has no room for its tokens. */
export const LONG = 128

export const isLong = ({ map }: AskedMap): boolean => Math.max(map.rows, map.cols) > LONG

interface Options {
  note?: string
  signal?: AbortSignal
}

/**
 * A map pooled by the largest weight, so that single links stay to be seen: for a terminal of so many columns, or for a
 * picture.
 */
export async function drawnOverview(
  { site, which, map }: AskedMap,
  columns: number | undefined,
  { note, signal }: Options = {},
): Promise<DrawnOverview> {
  const size =
    columns === undefined
      ? ([Math.min(map.rows, MAX_SIDE), Math.min(map.cols, MAX_SIDE)] as const)
      : overviewSize(map.rows, map.cols, columns)
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

/** The same of a map that is there already. */
export function pooledMap({ title, note, queries, keys, weights }: DrawnMap, columns: number): DrawnOverview {
  const rows = pool(weights, Math.min(...overviewSize(queries.length, keys.length, columns)), 'max')
  const [height, width] = [rows.length, rows[0].length]
  const values = rows.flatMap((row) => Array.from(row))
  return { title, note, values, height, width, queries: queries.length, keys: keys.length, pooled: 'max' }
}

/** The strongest links of a long map, between tokens with their places, as lines for a terminal. */
export async function longLinks(
  captured: Capture,
  { map, site }: AskedMap,
  count: number,
  signal: AbortSignal,
): Promise<string[]> {
  const { columns, style } = screen()
  const { text, output, tokens } = captured.of!
  const source = drawnTokens(tokens.source, text)
  const target = drawnTokens(tokens.target ?? [], output ?? '')
  const cross = site.endsWith('.cross')
  const keys = site.startsWith('decoder') && !cross ? target : source
  // Row i of a cross-attention is the query that predicts token i + 1.
  const queries = cross ? target.slice(1) : keys
  const isText = (of: typeof keys) => (n: number) => of[n] !== undefined && !of[n].special
  const progress = createProgress({ label: `links of ${site}` })
  const links = await map
    .strongest(count, {
      queries: isText(queries),
      keys: isText(keys),
      signal,
      onProgress: ({ done, total }) => progress.update({ done, total, unit: 'rows' }),
    })
    .finally(() => progress.finish())
  if (links.length === 0) return []
  const named = (of: typeof keys, n: number) =>
    // A token that goes on with a character of the one before has no label of its own.
    `${fence(tokenLabels([of[n]])[0] || JOIN)} at ${n.toLocaleString('en-US')}`
  return [
    '',
    ...wrap('Strongest links between tokens', columns).map(style.strong),
    ...links.map(({ query, key, weight }) =>
      clip(`  ${named(queries, query)} → ${named(keys, key)} ${weight2(weight)}`, columns),
    ),
  ]
}
