import { HeedTypeError } from '../errors.js'
import { norm } from './metrics.js'
import { add, subtract } from './space.js'
import { nearest, type NearestOptions, type Neighbour, type VectorTable } from './table.js'
import type { Vector } from './vector.js'

/**
 * â − b̂ + ĉ, each scaled to length 1 first: where "a is to b as ? is to c" points to (Mikolov, Yih & Zweig 2013,
 * "Linguistic Regularities in Continuous Space Word Representations", section 4, whose y is x_b − x_a + x_c).
 *
 * @throws HeedTypeError `shape` for lengths that differ, `input` for a zero vector, NaN or ∞
 */
export function analogyVector(a: Vector, b: Vector, c: Vector): Float64Array {
  const unit = (v: Vector, name: string): Float64Array => {
    const size = norm(v)
    if (size === 0) throw new HeedTypeError('input', `analogy: ${name} is zero, which has no direction`)
    return Float64Array.from(v, (x) => x / size)
  }
  return add(subtract(unit(a, 'a'), unit(b, 'b')), unit(c, 'c'))
}

/**
 * The rows x of the table with the largest cos(x, â − b̂ + ĉ), the answers to "a is to b as ? is to c" (3CosAdd, named so
 * by Levy & Goldberg 2014, "Linguistic Regularities in Sparse and Explicit Word Representations"). `king − man + woman`
 * asks for the queen. Inputs given by their row are never answers: without that rule the nearest is mostly one of them.
 *
 * @param a a row of the table by its number, or a vector [D]; b and c likewise
 * @param options `k` (default 10) and `exclude`, rows that are left out besides the inputs
 * @throws as `analogyVector` and `nearest`; also `input` when â − b̂ + ĉ is zero
 */
export function analogy(
  table: VectorTable,
  a: number | Vector,
  b: number | Vector,
  c: number | Vector,
  { k, exclude = [] }: Omit<NearestOptions, 'measure'> = {},
): Neighbour[] {
  const inputs = [a, b, c]
  const [x, y, z] = inputs.map((input) => (typeof input === 'number' ? table.row(input) : input))
  const rows = inputs.filter((input) => typeof input === 'number')
  return nearest(table, analogyVector(x, y, z), { k, exclude: [...exclude, ...rows] })
}
