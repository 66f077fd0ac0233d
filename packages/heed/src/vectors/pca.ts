import { HeedTypeError } from '../errors.js'
import { centroid } from './space.js'
import { symmetricEigen } from './symmetric-eigen.js'
import { checkFinite, type Vector } from './vector.js'

/** Vectors seen along their principal components. */
export interface Projection {
  /** The centroid [D], which is drawn at the origin. */
  mean: Float64Array
  /** k directions [D] of length 1, at right angles, the one along which the vectors differ most first. */
  components: Float64Array[]
  /** Variance along each component (divided by n, in the vectors' units squared), [k]. */
  variances: Float64Array
  /** Share of all variance that each component holds, [k]; 0 when the vectors are all equal. */
  explained: Float64Array
  /** Where each vector lies, [n][k]. */
  coordinates: Float64Array[]
  /** Where another vector [D] of the same space lies, [k]. */
  project(v: Vector): Float64Array
}

/**
 * Principal component analysis (Pearson 1901; Hotelling 1933): the k directions that hold most of the variance of some
 * vectors, the eigenvectors of their covariance (1/n) Σ (v − mean)(v − mean)ᵀ [D, D] with the largest eigenvalues. The
 * sign of a component, which the mathematics leaves open, is the one that makes its element of the largest size (of
 * equal ones the first) positive. All in float64.
 *
 * @param vectors n vectors [D]; about n·D² multiplications
 * @param k how many components; default 2
 * @throws HeedTypeError `input` for no vectors, NaN or ∞; `shape` for lengths that differ; `option` for a k that is no whole
 *   number from 1 to D
 */
export function pca(vectors: readonly Vector[], k = 2): Projection {
  const mean = centroid(vectors)
  const D = mean.length
  if (!Number.isSafeInteger(k) || k < 1 || k > D)
    throw new HeedTypeError('option', `pca: ${k} components of vectors of ${D} elements; give 1 to ${D}`)
  const covariance = covarianceOf(vectors, mean)
  let total = 0
  for (let i = 0; i < D; i++) total += covariance[i * D + i]
  checkFinite('pca', total, ...vectors)
  const pairs = symmetricEigen(covariance, D, k)
  const components = pairs.map(({ vector }) => withSign(vector))
  const variances = Float64Array.from(pairs, ({ value }) => Math.max(0, value))
  const project = (v: Vector): Float64Array => {
    if (v.length !== D)
      throw new HeedTypeError('shape', `project: a vector of ${v.length} elements in a space of ${D}`)
    return Float64Array.from(components, (component) => {
      let sum = 0
      for (let i = 0; i < D; i++) sum += component[i] * (v[i] - mean[i])
      return sum
    })
  }
  return {
    mean,
    components,
    variances,
    explained: variances.map((variance) => (total > 0 ? variance / total : 0)),
    coordinates: vectors.map(project),
    project,
  }
}

/** Vectors that are added at once: so much less often is the matrix read and written. */
const AT_ONCE = 4

function covarianceOf(vectors: readonly Vector[], mean: Float64Array): Float64Array {
  const D = mean.length
  const out = new Float64Array(D * D)
  const [a, b, c, d] = Array.from({ length: AT_ONCE }, () => new Float64Array(D))
  for (let n = 0; n < vectors.length; n += AT_ONCE) {
    ;[a, b, c, d].forEach((centred, m) => {
      const v = vectors[n + m] as Vector | undefined
      for (let i = 0; i < D; i++) centred[i] = v ? v[i] - mean[i] : 0
    })
    for (let i = 0; i < D; i++) {
      const [xa, xb, xc, xd] = [a[i], b[i], c[i], d[i]]
      for (let j = i, at = i * D + i; j < D; j++, at++)
        out[at] += xa * a[j] + xb * b[j] + xc * c[j] + xd * d[j]
    }
  }
  for (let i = 0; i < D; i++) for (let j = i; j < D; j++) out[j * D + i] = out[i * D + j] /= vectors.length
  return out
}

function withSign(vector: Float64Array): Float64Array {
  let at = 0
  for (let i = 1; i < vector.length; i++) if (Math.abs(vector[i]) > Math.abs(vector[at])) at = i
  return vector[at] < 0 ? vector.map((x) => -x) : vector
}
