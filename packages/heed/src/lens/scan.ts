import { HeedError } from '../errors.js'
import type { AttentionMap } from './map.js'

/** What walking over a whole map takes. */
export interface ScanOptions {
  signal?: AbortSignal
  /** Queries done, of all. */
  onProgress?: (progress: { done: number; total: number }) => void
}

/** A part of a map. */
export interface Region {
  /** [start, end) of queries; default all. */
  rows?: readonly [start: number, end: number]
  /** [start, end) of keys; default all. */
  cols?: readonly [start: number, end: number]
}

/** What walking over a map, or over a part of it, takes. */
export type WalkOptions = ScanOptions & Region

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

/** What is given at once at most: 1 GB. */
const MOST_BYTES = 2 ** 30

/**
 * Refuses a matrix that would not fit, before anything is computed.
 *
 * @param bytes of a cell
 * @throws HeedError `memory`, with the size and what to do instead
 */
export function checkCells(what: string, rows: number, cols: number, advice: string, bytes = 4): void {
  const size = rows * cols * bytes
  if (size > MOST_BYTES)
    throw new HeedError(
      'memory',
      `${what} of ${rows} × ${cols} weights takes ${(size / 2 ** 30).toFixed(1)} GB; at most 1 GB is given at once: ${advice}`,
    )
}

/** The error of what has a meaning for weights from 0 up alone. */
export const negative = (what: string, weight: number): HeedError =>
  new HeedError(
    'input',
    `${what} needs weights from 0 up, the map has ${weight.toPrecision(3)}: an intervention put it there; ask for an overview() or tiles, which show any weight`,
  )
