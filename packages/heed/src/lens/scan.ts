import type { AttentionMap } from './map.js'
import type { ScanOptions } from './strongest.js'

/**
 * Sees every row of a map once, in order: `cells[n]` is what `query` takes from key `from` + n, and all other keys have
 * weight 0. The cells are valid during the call.
 */
export type RowVisitor = (query: number, cells: Float32Array, from: number) => void

/** One walk over the map for all that want to see its rows. */
export async function scan(
  map: AttentionMap,
  visitors: readonly RowVisitor[],
  options?: ScanOptions,
): Promise<void> {
  for await (const { rows, cols, weights } of map.blocks(options)) {
    const width = cols[1] - cols[0]
    for (let i = rows[0]; i < rows[1]; i++) {
      const at = (i - rows[0]) * width
      const cells = weights.subarray(at, at + width)
      for (const visit of visitors) visit(i, cells, cols[0])
    }
  }
}

/** The weight of key `key` in a row, 0 outside of it. */
export const cellAt = (cells: Float32Array, from: number, key: number): number => cells[key - from] ?? 0
