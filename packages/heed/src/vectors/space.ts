import { HeedTypeError } from '../errors.js'
import { checkFinite, checkNotEmpty, checkSameLength, type Vector } from './vector.js'

/** One result per element, each checked to be finite. */
function elementwise(operation: string, operands: readonly Vector[], f: (i: number) => number): Float64Array {
  return Float64Array.from({ length: operands[0].length }, (_, i) =>
    checkFinite(operation, f(i), ...operands),
  )
}

/**
 * The sum a + b, element by element, in float64.
 *
 * @throws HeedTypeError `shape` for lengths that differ, `input` for NaN, ∞, or a sum beyond float64
 */
export function add(a: Vector, b: Vector): Float64Array {
  checkSameLength('add', a, b)
  return elementwise('add', [a, b], (i) => a[i] + b[i])
}

/**
 * The difference a − b, element by element, in float64: the vector that leads from b to a.
 *
 * @throws as `add`
 */
export function subtract(a: Vector, b: Vector): Float64Array {
  checkSameLength('subtract', a, b)
  return elementwise('subtract', [a, b], (i) => a[i] - b[i])
}

/**
 * The multiple s · a, in float64.
 *
 * @throws HeedTypeError `option` for a factor that is not finite, `input` for NaN, ∞, or a product beyond float64
 */
export function scale(a: Vector, s: number): Float64Array {
  checkNotEmpty('scale', a)
  if (!Number.isFinite(s))
    throw new HeedTypeError('option', `scale: the factor is ${s}; give a finite number`)
  return elementwise('scale', [a], (i) => s * a[i])
}

/**
 * The centroid (1/n) Σ v, the mean of some vectors: the point whose squared Euclidean distances to them sum to the least.
 *
 * @throws HeedTypeError `input` for no vectors, `shape` for lengths that differ, `input` for NaN or ∞
 */
export function centroid(vectors: readonly Vector[]): Float64Array {
  if (vectors.length === 0) throw new HeedTypeError('input', 'centroid: of no vectors; give at least one')
  const sum = new Float64Array(vectors[0].length)
  for (const v of vectors) {
    checkSameLength('centroid', vectors[0], v)
    for (let i = 0; i < sum.length; i++) sum[i] += v[i]
  }
  return elementwise('centroid', [sum], (i) => checkFinite('centroid', sum[i], ...vectors) / vectors.length)
}
