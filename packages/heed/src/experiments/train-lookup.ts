import { valueAndGrad } from '../autograd/index.js'
import { breather } from '../breathe.js'
import { throwIfAborted } from '../errors.js'
import { crossEntropy } from '../ops/cross-entropy.js'
import { scope, tensorsIn } from '../tensor/scope.js'
import { AdamW, globalNorm } from '../train/adamw.js'
import {
  initLookup,
  lookup,
  type LookupAttention,
  type LookupBatch,
  lookupBatch,
  type LookupModel,
  lookupPass,
} from './lookup.js'
import { type ExperimentOptions, settingsOf } from './settings.js'
import { mean, type Spread, spread } from './statistics.js'

/** Sizes of all training runs. */
export const lookupTraining = {
  /** Entries of a dictionary in training; tests also ask dictionaries of twice and four times as many. */
  entries: 16,
  /** Dictionaries of a step. */
  batch: 8,
  /** Dictionaries of a test, the same for all runs and never trained on but by chance. */
  tested: 32,
  /** Tests on the way, beside the one before the first step. */
  tests: 12,
} as const

/** One way to make attention that is compared with others. */
export interface Setting extends LookupAttention {
  name: string
}

/** What a test on unseen dictionaries shows. */
export interface LookupTest {
  /** Mean cross-entropy, and the share of right answers. */
  loss: number
  accuracy: number
  /** Mean over questions of the largest weight. */
  peak: number
  /** Of the weights over a row. */
  rowSum: { mean: number; low: number; high: number }
  /** Of what attention gives: root mean square and largest size of a component. */
  output: { rms: number; largest: number }
}

export interface LookupPoint extends LookupTest {
  /** Updates made so far. */
  step: number
  /** Mean norms of the gradients of W_Q, W_K and W_V over the steps since the last point; none before the first step. */
  gradients?: { query: number; key: number; value: number }
}

export interface LookupRun {
  seed: number
  points: LookupPoint[]
  /** After training, on dictionaries of 1, 2 and 4 times the length. */
  longer: (LookupTest & { entries: number })[]
  /** Updates that were left out because the gradient was not finite. */
  skipped: number
}

export interface TrainedSetting {
  setting: Setting
  runs: LookupRun[]
}

/** Trains every setting with every seed, one after another: the same data, rate and number of steps for all. */
export async function trainSettings(
  settings: readonly Setting[],
  options: ExperimentOptions,
): Promise<TrainedSetting[]> {
  const { steps, seeds, rate } = settingsOf(options)
  const total = settings.length * seeds * steps
  const breathe = breather()
  let done = 0
  const trained: TrainedSetting[] = []
  for (const setting of settings) {
    const runs: LookupRun[] = []
    for (let seed = 1; seed <= seeds; seed++)
      runs.push(
        await trainRun(setting, seed, steps, rate, async () => {
          throwIfAborted(options.signal)
          options.onProgress?.({ done: ++done, total, setting: setting.name, seed })
          await breathe()
        }),
      )
    trained.push({ setting, runs })
  }
  return trained
}

async function trainRun(
  setting: Setting,
  seed: number,
  steps: number,
  rate: number,
  afterStep: () => Promise<void>,
): Promise<LookupRun> {
  const { entries, batch: B, tested, tests } = lookupTraining
  const model = initLookup(setting, seed)
  using optimizer = new AdamW(model.params)
  const test = (T: number) => testLookup(model, setting, tested, T)
  try {
    const points: LookupPoint[] = [{ step: 0, ...(await test(entries)) }]
    const every = Math.ceil(steps / tests)
    let [skipped, norms]: [number, number[][]] = [0, []]
    for (let step = 1; step <= steps; step++) {
      // Seeds of data lie far from those of tests, and differ from run to run.
      const report = await trainStep(
        model,
        setting,
        lookupBatch(B, entries, 1e6 * seed + step),
        optimizer,
        rate,
      )
      norms.push(report.norms)
      if (report.skipped) skipped++
      if (step % every === 0 || step === steps) {
        const [query, key, value] = [0, 1, 2].map((n) => mean(norms.map((row) => row[n])))
        points.push({ step, ...(await test(entries)), gradients: { query, key, value } })
        norms = []
      }
      await afterStep()
    }
    const longer = []
    for (const times of [1, 2, 4]) longer.push({ entries: times * entries, ...(await test(times * entries)) })
    return { seed, points, longer, skipped }
  } finally {
    for (const t of tensorsIn([model.params, model.norm])) t.dispose()
  }
}

async function trainStep(
  model: LookupModel,
  setting: Setting,
  batch: LookupBatch,
  optimizer: AdamW,
  rate: number,
): Promise<{ norms: number[]; skipped: boolean }> {
  const { params } = model
  const { value, grads } = valueAndGrad(params, () =>
    crossEntropy(lookupPass(model, batch, setting).logits, batch.answers),
  )
  try {
    const norms = [
      await globalNorm([grads.query]),
      await globalNorm([grads.key]),
      await globalNorm([grads.value]),
    ]
    const { skipped } = await optimizer.step(grads, rate)
    return { norms, skipped }
  } finally {
    for (const t of tensorsIn([value, grads, { ...batch }])) t.dispose()
  }
}

/** Seed of the dictionaries that tests ask. */
const testSeed = 77

async function testLookup(model: LookupModel, setting: Setting, B: number, T: number): Promise<LookupTest> {
  const batch = lookupBatch(B, T, testSeed)
  const made = scope(() => {
    const pass = lookupPass(model, batch, setting)
    return { ...pass, loss: crossEntropy(pass.logits, batch.answers) }
  })
  try {
    const [weights, mixed, logits, answers] = await Promise.all(
      [made.weights, made.mixed, made.logits, batch.answers].map((t) => t.data()),
    )
    return {
      loss: await made.loss.item(),
      accuracy: shareRight(logits, answers),
      ...rowStatistics(weights, T),
      output: sizes(mixed),
    }
  } finally {
    for (const t of tensorsIn([made, { ...batch }])) t.dispose()
  }
}

/** How often the largest logit is the answer's. */
function shareRight(logits: ArrayLike<number>, answers: ArrayLike<number>): number {
  let right = 0
  for (let i = 0; i < answers.length; i++) {
    let best = 0
    for (let c = 1; c < lookup.values; c++)
      if (logits[i * lookup.values + c] > logits[i * lookup.values + best]) best = c
    if (best === answers[i]) right++
  }
  return right / answers.length
}

function rowStatistics(weights: ArrayLike<number>, width: number): Pick<LookupTest, 'peak' | 'rowSum'> {
  const [sums, peaks]: number[][] = [[], []]
  for (let at = 0; at < weights.length; at += width) {
    let [sum, peak] = [0, -Infinity]
    for (let j = at; j < at + width; j++) {
      sum += weights[j]
      peak = Math.max(peak, weights[j])
    }
    sums.push(sum)
    peaks.push(peak)
  }
  return { peak: mean(peaks), rowSum: { mean: mean(sums), low: Math.min(...sums), high: Math.max(...sums) } }
}

function sizes(x: ArrayLike<number>): LookupTest['output'] {
  let [squares, largest] = [0, 0]
  for (let i = 0; i < x.length; i++) {
    squares += x[i] ** 2
    largest = Math.max(largest, Math.abs(x[i]))
  }
  return { rms: Math.sqrt(squares / x.length), largest }
}

/** A quantity at every test of a setting's runs, over its seeds. */
export function overSteps(
  { runs }: TrainedSetting,
  quantity: (point: LookupPoint) => number | undefined,
): { step: number; spread: Spread }[] {
  return runs[0].points.flatMap(({ step }, at) => {
    const values = runs.map(({ points }) => quantity(points[at]))
    return values.every((value) => value !== undefined) ? [{ step, spread: spread(values) }] : []
  })
}

/** The first test at which a run answers so many questions, by seed; Infinity where it never does. */
export const stepsTo = ({ runs }: TrainedSetting, accuracy: number): number[] =>
  runs.map(({ points }) => points.find((point) => point.accuracy >= accuracy)?.step ?? Infinity)
