import { HeedError, HeedTypeError } from '../errors.js'
import type { AttentionMap } from './map.js'
import type { ScanOptions } from './strongest.js'

export interface OverviewOptions extends ScanOptions {
  /** What a cell shows of the weights that it covers. Default `mean`. */
  pool?: 'mean' | 'max'
}

/** A map pooled to few cells. */
export interface Overview {
  readonly rows: number
  readonly cols: number
  readonly pool: 'mean' | 'max'
  /** [rows, cols], row after row. */
  readonly cells: Float32Array
}

/**
 * Cell (r, c) of `rows` × `cols` covers queries ⌊r·Tq/rows⌋ to ⌊(r+1)·Tq/rows⌋ and keys likewise, what may not be attended
 * to counting as 0.
 *
 * @throws HeedError `input` for an overview larger than the map; HeedTypeError `option` for sizes or a pool that cannot be
 */
export async function overview(
  map: AttentionMap,
  size: number | readonly [rows: number, cols: number],
  { pool = 'mean', ...options }: OverviewOptions = {},
): Promise<Overview> {
  const [rows, cols] = typeof size === 'number' ? [size, size] : size
  if (![rows, cols].every((n) => Number.isSafeInteger(n) && n >= 1))
    throw new HeedTypeError('option', `overview takes a size of at least 1, got ${String(size)}`)
  if (pool !== 'mean' && pool !== 'max')
    throw new HeedTypeError('option', `overview: pool must be 'mean' or 'max', got '${String(pool)}'`)
  if (rows > map.rows || cols > map.cols)
    throw new HeedError(
      'input',
      `an overview of ${rows} × ${cols} is larger than the map, ${map.rows} × ${map.cols}; ask for at most that, or for a tile()`,
    )
  const [rowOf, colOf] = [bins(map.rows, rows), bins(map.cols, cols)]
  const pooled = new Float64Array(rows * cols)
  for await (const {
    rows: [start, end],
    cols: [from, to],
    weights,
  } of map.blocks(options)) {
    let at = 0
    for (let i = start; i < end; i++) {
      const row = rowOf[i] * cols
      if (pool === 'mean') for (let j = from; j < to; j++) pooled[row + colOf[j]] += weights[at++]
      else
        for (let j = from; j < to; j++, at++) {
          const cell = row + colOf[j]
          if (weights[at] > pooled[cell]) pooled[cell] = weights[at]
        }
    }
  }
  if (pool === 'max') return { rows, cols, pool, cells: Float32Array.from(pooled) }
  const [heights, widths] = [counts(rowOf, rows), counts(colOf, cols)]
  const covered = (cell: number) => heights[Math.floor(cell / cols)] * widths[cell % cols]
  return { rows, cols, pool, cells: Float32Array.from(pooled, (sum, cell) => sum / covered(cell)) }
}

/** The bin of each of `count` positions. */
function bins(count: number, of: number): Int32Array {
  const bin = new Int32Array(count)
  for (let b = 0; b < of; b++) bin.fill(b, Math.floor((b * count) / of), Math.floor(((b + 1) * count) / of))
  return bin
}

function counts(bin: Int32Array, of: number): Int32Array {
  const count = new Int32Array(of)
  for (const b of bin) count[b]++
  return count
}
