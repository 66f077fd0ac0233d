import type { NpyArray } from 'heed/io'
import type { Seen, SeenMap } from 'heed/lens'
import {
  clip,
  type DrawnMap,
  drawnMap,
  type DrawnOverview,
  gridSvg,
  headGroups,
  linesSvg,
  mapSvg,
  MAX_SIDE,
  overviewSvg,
  pool,
  textSvg,
  type Theme,
} from 'heed/look'

/** What a picture can be. */
export const views = ['map', 'lines', 'text', 'heads'] as const
export type View = (typeof views)[number]

interface Wanted {
  /** Sites by name. Default: all that were seen. */
  sites?: readonly string[]
  /** One map per site, the mean of its heads, instead of one per head. */
  mean: boolean
  /** The rule that chose the maps, in one line. */
  note?: string
}

/** The maps that a person is shown, in the order they were seen. */
export function mapsToShow(seen: Seen, { sites, mean, note }: Wanted): DrawnMap[] {
  const names = [...new Set(seen.maps.map(({ site }) => site))].filter(
    (site) => sites?.includes(site) ?? true,
  )
  return names.flatMap((site) => {
    const heads = seen.maps.filter((map) => map.site === site)
    if (!mean) return heads.map((map) => drawnMap(seen, map, `head ${map.head}`, note))
    return [drawnMap(seen, { ...heads[0], weights: meanOf(heads) }, `mean of ${heads.length} heads`, note)]
  })
}

/** The cell-wise mean of maps of one shape. */
function meanOf(maps: readonly SeenMap[]): number[][] {
  return maps[0].weights.map((row, i) =>
    row.map((_, j) => maps.reduce((sum, map) => sum + map.weights[i][j], 0) / maps.length),
  )
}

interface ViewOptions {
  theme: Theme
  query?: number
}

/** The picture of what was seen: of the first map shown, or of all heads. */
export function viewOf(
  view: View,
  seen: Seen | undefined,
  shown: readonly DrawnMap[],
  options: ViewOptions,
): string {
  const { theme, query } = options
  if (view === 'heads') return headsSvg(seen!, theme)
  const [map] = shown
  if (view === 'lines') return linesSvg(map, { theme, query })
  if (view === 'text') return textSvg(map, { theme, query })
  return Math.max(map.queries.length, map.keys.length) > MAX_SIDE
    ? overviewSvg(pooledMap(map, MAX_SIDE), { theme })
    : mapSvg(map, { theme })
}

/** All heads, with how sharply each looks. */
function headsSvg(seen: Seen, theme: Theme): string {
  const sharpness = ({ weights }: SeenMap) =>
    weights.reduce((sum, row) => sum + row.reduce((most, w) => Math.max(most, w), 0), 0) / weights.length
  const count = seen.maps.length
  return gridSvg(
    {
      title: `${count === 1 ? 'One head reads' : `${count} heads read`} \u201c${clip(seen.text, 48)}\u201d`,
      groups: headGroups(seen, (map) => Math.min(1, sharpness(map))),
      measure: { name: 'mean of the largest weight of every row' },
    },
    { theme },
  )
}

/** A map with more cells than can be drawn, no side longer than `side`: pooled by the largest, so that single links stay. */
export function pooledMap({ title, note, queries, keys, weights }: DrawnMap, side: number): DrawnOverview {
  const rows = pool(weights, side, 'max')
  const [height, width] = [rows.length, rows[0].length]
  const values = new Float32Array(height * width)
  rows.forEach((row, i) => values.set(row, i * width))
  return { title, note, values, height, width, queries: queries.length, keys: keys.length, pooled: 'max' }
}

/** What was seen, without what `qk` adds. */
export function withoutQk(seen: Seen): Seen {
  const maps = seen.maps.map(({ site, head, queries, keys, weights }) => ({
    site,
    head,
    queries,
    keys,
    weights,
  }))
  return { ...seen, maps }
}

/** The numbers of every map as arrays, named `encoder.2.self.3.weights` (site, head, what). */
export function arraysOf({ maps }: Seen): Record<string, NpyArray> {
  const arrays: Record<string, NpyArray> = {}
  for (const {
    site,
    head,
    weights,
    q,
    k,
    m,
    l,
    bias,
    scale,
    causal,
    window,
    lengths,
    softcap,
    sink,
  } of maps) {
    for (const [what, rows] of Object.entries({ weights, q, k, bias })) {
      if (!rows) continue
      const width = rows[0]?.length ?? 0
      const data = new Float32Array(rows.length * width)
      rows.forEach((row, i) => data.set(row, i * width))
      arrays[`${site}.${head}.${what}`] = { shape: [rows.length, width], data }
    }
    const rules = {
      scale: scale && [scale],
      causal: causal && [causal.offset],
      window,
      lengths,
      softcap: softcap && [softcap],
      sink: sink === undefined ? undefined : [sink],
    }
    for (const [what, row] of Object.entries({ m, l, ...rules }))
      if (row) arrays[`${site}.${head}.${what}`] = { shape: [row.length], data: Float32Array.from(row) }
  }
  return arrays
}
