import { type Capture, sidesOf } from 'heed/lens'
import {
  clip,
  type DrawnOverview,
  drawnAxes,
  MAX_SIDE,
  siteTitle,
  tokenLabels,
  weight2,
  wrap,
} from 'heed/look'
import type { AskedMap } from './over.js'
import { withProgress } from './terminal/progress.js'
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
  const { rows, cols, cells } = await withProgress(`reading ${site}`, 'rows', (onProgress) =>
    map.overview(size, { pool: 'max', signal, onProgress }),
  )
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

/** The strongest links of a long map, between tokens with their places, as lines for a terminal. */
export async function longLinks(
  captured: Capture,
  { map, site }: AskedMap,
  count: number,
  signal: AbortSignal,
): Promise<string[]> {
  const { columns, style } = screen()
  const { queries, keys } = drawnAxes(captured.of!, { site, ...sidesOf(site) })
  const isText = (of: typeof keys) => (n: number) => !of[n].special
  const links = await withProgress(`links of ${site}`, 'rows', (onProgress) =>
    map.strongest(count, { queries: isText(queries), keys: isText(keys), signal, onProgress }),
  )
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
