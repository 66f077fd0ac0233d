import { TILE } from '../../engine/tile'
import type { Tiles } from './tiles'
import type { Place } from './view'

/** The number of a pixel of a level, or a weight at level 0, where its tile is there. */
export function weightAt(tiles: Tiles, { query, key }: Place, level = 0): number | undefined {
  const [i, j] = [Math.floor(query / 2 ** level), Math.floor(key / 2 ** level)]
  const tile = tiles.get({ level, row: Math.floor(i / TILE), column: Math.floor(j / TILE) })
  return tile?.values[(i % TILE) * tile.cols + (j % TILE)]
}
