/** px of a tile's side, whatever it covers. */
export const TILE = 128

/** What a pixel of a tile is of the weights that it covers. */
export type Pool = 'max' | 'mean'

/** Which tile: a pixel covers 2^level × 2^level weights; row and column count tiles of that level. */
export interface TilePlace {
  level: number
  row: number
  column: number
}

/** [start, end) of the queries or keys that the `n`th tile of a level covers, of `tokens`. */
export const tileSpan = (n: number, level: number, tokens: number): [start: number, end: number] => {
  const side = TILE * 2 ** level
  return [n * side, Math.min(tokens, (n + 1) * side)]
}
