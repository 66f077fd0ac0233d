import { breather } from '../breathe.js'
import { HeedError, HeedTypeError, throwIfAborted } from '../errors.js'
import { attentionTile } from '../ops/attention-probe.js'
import { resolveRules } from '../ops/attention-rules.js'
import { dense } from '../ops/check.js'
import { slice } from '../ops/views.js'
import { scope } from '../tensor/scope.js'
import type { Tensor } from '../tensor/tensor.js'
import { gather, type Span } from './gather.js'
import type { KeptAttention } from './kept.js'
import { type MapStats, stats, type StatsOptions } from './measures.js'
import { overview, type Overview, type OverviewOptions, type OverviewSize } from './overview.js'
import { checkCells, type Region, type ScanOptions, type WalkOptions } from './scan.js'
import { type Link, strongest, type StrongestOptions, top, type TopKeys } from './strongest.js'

/**
 * A step of the formula: `products` q·k; `scaled` by 1/√d_k, or what the scale is; `scores` after softcap and bias, −∞
 * where the query may not attend; `weights`, after softmax.
 */
export type Stage = 'products' | 'scaled' | 'scores' | 'weights'

export interface TileOptions extends Region {
  /** Default `weights`. */
  stage?: Stage
}

/** One head of one text. */
export interface MapPart {
  readonly kept: KeptAttention
  readonly head: number
  readonly batch: number
}

/** Rows of a map, as a walk gives them. */
export interface RowBlock {
  /** [start, end) of queries. */
  readonly rows: readonly [start: number, end: number]
  /** [start, end) of keys; all others that are walked over have weight 0 in each of these rows. */
  readonly cols: readonly [start: number, end: number]
  /** [rows, cols], row after row; valid until the scan goes on. */
  readonly weights: Float32Array
}

/** Cells of a block of a scan, about, and the rows that kernels like to have together. */
const [BLOCK_CELLS, BLOCK_ROWS] = [2 ** 22, 192]

/**
 * The attention map of a head, or the mean of several, [queries, keys]: nothing of it is there but q, k and two numbers a
 * row, and any part of it is exact on demand, w_ij = exp(s_ij − m_i) / ℓ_i. It reads the capture that gave it, and can
 * be asked until that is disposed.
 */
export class AttentionMap {
  /** Queries, and keys. */
  readonly rows: number
  readonly cols: number

  /** @throws HeedError `input` for heads whose maps differ in size */
  constructor(readonly parts: readonly MapPart[]) {
    const [first] = parts
    if (!first) throw new HeedTypeError('option', 'a map needs at least one head')
    const size = ({ kept }: MapPart) => `${kept.q.shape[1]} × ${kept.k.shape[1]}`
    const other = parts.find((part) => size(part) !== size(first))
    if (other)
      throw new HeedError(
        'input',
        `a mean needs maps of one size: ${first.kept.site} is ${size(first)}, ${other.kept.site} is ${size(other)}; name sites of one kind`,
      )
    ;[this.rows, this.cols] = [first.kept.q.shape[1], first.kept.k.shape[1]]
  }

  /** One weight: how much query `row` takes from key `col`. */
  async cell(row: number, col: number, options?: { stage?: Stage }): Promise<number> {
    const [i, j] = [this.#index(row, this.rows, 'query'), this.#index(col, this.cols, 'key')]
    return (await this.tile({ rows: [i, i + 1], cols: [j, j + 1], ...options }))[0]
  }

  /** What one query takes from every key, [keys]. */
  async row(row: number, options?: { stage?: Stage }): Promise<Float32Array> {
    const i = this.#index(row, this.rows, 'query')
    return this.tile({ rows: [i, i + 1], ...options })
  }

  /** What every query takes from one key, [queries]. */
  async column(col: number, options?: { stage?: Stage }): Promise<Float32Array> {
    const j = this.#index(col, this.cols, 'key')
    return this.tile({ cols: [j, j + 1], ...options })
  }

  /**
   * Any rectangle of the map, [rows, cols], row after row.
   *
   * @throws HeedError `not-found` for rows or columns that there are not; `memory` for a tile of more than 1 GB, naming
   *   the ways that work; HeedTypeError `option` for an unknown stage
   */
  async tile({
    rows = [0, this.rows],
    cols = [0, this.cols],
    stage = 'weights',
  }: TileOptions = {}): Promise<Float32Array> {
    checkRange(rows, this.rows, 'queries')
    checkRange(cols, this.cols, 'keys')
    const advice =
      'ask for smaller tiles, an overview(), the top() keys of every query, or walk the map with blocks()'
    checkCells('a tile', rows[1] - rows[0], cols[1] - cols[0], advice)
    const tiles = this.parts.map((part) => cellsOf(part, rows, cols, stage).keep())
    try {
      return await mean(tiles)
    } finally {
      for (const t of tiles) t.dispose()
    }
  }

  /**
   * The map or a part of it, some rows at a time, in order: memory stays at a block, whatever the length. Of masked maps
   * the keys that no row of a block may see are left out.
   *
   * @throws HeedError `not-found` for rows or columns that there are not; `aborted` by the signal
   */
  async *blocks({
    rows: [top, bottom] = [0, this.rows],
    cols: [left, right] = [0, this.cols],
    signal,
    onProgress,
  }: WalkOptions = {}): AsyncGenerator<RowBlock, void> {
    checkRange([top, bottom], this.rows, 'queries')
    checkRange([left, right], this.cols, 'keys')
    const perBlock =
      Math.max(1, Math.floor(BLOCK_CELLS / Math.max(1, right - left) / BLOCK_ROWS)) * BLOCK_ROWS
    const breathe = breather()
    for (let start = top; start < bottom; start += perBlock) {
      await breathe()
      throwIfAborted(signal)
      const rows = [start, Math.min(start + perBlock, bottom)] as const
      const [from, to] = this.#visible(rows)
      const cols = [Math.min(right, Math.max(left, from)), Math.max(left, Math.min(right, to))] as const
      const isSeen = cols[0] < cols[1]
      if (isSeen) yield { rows, cols, weights: await this.tile({ rows, cols }) }
      else yield { rows, cols: [left, left], weights: new Float32Array(0) }
      onProgress?.({ done: rows[1] - top, total: bottom - top })
    }
  }

  /**
   * The `count` strongest keys of every query, of those with a weight above 0.
   *
   * @throws HeedError `input` for a map with weights below 0; `memory` for more than 1 GB
   */
  top(count: number, options?: ScanOptions): Promise<TopKeys> {
    return top(this, count, options)
  }

  /**
   * The `count` strongest pairs of the whole map, of those with a weight above 0, strongest first.
   *
   * @throws HeedError `input` for a map with weights below 0
   */
  strongest(count: number, options?: StrongestOptions): Promise<Link[]> {
    return strongest(this, count, options)
  }

  /** The map, or a part of it, pooled to few cells, each the mean or the largest of what it covers: see `overview`. */
  overview(size: OverviewSize, options?: OverviewOptions): Promise<Overview> {
    return overview(this, size, options)
  }

  /** Entropy, distance, weight on the first token and more, of every query, and their means: see `measures`. */
  stats(options?: StatsOptions): Promise<MapStats> {
    return stats(this, options)
  }

  /**
   * The map over words, sentences or whatever spans say, [queries' spans][keys' spans]: what a span's queries take from a
   * span's keys, added over keys and averaged over queries, so that rows sum to 1 as they do over tokens.
   */
  over(
    spans: { queries: readonly Span[]; keys: readonly Span[] },
    options?: ScanOptions,
  ): Promise<Float32Array[]> {
    return gather(this, spans, options)
  }

  /** The keys that any of these rows may see: causal and window leave out the rest. */
  #visible([start, end]: readonly [number, number]): readonly [number, number] {
    const limits = this.parts.map(({ kept, batch }) => {
      if (kept.weights) return [0, this.cols]
      // The numbers alone: a mask that is spread over heads would outlive the scope.
      const { first, last, lengths } = scope(() => {
        const { first, last, lengths } = resolveRules(kept.q, kept.k, kept.options).rules
        return { first, last, lengths }
      })
      const to = Math.min(
        lengths?.[batch] ?? this.cols,
        last ? Math.max(0, end + last[batch]) : this.cols,
        this.cols,
      )
      return [first ? Math.max(0, Math.min(start + first[batch], to)) : 0, to]
    })
    return [Math.min(...limits.map(([from]) => from)), Math.max(...limits.map(([, to]) => to))]
  }

  #index(at: number, count: number, what: string): number {
    if (Number.isInteger(at) && at >= 0 && at < count) return at
    throw new HeedError('not-found', `there is no ${what} ${at}; there are 0 to ${count - 1}`)
  }
}

function checkRange(range: readonly [number, number], count: number, what: string): void {
  const ok = Array.isArray(range) && range.length === 2 && range.every(Number.isInteger)
  if (!(ok && 0 <= range[0] && range[0] <= range[1] && range[1] <= count))
    throw new HeedError(
      'not-found',
      `there are no ${what} [${String(range)}); give [start, end) within 0 to ${count}`,
    )
}

/** [rows, cols] of one head. */
export function cellsOf(
  { kept, head, batch }: MapPart,
  rows: readonly [number, number],
  cols: readonly [number, number],
  stage: Stage,
): Tensor {
  const { q, k, m, l, options, weights } = kept
  return scope(() => {
    if (weights && stage === 'weights') {
      const [, , Tq, Tk] = weights.shape
      const map = weights.view(
        [Tq, Tk],
        weights.strides.slice(2),
        weights.offset + batch * weights.strides[0] + head * weights.strides[1],
      )
      return dense(slice(slice(map, 0, ...rows), 1, ...cols))
    }
    const tile = { q, k, m, l, batch, head, rows, cols }
    switch (stage) {
      case 'weights':
      case 'scores':
        return attentionTile({ ...tile, options, what: stage })
      case 'scaled':
        return attentionTile({ ...tile, options: { scale: options.scale }, what: 'scores' })
      case 'products':
        return attentionTile({ ...tile, options: { scale: 1 }, what: 'scores' })
      default:
        throw new HeedTypeError(
          'option',
          `stage must be 'products', 'scaled', 'scores' or 'weights', got '${String(stage)}'`,
        )
    }
  })
}

async function mean(tiles: readonly Tensor[]): Promise<Float32Array> {
  const [first, ...rest] = tiles
  const cells = await first.data()
  if (rest.length === 0) return cells instanceof Float32Array ? cells : Float32Array.from(cells)
  const sums = Float64Array.from(cells)
  for (const t of rest) (await t.data()).forEach((x, i) => (sums[i] += x))
  return Float32Array.from(sums, (x) => x / tiles.length)
}
