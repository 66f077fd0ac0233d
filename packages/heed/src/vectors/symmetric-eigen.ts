export interface EigenPair {
  value: number
  /** [N], of length 1. */
  vector: Float64Array
}

/** Up to this size all eigenvectors are found at once. */
const SMALL = 64
/** Vectors that are iterated besides those asked for: the error shrinks by λ_{k+EXTRA+1}/λ_k in every step. */
const EXTRA = 16
const MOST_STEPS = 1000
/** ‖Av − λv‖ of the vectors found, in parts of the trace. */
const TOLERANCE = 1e-12

/**
 * The k largest eigenvalues of a symmetric, positive semidefinite matrix [N, N] and their eigenvectors, largest first, by
 * subspace iteration with Rayleigh–Ritz projection (Golub & Van Loan, "Matrix Computations", sections 8.2.4 and 8.1.6):
 * multiply a few orthonormal vectors by the matrix, make them orthonormal again, and rotate them to the eigenvectors of
 * the matrix seen within their span. Where two eigenvalues are so near that steps run out, their vectors may still be mixed.
 */
export function symmetricEigen(matrix: Float64Array, N: number, k: number): EigenPair[] {
  const p = N <= SMALL ? N : Math.min(N, k + EXTRA)
  let trace = 0
  for (let i = 0; i < N; i++) trace += matrix[i * N + i]
  let basis = startingBasis(N, p)
  for (let step = 0; ; step++) {
    const images = basis.map((v) => multiply(matrix, v))
    const { values, vectors } = jacobi(basis.map((v) => images.map((image) => dot(v, image))))
    const ritz = vectors.map((weights) => combine(weights, basis))
    const ritzImages = vectors.map((weights) => combine(weights, images))
    const residual = (i: number): number =>
      Math.sqrt(ritz[i].reduce((sum, x, j) => sum + (ritzImages[i][j] - values[i] * x) ** 2, 0))
    const found = Array.from({ length: k }, (_, i) => i)
    if (p === N || step === MOST_STEPS || found.every((i) => residual(i) <= TOLERANCE * trace))
      return found.map((i) => ({ value: values[i], vector: ritz[i] }))
    // A little of the vectors themselves keeps them apart where the matrix has fewer than p directions.
    basis = orthonormal(ritzImages.map((image, i) => image.map((x, j) => x + 1e-6 * trace * ritz[i][j])))
  }
}

/** p orthonormal vectors [N], always the same: unit vectors for p = N, else numbers without pattern. */
function startingBasis(N: number, p: number): Float64Array[] {
  if (p === N) return Array.from({ length: N }, (_, i) => new Float64Array(N).fill(1, i, i + 1))
  let state = 1
  const next = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0 // Numerical Recipes' generator
    return state / 2 ** 32 - 0.5
  }
  return orthonormal(Array.from({ length: p }, () => Float64Array.from({ length: N }, next)))
}

/** Gram–Schmidt, modified, and twice: once leaves rounding behind. */
function orthonormal(vectors: Float64Array[]): Float64Array[] {
  vectors.forEach((v, n) => {
    for (let pass = 0; pass < 2; pass++) {
      for (const earlier of vectors.slice(0, n)) {
        const along = dot(earlier, v)
        for (let i = 0; i < v.length; i++) v[i] -= along * earlier[i]
      }
      const size = Math.sqrt(dot(v, v))
      if (size > 0) for (let i = 0; i < v.length; i++) v[i] /= size
    }
  })
  return vectors
}

/**
 * All eigenvalues of a symmetric matrix, largest first, and their eigenvectors, by Jacobi's rotations (Golub & Van Loan,
 * section 8.5): each zeroes one element off the diagonal, until none of any size is left.
 */
function jacobi(a: number[][]): { values: number[]; vectors: number[][] } {
  const n = a.length
  const rows = Array.from({ length: n }, (_, i) => Array.from({ length: n }, (_, j) => (i === j ? 1 : 0)))
  const size = Math.sqrt(a.reduce((sum, row) => sum + row.reduce((s, x) => s + x * x, 0), 0))
  for (let sweep = 0, off = Infinity; sweep < 60 && off > 1e-16 * size; sweep++) {
    off = 0
    for (let p = 0; p < n; p++)
      for (let q = p + 1; q < n; q++) {
        off = Math.max(off, Math.abs(a[p][q]))
        if (Math.abs(a[p][q]) <= 1e-17 * size) continue
        const theta = (a[q][q] - a[p][p]) / (2 * a[p][q])
        const t = (theta < 0 ? -1 : 1) / (Math.abs(theta) + Math.hypot(theta, 1))
        const c = 1 / Math.hypot(t, 1)
        for (let i = 0; i < n; i++)
          [a[i][p], a[i][q]] = [c * (a[i][p] - t * a[i][q]), c * (a[i][q] + t * a[i][p])]
        for (const m of [a, rows])
          for (let i = 0; i < n; i++)
            [m[p][i], m[q][i]] = [c * (m[p][i] - t * m[q][i]), c * (m[q][i] + t * m[p][i])]
      }
  }
  const order = rows.map((_, i) => i).sort((i, j) => a[j][j] - a[i][i])
  return { values: order.map((i) => a[i][i]), vectors: order.map((i) => rows[i]) }
}

function multiply(matrix: Float64Array, v: Float64Array): Float64Array {
  const N = v.length
  const out = new Float64Array(N)
  for (let i = 0; i < N; i++) {
    let sum = 0
    for (let j = 0; j < N; j++) sum += matrix[i * N + j] * v[j]
    out[i] = sum
  }
  return out
}

/** Σ weights_i · vectors_i */
function combine(weights: readonly number[], vectors: readonly Float64Array[]): Float64Array {
  const out = new Float64Array(vectors[0].length)
  weights.forEach((weight, n) => vectors[n].forEach((x, i) => (out[i] += weight * x)))
  return out
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i]
  return sum
}
