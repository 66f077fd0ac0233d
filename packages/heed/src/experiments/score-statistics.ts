import { valueAndGrad } from '../autograd/index.js'
import { breather } from '../breathe.js'
import { throwIfAborted } from '../errors.js'
import { scale } from '../ops/arithmetic.js'
import { randn } from '../ops/create.js'
import { linear } from '../ops/linear.js'
import { softmax } from '../ops/softmax.js'
import { reshape } from '../ops/views.js'
import { scope } from '../tensor/scope.js'
import type { Tensor } from '../tensor/tensor.js'
import type { ExperimentOptions } from './settings.js'
import { mean, median, type Spread, spread } from './statistics.js'

/** What softmax makes of scores q·k · scale, q and k with components N(0, 1); each over the seeds. */
export interface ScoreStatistics {
  /** d_k */
  keySize: number
  /** Whether scores were divided by √d_k. */
  scaled: boolean
  /** Of the scores that softmax gets. */
  variance: Spread
  /** Mean over queries of the largest weight of a row. */
  peak: Spread
  /** Mean over queries of −Σ w ln w, as a share of ln(keys): 1 is flat, 0 a single key. */
  entropy: Spread
  /** Mean over queries of ‖∂L/∂s‖, s the scores that softmax gets: what softmax lets through. */
  scoreGradient: Spread
  /** Mean over queries of ‖∂L/∂q‖, which has the scale and the size of the keys in it too. */
  queryGradient: Spread
  /** The same for the query in the middle: half of them get less. */
  medianQueryGradient: Spread
}

/** Keys that a query chooses from, and queries of one draw. */
export const scoreSizes = { keys: 64, queries: 256 } as const

/** d_k = 1, 2, 4 … 1,024 */
export const scoreKeySizes: readonly number[] = Array.from({ length: 11 }, (_, n) => 2 ** n)

/**
 * Section 3.2.1 of "Attention Is All You Need", footnote 4, measured: q·k of components with mean 0 and variance 1 has
 * variance d_k. The loss is L = Σ w_ij g_ij with g ~ N(0, 1): every weight has a gradient of its own, none is favoured.
 *
 * @throws HeedTypeError `option` when a number is out of range; HeedError `aborted`.
 */
export async function scoreStatistics(
  options: Pick<ExperimentOptions, 'seeds' | 'signal'> & { keySizes?: readonly number[] } = {},
): Promise<ScoreStatistics[]> {
  const { keySizes = scoreKeySizes, seeds = 5, signal } = options
  const breathe = breather()
  const rows: ScoreStatistics[] = []
  for (const scaled of [true, false])
    for (const keySize of keySizes) {
      const draws: Awaited<ReturnType<typeof oneDraw>>[] = []
      for (let seed = 1; seed <= seeds; seed++) {
        throwIfAborted(signal)
        draws.push(await oneDraw(keySize, scaled, seed))
        await breathe()
      }
      const over = (name: keyof (typeof draws)[0]) => spread(draws.map((draw) => draw[name]))
      rows.push({
        keySize,
        scaled,
        variance: over('variance'),
        peak: over('peak'),
        entropy: over('entropy'),
        scoreGradient: over('scoreGradient'),
        queryGradient: over('queryGradient'),
        medianQueryGradient: over('medianQueryGradient'),
      })
    }
  return rows
}

async function oneDraw(keySize: number, scaled: boolean, seed: number) {
  const { keys, queries } = scoreSizes
  const factor = scaled ? 1 / Math.sqrt(keySize) : 1
  const made = scope(() => {
    const q = randn([queries, keySize], { seed: 10 * seed + 1 })
    const k = randn([keys, keySize], { seed: 10 * seed + 2 })
    const g = randn([1, queries * keys], { seed: 10 * seed + 3 })
    const scores = scale(linear(q, k), factor)
    const weights = softmax(scores)
    const loss = (s: Tensor) => linear(reshape(softmax(s), [1, queries * keys]), g)
    const { grads } = valueAndGrad({ scores }, () => loss(scores))
    const { grads: ofQ } = valueAndGrad({ q }, () => loss(scale(linear(q, k), factor)))
    return { scores, weights, dScores: grads.scores, dQ: ofQ.q }
  })
  try {
    const [s, w, dS, dQ] = await Promise.all(Object.values(made).map(async (t) => [...(await t.data())]))
    const center = mean(s)
    const ofQuery = perQuery(dQ, length)
    return {
      variance: mean(s.map((x) => (x - center) ** 2)),
      peak: mean(perQuery(w, (row) => Math.max(...row))),
      entropy: mean(perQuery(w, entropy)) / Math.log(keys),
      scoreGradient: mean(perQuery(dS, length)),
      queryGradient: mean(ofQuery),
      medianQueryGradient: median(ofQuery),
    }
  } finally {
    for (const t of Object.values(made)) t.dispose()
  }
}

/** `measure` of the part of x that belongs to each query. */
function perQuery(x: number[], measure: (row: number[]) => number): number[] {
  const width = x.length / scoreSizes.queries
  return Array.from({ length: scoreSizes.queries }, (_, i) => measure(x.slice(i * width, (i + 1) * width)))
}

const length = (row: readonly number[]): number => Math.sqrt(row.reduce((sum, x) => sum + x * x, 0))

const entropy = (row: readonly number[]): number =>
  -row.reduce((sum, p) => sum + (p > 0 ? p * Math.log(p) : 0), 0)
