import { HeedTypeError } from '../errors.js'
import { checkFinite, checkNotEmpty, checkSameLength, type Vector } from './vector.js'

/**
 * How two vectors are compared. `euclidean`, `manhattan` and (between directions) `angular` are metrics: smaller is
 * nearer. `cosine` and `dot` are similarities: larger is nearer, and neither is a metric.
 */
export type Measure = 'cosine' | 'dot' | 'euclidean' | 'angular' | 'manhattan'

/** Whether a larger number means nearer. */
export const isSimilarity = (measure: Measure): boolean => measure === 'cosine' || measure === 'dot'

/**
 * The dot product a·b = Σ a_i b_i, summed in float64.
 *
 * @throws HeedTypeError `shape` for lengths that differ, `input` for NaN, ∞, or a sum beyond float64
 */
export function dot(a: Vector, b: Vector): number {
  checkSameLength('dot', a, b)
  let sum = 0
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i]
  return checkFinite('dot', sum, a, b)
}

/**
 * The Euclidean norm ‖a‖ = √(Σ a_i²). Squares that would leave float64 at either end are scaled first, so the norm of a
 * tiny vector is not 0.
 *
 * @throws HeedTypeError `shape` for an empty vector, `input` for NaN, ∞, or a norm beyond float64
 */
export function norm(a: Vector): number {
  checkNotEmpty('norm', a)
  return checkFinite(
    'norm',
    length(a.length, (i) => a[i]),
    a,
  )
}

/**
 * The cosine similarity a·b / (‖a‖ ‖b‖) in [−1, 1]: 1 for the same direction, 0 for a right angle, −1 for opposite ones.
 *
 * @throws HeedTypeError `shape` for lengths that differ, `input` for a zero vector, which has no direction, NaN or ∞
 */
export function cosineSimilarity(a: Vector, b: Vector): number {
  const [na, nb] = norms('cosineSimilarity', a, b)
  // Lengths are taken out first only where products would vanish or overflow.
  const [sa, sb] = Math.min(na, nb) > 1e-70 && Math.max(na, nb) < 1e70 ? [1, 1] : [na, nb]
  let [ab, aa, bb] = [0, 0, 0]
  for (let i = 0; i < a.length; i++) {
    const [x, y] = [a[i] / sa, b[i] / sb]
    ab += x * y
    aa += x * x
    bb += y * y
  }
  return Math.min(1, Math.max(-1, ab / Math.sqrt(aa * bb))) // exactly 1 for a vector and itself
}

/**
 * The angular distance, the angle between a and b in radians, in [0, π], as 2·atan2(‖u − v‖, ‖u + v‖) with u = a/‖a‖ and
 * v = b/‖b‖ (Kahan 2006, "How Futile are Mindless Assessments of Roundoff in Floating-Point Computation?", section 12).
 * The arc cosine of the cosine loses half of the digits near 0 and π; this loses none.
 *
 * @throws as `cosineSimilarity`
 */
export function angularDistance(a: Vector, b: Vector): number {
  const [na, nb] = norms('angularDistance', a, b)
  const apart = length(a.length, (i) => a[i] / na - b[i] / nb)
  const along = length(a.length, (i) => a[i] / na + b[i] / nb)
  return 2 * Math.atan2(apart, along)
}

/**
 * The Euclidean distance ‖a − b‖, the straight line.
 *
 * @throws HeedTypeError `shape` for lengths that differ, `input` for NaN, ∞, or a distance beyond float64
 */
export function euclideanDistance(a: Vector, b: Vector): number {
  checkSameLength('euclideanDistance', a, b)
  return checkFinite(
    'euclideanDistance',
    length(a.length, (i) => a[i] - b[i]),
    a,
    b,
  )
}

/**
 * The Manhattan distance Σ |a_i − b_i|, along the axes.
 *
 * @throws as `euclideanDistance`
 */
export function manhattanDistance(a: Vector, b: Vector): number {
  checkSameLength('manhattanDistance', a, b)
  let sum = 0
  for (let i = 0; i < a.length; i++) sum += Math.abs(a[i] - b[i])
  return checkFinite('manhattanDistance', sum, a, b)
}

const measures: Readonly<Record<Measure, (a: Vector, b: Vector) => number>> = {
  cosine: cosineSimilarity,
  dot,
  euclidean: euclideanDistance,
  angular: angularDistance,
  manhattan: manhattanDistance,
}

/** The function of a measure by its name. */
export function compare(measure: Measure, a: Vector, b: Vector): number {
  if (!Object.hasOwn(measures, measure))
    throw new HeedTypeError(
      'option',
      `compare: there is no measure '${measure}'; there are ${Object.keys(measures).join(', ')}`,
    )
  return measures[measure](a, b)
}

/** √(Σ x(i)²). Below, squares start to vanish, and above they overflow: then all are divided by the largest first. */
function length(n: number, x: (i: number) => number): number {
  let sum = 0
  for (let i = 0; i < n; i++) sum += x(i) ** 2
  if (sum > 1e-280 && sum < Infinity) return Math.sqrt(sum)
  let largest = 0
  for (let i = 0; i < n; i++) largest = Math.max(largest, Math.abs(x(i))) // NaN stays NaN
  if (largest === 0 || !Number.isFinite(largest)) return largest
  let scaled = 0
  for (let i = 0; i < n; i++) scaled += (x(i) / largest) ** 2
  return largest * Math.sqrt(scaled)
}

/** Both norms, neither of them 0. */
function norms(operation: string, a: Vector, b: Vector): [number, number] {
  checkSameLength(operation, a, b)
  return [a, b].map((v, n) => {
    const size = checkFinite(operation, norm(v), v)
    if (size === 0)
      throw new HeedTypeError(
        'input',
        `${operation}: the ${n === 0 ? 'first' : 'second'} vector is zero, which has no direction`,
      )
    return size
  }) as [number, number]
}
