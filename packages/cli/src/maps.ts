import type { Seen, SeenMap } from 'heed/lens'
import { type DrawnMap, drawnMap } from 'heed/look'

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
