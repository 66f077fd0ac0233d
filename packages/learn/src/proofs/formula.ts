import { attentionScores, softmax, tensor, weightedSum } from 'heed'
import { scoreSizes, scoreStatistics } from 'heed/experiments'
import { cosineSimilarity } from 'heed/vectors'
import { given, type QuestionOf } from '../questions.js'
import { numbersOf } from './engine.js'
import type { ProofFor } from './proof.js'

export interface ScoreFacts {
  product: number
  /** d_k */
  size: number
  score: number
  cosine: number
}

export const score: ProofFor<QuestionOf<'score'>, ScoreFacts> = {
  async prove() {
    const { q, k } = given.score
    const size = q.length
    const scoreBy = async (scale?: number) => {
      const [score] = await numbersOf(() =>
        attentionScores(tensor([...q], [1, 1, 1, size]), tensor([...k], [1, 1, 1, size]), { scale }),
      )
      return score
    }
    return {
      product: await scoreBy(1),
      size,
      score: await scoreBy(),
      cosine: cosineSimilarity(Float64Array.from(q), Float64Array.from(k)),
    }
  },
  answer: ({ score }) => score,
  slips: {
    unscaled: ({ product }) => product,
    size: ({ product, size }) => product / size,
    times: ({ product, size }) => product * Math.sqrt(size),
    cosine: ({ cosine }) => cosine,
  },
}

export interface ScalingFacts {
  /** d_k, keys of a row, rows of a draw, draws. */
  size: number
  keys: number
  queries: number
  draws: number
  /** Standard deviation of the scores without the division. */
  spread: number
  /** Mean over rows of the largest weight, without the division and with it; medians over the draws. */
  peak: number
  scaled: number
  /** How many times as much gradient reaches the scores with the division. */
  gradient: number
}

/** The choice whose number is nearest to the measured one. */
const isNearest =
  (choice: keyof typeof given.scaling.choices) =>
  ({ peak }: ScalingFacts) => {
    const gap = (value: number) => Math.abs(value - peak)
    return Object.values(given.scaling.choices).every(
      (value) => gap(given.scaling.choices[choice]) <= gap(value),
    )
  }

export const scaling: ProofFor<QuestionOf<'scaling'>, ScalingFacts> = {
  async prove({ signal }) {
    const [{ size }, draws] = [given.scaling, 5]
    const [scaled, plain] = await scoreStatistics({ keySizes: [size], seeds: draws, signal })
    return {
      size,
      ...scoreSizes,
      draws,
      spread: Math.sqrt(plain.variance.median),
      peak: plain.peak.median,
      scaled: scaled.peak.median,
      gradient: scaled.scoreGradient.median / plain.scoreGradient.median,
    }
  },
  claims: {
    flat: isNearest('flat'),
    some: isNearest('some'),
    half: isNearest('half'),
    all: isNearest('all'),
  },
}

export interface ShiftFacts {
  before: readonly number[]
  after: readonly number[]
  /** Whether e to the largest score is beyond a 32-bit number. */
  overflows: boolean
}

export const shift: ProofFor<QuestionOf<'shift'>, ShiftFacts> = {
  async prove() {
    const { scores, by } = given.shift
    const moved = scores.map((score) => score + by)
    return {
      before: await numbersOf(() => softmax(tensor([...scores], [1, scores.length]))),
      after: await numbersOf(() => softmax(tensor(moved, [1, scores.length]))),
      overflows: Math.fround(Math.exp(Math.max(...moved))) === Infinity,
    }
  },
  claims: {
    sharper: ({ before, after }) => Math.max(...after) > Math.max(...before) + 1e-5,
    flatter: ({ before, after }) => Math.max(...after) < Math.max(...before) - 1e-5,
    same: ({ before, after }) => after.every((weight, j) => Math.abs(weight - before[j]) <= 1e-5),
    broken: ({ after }) => !after.every(Number.isFinite),
  },
  rows: ({ before, after }) => {
    const labels = given.shift.scores.map(String)
    return [
      { id: 'before', of: '', labels, weights: before },
      { id: 'after', of: '', labels, weights: after },
    ]
  },
}

export interface MixFacts {
  weights: readonly number[]
  values: readonly number[]
  out: number
}

export const mix: ProofFor<QuestionOf<'mix'>, MixFacts> = {
  async prove() {
    const { scores, values } = given.mix
    const n = scores.length
    const row = () => softmax(tensor([...scores], [1, 1, 1, n]))
    const [out] = await numbersOf(() => weightedSum(row(), tensor([...values], [1, n, 1, 1])))
    return { weights: await numbersOf(row), values, out }
  },
  answer: ({ out }) => out,
  slips: {
    mean: ({ values: [a, b] }) => (a + b) / 2,
    strongest: ({ values: [, b] }) => b,
    raw: ({ values }) => values.reduce<number>((sum, value, j) => sum + given.mix.scores[j] * value, 0),
    sum: ({ values: [a, b] }) => a + b,
    swapped: ({ weights: [first, second], values: [a, b] }) => second * a + first * b,
  },
  rows: ({ weights, values }) => [{ id: 'shares', of: '', labels: values.map(String), weights }],
}
