import { HeedTypeError } from '../errors.js'
import { angularDistance, type Measure, norm } from './metrics.js'
import type { Vector } from './vector.js'

/** The vectors of a vocabulary, [V, D], with their norms. The numbers are looked at, not copied: leave them as they are. */
export class VectorTable {
  /** V */
  readonly rows: number
  /** D */
  readonly width: number
  /** Euclidean norms [V]; 0 also for a row so small (below 10⁻¹⁶⁰) that its squares vanish. */
  readonly norms: Float64Array

  /**
   * @param data [V, D], row by row
   * @param width D
   * @throws HeedTypeError `shape` when D is no whole number from 1 up or does not divide the data, `input` for a row with
   *   NaN or ∞, or too large for its square to be a float64
   */
  constructor(
    readonly data: Vector,
    width: number,
  ) {
    if (!Number.isSafeInteger(width) || width < 1 || data.length % width !== 0)
      throw new HeedTypeError('shape', `VectorTable: ${data.length} numbers are not rows of ${width}`)
    this.width = width
    this.rows = data.length / width
    this.norms = new Float64Array(this.rows)
    for (let row = 0; row < this.rows; row++) {
      let sum = 0
      for (let i = row * width; i < (row + 1) * width; i++) sum += data[i] * data[i]
      if (!Number.isFinite(sum))
        throw new HeedTypeError('input', `VectorTable: row ${row} has NaN, ∞ or numbers too large to square`)
      this.norms[row] = Math.sqrt(sum)
    }
  }

  /**
   * A view of row `index`, [D].
   *
   * @throws HeedTypeError `input` when there is no such row
   */
  row(index: number): Vector {
    if (!Number.isSafeInteger(index) || index < 0 || index >= this.rows)
      throw new HeedTypeError('input', `VectorTable: there is no row ${index} of ${this.rows}`)
    return this.data.subarray(index * this.width, (index + 1) * this.width)
  }
}

/** A row of a table, and what the measure says of it; of `angular` radians. */
export interface Neighbour {
  index: number
  value: number
}

export interface NearestOptions {
  /** Default 'cosine'. `angular` orders as cosine does, and gives radians. */
  measure?: Measure
  /** How many; fewer when the table has fewer. Default 10. */
  k?: number
  /** Rows that are left out, such as the query's own. */
  exclude?: Iterable<number>
}

/**
 * The k rows of the table nearest to `query` [D], nearest first; of equally near ones the earlier row first. Every row is
 * looked at (V·D multiplications). Rows of zeros, which have no direction, are left out by `cosine` and `angular`.
 *
 * @throws HeedTypeError `shape` when the query is not of D elements, `option` for a k that is no whole number from 1 up or
 *   an unknown measure, `input` for a query with NaN or ∞, or one of zeros with `cosine` and `angular`
 */
export function nearest(table: VectorTable, query: Vector, options: NearestOptions = {}): Neighbour[] {
  const { measure = 'cosine', k = 10, exclude = [] } = options
  if (!Number.isSafeInteger(k) || k < 1)
    throw new HeedTypeError('option', `nearest: k is ${k}; give a whole number from 1 up`)
  if (query.length !== table.width)
    throw new HeedTypeError(
      'shape',
      `nearest: a query of ${query.length} elements in a table of width ${table.width}`,
    )
  const values = Object.hasOwn(valuesOf, measure) ? valuesOf[measure] : undefined
  if (!values)
    throw new HeedTypeError(
      'option',
      `nearest: there is no measure '${measure}'; there are ${Object.keys(valuesOf).join(', ')}`,
    )
  const size = norm(query)
  if (size === 0 && (measure === 'cosine' || measure === 'angular'))
    throw new HeedTypeError('input', `nearest: the query is zero, which has no direction; use 'euclidean'`)
  const nearness = values(table, Float64Array.from(query), size)
  const found = largest(nearness, k, new Set(exclude))
  return found.map((index) => ({
    index,
    value:
      measure === 'angular' ? angularDistance(query, table.row(index)) : valueFrom(measure, nearness[index]),
  }))
}

/** Σ q_i · x_i of every row; four sums at a time, which the processor adds in parallel. */
function products({ data, rows, width }: VectorTable, query: Float64Array): Float64Array {
  const out = new Float64Array(rows)
  const fours = width - (width % 4)
  for (let row = 0, at = 0; row < rows; row++, at += width) {
    let [a, b, c, d] = [0, 0, 0, 0]
    for (let i = 0; i < fours; i += 4) {
      a += query[i] * data[at + i]
      b += query[i + 1] * data[at + i + 1]
      c += query[i + 2] * data[at + i + 2]
      d += query[i + 3] * data[at + i + 3]
    }
    for (let i = fours; i < width; i++) a += query[i] * data[at + i]
    out[row] = a + b + (c + d)
  }
  return out
}

/** −Σ (q_i − x_i)² of every row: the square by differences, not by norms and products, which cancel between near ones. */
function negativeSquares({ data, rows, width }: VectorTable, query: Float64Array): Float64Array {
  const out = new Float64Array(rows)
  for (let row = 0, at = 0; row < rows; row++, at += width) {
    let [even, odd] = [0, 0]
    const pairs = width - (width % 2)
    for (let i = 0; i < pairs; i += 2) {
      even += (query[i] - data[at + i]) ** 2
      odd += (query[i + 1] - data[at + i + 1]) ** 2
    }
    if (pairs < width) even += (query[pairs] - data[at + pairs]) ** 2
    out[row] = -(even + odd)
  }
  return out
}

/** −Σ |q_i − x_i| of every row. */
function negativeSteps({ data, rows, width }: VectorTable, query: Float64Array): Float64Array {
  const out = new Float64Array(rows)
  for (let row = 0, at = 0; row < rows; row++, at += width) {
    let sum = 0
    for (let i = 0; i < width; i++) sum += Math.abs(query[i] - data[at + i])
    out[row] = -sum
  }
  return out
}

/** Cosines; NaN for rows of zeros. */
function cosines(table: VectorTable, query: Float64Array, size: number): Float64Array {
  return products(table, query).map((product, row) =>
    Math.min(1, Math.max(-1, product / (size * table.norms[row]))),
  )
}

/** Of every row a number that is larger the nearer the row is. */
const valuesOf: Readonly<
  Record<string, (table: VectorTable, query: Float64Array, size: number) => Float64Array>
> = { cosine: cosines, angular: cosines, dot: products, euclidean: negativeSquares, manhattan: negativeSteps }

/** What the measure says, from the number that orders rows. */
const valueFrom = (measure: Measure, nearness: number): number =>
  measure === 'euclidean' ? Math.sqrt(-nearness) : measure === 'manhattan' ? -nearness : nearness

/** The places of the k largest values, largest first, then the earlier one. NaN is never one. */
function largest(values: Float64Array, k: number, without: ReadonlySet<number>): number[] {
  const best: number[] = []
  for (let i = 0; i < values.length; i++) {
    const value = values[i]
    if (Number.isNaN(value) || (best.length === k && !(value > values[best[k - 1]])) || without.has(i))
      continue
    let [low, high] = [0, best.length]
    while (low < high) {
      const middle = (low + high) >> 1
      if (values[best[middle]] >= value) low = middle + 1
      else high = middle
    }
    best.splice(low, 0, i)
    if (best.length > k) best.pop()
  }
  return best
}
