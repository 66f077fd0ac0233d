import { HeedError, HeedTypeError } from '../errors.js'
import type { AttentionMap } from './map.js'
import { checkCells, type WalkOptions } from './scan.js'

/** How many cells: as many on both sides, [rows, cols] of them, or as it takes for each to cover `block` × `block` weights. */
export type OverviewSize = number | readonly [rows: number, cols: number] | { readonly block: number }

export interface OverviewOptions extends WalkOptions {
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
 * to counting as 0; with `block` it covers queries r·block to (r+1)·block, and the last ones what is left. Of a part of the
 * map queries and keys are counted from where it begins.
 *
 * @throws HeedError `input` for an overview larger than the map; `memory` for one that takes more than 1 GB; HeedTypeError
 *   `option` for sizes or a pool that cannot be
 */
export async function overview(
  map: AttentionMap,
  size: OverviewSize,
  { pool = 'mean', ...options }: OverviewOptions = {},
): Promise<Overview> {
  const { rows: [top, bottom] = [0, map.rows], cols: [left, right] = [0, map.cols] } = options
  const [Tq, Tk] = [bottom - top, right - left]
  const [rows, cols] = sides(size, Tq, Tk)
  if (![rows, cols].every((n) => Number.isSafeInteger(n) && n >= 1))
    throw new HeedTypeError('option', `overview takes a size of at least 1, got ${String(size)}`)
  if (pool !== 'mean' && pool !== 'max')
    throw new HeedTypeError('option', `overview: pool must be 'mean' or 'max', got '${String(pool)}'`)
  if (rows > Tq || cols > Tk)
    throw new HeedError(
      'input',
      `an overview of ${rows} × ${cols} is larger than the map, ${Tq} × ${Tk}; ask for at most that, or for a tile()`,
    )
  const ends = typeof size === 'object' && 'block' in size ? blockEnds(size.block) : binEnds
  const [rowEnds, colEnds] = [ends(Tq, rows), ends(Tk, cols)]
  checkCells('an overview', rows, cols, 'ask for fewer cells, or for tiles', 8)
  const pooled = new Float64Array(rows * cols).fill(pool === 'mean' ? 0 : -Infinity)
  let r = 0
  for await (const block of map.blocks(options)) {
    const { weights } = block
    const [start, end, from, to] = [
      block.rows[0] - top,
      block.rows[1] - top,
      block.cols[0] - left,
      block.cols[1] - left,
    ]
    const first = colEnds.findIndex((end) => end > from)
    // Bins with keys that the block leaves out: those are 0, which may be more than what is there.
    const lacking = [...colEnds.keys()].filter((c) => (colEnds[c - 1] ?? 0) < from || colEnds[c] > to)
    let at = 0
    for (let i = start; i < end; i++) {
      while (i >= rowEnds[r]) r++
      if (pool === 'max' && (i === start || i === rowEnds[r - 1]))
        for (const c of lacking) pooled[r * cols + c] = Math.max(pooled[r * cols + c], 0)
      for (let c = first, j = from; j < to; c++) {
        const last = Math.min(colEnds[c], to)
        const cell = r * cols + c
        // In a variable of its own, not in the array: a bin of a row is walked at the speed of additions.
        let value = pool === 'mean' ? 0 : pooled[cell]
        if (pool === 'mean') for (; j < last; j++) value += weights[at++]
        else for (; j < last; j++, at++) if (weights[at] > value) value = weights[at]
        pooled[cell] = pool === 'mean' ? pooled[cell] + value : value
      }
    }
  }
  if (pool === 'max') return { rows, cols, pool, cells: Float32Array.from(pooled) }
  const width = (ends: Int32Array, bin: number) => ends[bin] - (ends[bin - 1] ?? 0)
  const covered = (cell: number) => width(rowEnds, Math.floor(cell / cols)) * width(colEnds, cell % cols)
  return { rows, cols, pool, cells: Float32Array.from(pooled, (sum, cell) => sum / covered(cell)) }
}

/** Rows and columns of an overview of `Tq` × `Tk` weights. */
function sides(size: OverviewSize, Tq: number, Tk: number): readonly [rows: number, cols: number] {
  if (typeof size === 'number') return [size, size]
  if (!('block' in size)) return size
  const { block } = size
  if (!(Number.isSafeInteger(block) && block >= 1))
    throw new HeedTypeError(
      'option',
      `overview: block must be a whole number from 1 up, got ${String(block)}`,
    )
  return [Math.ceil(Tq / block), Math.ceil(Tk / block)]
}

/** Where bins of `block` positions end, the last where the positions do. */
const blockEnds =
  (block: number) =>
  (count: number, bins: number): Int32Array =>
    Int32Array.from({ length: bins }, (_, b) => Math.min((b + 1) * block, count))

/** Where each of `bins` bins of `count` positions ends. */
const binEnds = (count: number, bins: number): Int32Array =>
  Int32Array.from({ length: bins }, (_, b) => Math.floor(((b + 1) * count) / bins))
