import type { TypedArray } from '../tensor/dtype.js'
import { scope } from '../tensor/scope.js'
import type { Tensor } from '../tensor/tensor.js'
import { checkFloats, dense, emptyLike } from './check.js'
import { forEachRow } from './host.js'
import { record } from './record.js'
import { softmax } from './softmax.js'

/** One row: from scores x to weights y, and from dy to dx. Both arrays that are written hold zeros at first. */
interface RowRule {
  forward(x: TypedArray, y: TypedArray): void
  /** Absent: no gradient goes through. */
  backward?(x: TypedArray, y: TypedArray, dy: TypedArray, dx: TypedArray): void
}

/**
 * softmax's Euclidean relative: the nearest point of the simplex, max(0, x − τ) with τ such that the row sums to 1, so
 * that weak keys get exactly 0 (Martins & Astudillo 2016, algorithm 1). Backward (proposition 1): on the support,
 * dx = dy − its mean over the support.
 */
const sparsemax: RowRule = {
  forward(x, y) {
    const sorted = [...x].filter(isSeen).sort((a, b) => b - a)
    let [sum, threshold] = [0, 0]
    for (const [at, value] of sorted.entries()) {
      sum += value
      if (1 + (at + 1) * value <= sum) break
      threshold = (sum - 1) / (at + 1)
    }
    x.forEach((value, j) => isSeen(value) && (y[j] = Math.max(0, value - threshold)))
  },
  backward(_, y, dy, dx) {
    let [sum, count] = [0, 0]
    y.forEach((weight, j) => weight > 0 && ((sum += dy[j]), count++))
    y.forEach((weight, j) => weight > 0 && (dx[j] = dy[j] - sum / count))
  },
}

/**
 * max(0, x) / Σ max(0, x). ReLU in softmax's place is Wortsman et al. 2023, who divide by the number of keys; here the
 * row's own sum makes it 1. A row without a positive score is zeros, and learns nothing. Backward, where x > 0:
 * dx = (dy − Σ dy ⊙ y) / Σ max(0, x).
 */
const relu: RowRule = {
  forward(x, y) {
    const sum = positives(x)
    if (sum > 0) x.forEach((value, j) => (y[j] = Math.max(0, value) / sum))
  },
  backward(x, y, dy, dx) {
    const sum = positives(x)
    let mean = 0
    y.forEach((weight, j) => (mean += weight * dy[j]))
    x.forEach((value, j) => value > 0 && (dx[j] = (dy[j] - mean) / sum))
  },
}

/**
 * 1 / (1 + exp(−x)), each key by itself: rows sum to anything from 0 to the number of keys. Ramapuram et al. 2024 add
 * −ln(number of keys) to the scores, which a bias does. Backward: dx = dy ⊙ y ⊙ (1 − y).
 */
const sigmoid: RowRule = {
  forward(x, y) {
    x.forEach((value, j) => (y[j] = 1 / (1 + Math.exp(-value))))
  },
  backward(_, y, dy, dx) {
    y.forEach((weight, j) => (dx[j] = dy[j] * weight * (1 - weight)))
  },
}

/**
 * The scores themselves, negative ones too, divided by the number n of keys that the query sees; what it may not see
 * is 0. So divide Wang et al. 2018 (Non-local Neural Networks, section 3.2, dot product), because inputs vary in
 * length. Backward: dx = dy / n.
 */
const linear: RowRule = {
  forward(x, y) {
    const n = x.filter(isSeen).length
    x.forEach((value, j) => isSeen(value) && (y[j] = value / n))
  },
  backward(x, _, dy, dx) {
    const n = x.filter(isSeen).length
    x.forEach((value, j) => isSeen(value) && (dx[j] = dy[j] / n))
  },
}

/** 1 for the largest score, the first of equals, 0 for all others: softmax of infinitely large scores. */
const hardmax: RowRule = {
  forward(x, y) {
    let best = 0
    x.forEach((value, j) => value > x[best] && (best = j))
    if (x.length && isSeen(x[best])) y[best] = 1
  },
}

const isSeen = (score: number): boolean => score !== -Infinity

function positives(x: TypedArray): number {
  let sum = 0
  for (const value of x) sum += Math.max(0, value)
  return sum
}

/** The op of a rule, in TypeScript on the host whatever the backend. */
function byRow(name: string, { forward, backward }: RowRule): (scores: Tensor) => Tensor {
  return (scores) =>
    scope(() => {
      const { kernels } = checkFloats(name, { scores })
      const [x, y] = [dense(scores), emptyLike(scores)]
      kernels.fill(y, 0)
      forEachRow([x, y], forward)
      if (!backward) return y
      return record(name, [scores], y, (dy) => {
        const dx = emptyLike(scores)
        kernels.fill(dx, 0)
        forEachRow([x, y, dy, dx], backward)
        return [dx]
      })
    })
}

/**
 * What can stand in softmax's place between `attentionScores` and `weightedSum`: functions over the last dimension, float
 * [..., N] → [..., N], with −∞ for a key that may not be seen, which gets 0. A row of −∞ alone gives zeros.
 *
 * | | | rows sum to |
 * |---|---|---|
 * | `softmax` | exp(x) / Σ exp(x) | 1 |
 * | `sparsemax` | max(0, x − τ) (Martins & Astudillo 2016) | 1 |
 * | `relu` | max(0, x) / Σ max(0, x) (after Wortsman et al. 2023) | 1, or 0 without a positive score |
 * | `sigmoid` | 1 / (1 + exp(−x)) (Ramapuram et al. 2024, without their bias) | anything |
 * | `linear` | x / n, n keys being seen (Wang et al. 2018) | anything |
 * | `hardmax` | 1 for the largest | 1; no gradient goes through it |
 *
 * All but softmax are computed in TypeScript: they serve experiments on short inputs. Each throws HeedTypeError `dtype`
 * when its argument is not float.
 */
export const normalizers = {
  softmax,
  sparsemax: byRow('sparsemax', sparsemax),
  relu: byRow('relu', relu),
  sigmoid: byRow('sigmoid', sigmoid),
  linear: byRow('linear', linear),
  hardmax: byRow('hardmax', hardmax),
} satisfies Record<string, (scores: Tensor) => Tensor>

/** The name of a function that makes weights of scores. */
export type Normalizer = keyof typeof normalizers
