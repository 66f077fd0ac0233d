import { valueAndGrad } from '../autograd/index.js'
import { breather } from '../breathe.js'
import { HeedTypeError, throwIfAborted } from '../errors.js'
import { scale } from '../ops/arithmetic.js'
import { randn } from '../ops/create.js'
import { linear } from '../ops/linear.js'
import { softmax } from '../ops/softmax.js'
import { reshape } from '../ops/views.js'
import type { TypedArray } from '../tensor/dtype.js'
import { scope } from '../tensor/scope.js'
import type { Tensor } from '../tensor/tensor.js'
import { type ExperimentOptions, settingsOf } from './settings.js'
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
  const { keySizes = scoreKeySizes, signal } = options
  const { seeds } = settingsOf({ seeds: options.seeds })
  const wrong = keySizes.find((size) => !(Number.isSafeInteger(size) && size >= 1))
  if (wrong !== undefined)
    throw new HeedTypeError('option', `experiment: keySizes must be whole numbers from 1 up, got ${wrong}`)
  const breathe = breather()
  const rows: Record<'scaled' | 'plain', ScoreStatistics[]> = { scaled: [], plain: [] }
  for (const keySize of keySizes) {
    const draws: { scaled: Draw; plain: Draw }[] = []
    for (let seed = 1; seed <= seeds; seed++) {
      throwIfAborted(signal)
      draws.push(await drawScores(keySize, seed))
      await breathe()
    }
    for (const kind of ['scaled', 'plain'] as const) {
      const over = (name: keyof Draw) => spread(draws.map((draw) => draw[kind][name]))
      rows[kind].push({
        keySize,
        scaled: kind === 'scaled',
        variance: over('variance'),
        peak: over('peak'),
        entropy: over('entropy'),
        scoreGradient: over('scoreGradient'),
        queryGradient: over('queryGradient'),
        medianQueryGradient: over('medianQueryGradient'),
      })
    }
  }
  return [...rows.scaled, ...rows.plain]
}

type Draw = Record<Exclude<keyof ScoreStatistics, 'keySize' | 'scaled'>, number>

/** The same queries, keys and loss with the scale and without. */
async function drawScores(keySize: number, seed: number): Promise<{ scaled: Draw; plain: Draw }> {
  const { keys, queries } = scoreSizes
  const inputs = {
    q: randn([queries, keySize], { seed: 10 * seed + 1 }),
    k: randn([keys, keySize], { seed: 10 * seed + 2 }),
    g: randn([1, queries * keys], { seed: 10 * seed + 3 }),
  }
  try {
    return {
      scaled: await measure(inputs, 1 / Math.sqrt(keySize)),
      plain: await measure(inputs, 1),
    }
  } finally {
    for (const t of Object.values(inputs)) t.dispose()
  }
}

async function measure({ q, k, g }: Record<'q' | 'k' | 'g', Tensor>, factor: number): Promise<Draw> {
  const made = scope(() => {
    const scores = scale(linear(q, k), factor)
    const loss = (s: Tensor) => linear(reshape(softmax(s), [1, g.size]), g)
    return {
      scores,
      weights: softmax(scores),
      dScores: valueAndGrad({ scores }, () => loss(scores)).grads.scores,
      dQ: valueAndGrad({ q }, () => loss(scale(linear(q, k), factor))).grads.q,
    }
  })
  try {
    const [s, w, dS, dQ] = await Promise.all(Object.values(made).map((t) => t.data()))
    const [scores, ofQuery] = [Array.from(s), perQuery(dQ, length)]
    const center = mean(scores)
    return {
      variance: mean(scores.map((x) => (x - center) ** 2)),
      peak: mean(perQuery(w, (row) => Math.max(...row))),
      entropy: mean(perQuery(w, entropy)) / Math.log(scoreSizes.keys),
      scoreGradient: mean(perQuery(dS, length)),
      queryGradient: mean(ofQuery),
      medianQueryGradient: median(ofQuery),
    }
  } finally {
    for (const t of Object.values(made)) t.dispose()
  }
}

/** `measure` of the part of x that belongs to each query. */
function perQuery(x: TypedArray, measure: (row: TypedArray) => number): number[] {
  const width = x.length / scoreSizes.queries
  return Array.from({ length: scoreSizes.queries }, (_, i) => measure(x.subarray(i * width, (i + 1) * width)))
}

function length(row: TypedArray): number {
  let squares = 0
  for (const x of row) squares += x * x
  return Math.sqrt(squares)
}

function entropy(row: TypedArray): number {
  let sum = 0
  for (const p of row) if (p > 0) sum -= p * Math.log(p)
  return sum
}
