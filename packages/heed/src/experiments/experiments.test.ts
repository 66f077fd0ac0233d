import { describe, expect, it } from 'vitest'
import { WasmBackend } from '../backends/wasm/index.js'
import { add, attention, embedding, layerNorm, linear, randn, reshape } from '../ops/index.js'
import { scope } from '../tensor/scope.js'
import { coded, expectWithin, held, withBackend } from '../testing/index.js'
import { initLookup, lookup, lookupBatch, lookupPass } from './lookup.js'
import { scalingExperiment, scalingSettings } from './scaling.js'
import { scoreSizes, scoreStatistics } from './score-statistics.js'
import { softmaxExperiment, softmaxSettings } from './softmax.js'
import { median, spread } from './statistics.js'
import { lookupTraining, overSteps, stepsTo, type TrainedSetting, trainSettings } from './train-lookup.js'

/** Runs on the fast backend, which is gone afterwards. */
async function onWasm<R>(fn: () => Promise<R>): Promise<R> {
  const backend = new WasmBackend({ threads: 1 })
  try {
    return await withBackend(backend, fn)
  } finally {
    backend.dispose()
  }
}

const [softmaxAt32] = softmaxSettings

describe('the task', () => {
  it('asks for the value of an entry; no key stands twice in a dictionary', async () => {
    for (const T of [1, 16, lookup.keys]) {
      const batch = held({ ...lookupBatch(3, T, 5) })
      const [keys, values, questions, answers] = await Promise.all(
        [batch.keys, batch.values, batch.questions, batch.answers].map(async (t) => [...(await t.data())]),
      )
      expect(Math.max(...keys)).toBeLessThan(lookup.keys)
      expect(Math.max(...values)).toBeLessThan(lookup.values)
      for (let b = 0; b < 3; b++) {
        const own = keys.slice(b * T, (b + 1) * T)
        expect(new Set(own).size).toBe(T)
        for (let i = b * lookup.questions; i < (b + 1) * lookup.questions; i++)
          expect(answers[i]).toBe(values[b * T + own.indexOf(questions[i])])
      }
    }
  })

  it('is the same for the same seed, and another for another', async () => {
    const keysOf = async (seed: number) => [...(await held({ ...lookupBatch(2, 16, seed) }).keys.data())]
    expect(await keysOf(1)).toEqual(await keysOf(1))
    expect(await keysOf(1)).not.toEqual(await keysOf(2))
  })

  it('is done by one attention: the fused one gives the same', async () => {
    const model = held({ ...initLookup({ keySize: 8 }, 3) })
    const batch = held({ ...lookupBatch(2, 5, 1) })
    const { params, norm } = model
    const pass = held({ ...lookupPass(model, batch, { keySize: 8, scale: 0.4, normalizer: 'softmax' }) })
    using expected = scope(() => {
      const level = (x: typeof pass.logits) => layerNorm(x, norm['norm.weight'], norm['norm.bias'], 1e-5)
      const asked = level(embedding(batch.questions, params['embed.key']))
      const entries = level(
        add(embedding(batch.keys, params['embed.key']), embedding(batch.values, params['embed.value'])),
      )
      const heads = (x: typeof asked, name: 'query' | 'key' | 'value') => {
        const y = linear(x, params[name])
        return reshape(y, [2, -1, 1, y.shape[2]])
      }
      return attention(heads(asked, 'query'), heads(entries, 'key'), heads(entries, 'value'), { scale: 0.4 })
    })
    await expectWithin(pass.mixed, expected, 1e-12)
    expect(pass.logits.shape).toEqual([2 * lookup.questions, lookup.values])
  })
})

it('the start of T5 gives the scores of the paper’s scale before the first step, and others after it', () =>
  onWasm(async () => {
    const [paper, , , t5] = scalingSettings
    expect(t5).toMatchObject({ keySize: 8, scale: 1, queryStart: 1 / Math.sqrt(8) })
    const [a, b] = await trainSettings([paper, t5], { steps: 1, seeds: 1 })
    const peaks = ({ runs }: TrainedSetting) => runs[0].points.map(({ peak }) => peak)
    expect(peaks(b)[0]).toBeCloseTo(peaks(a)[0], 5)
    expect(peaks(b)[1]).not.toBeCloseTo(peaks(a)[1], 5)
  }))

describe('scores', () => {
  it('have variance 1 with the scale, and d_k without: within 6 standard errors', () =>
    onWasm(async () => {
      const [keySizes, seeds] = [[4, 64], 2]
      const rows = await scoreStatistics({ keySizes, seeds })
      expect(rows.map(({ keySize, scaled }) => [keySize, scaled])).toEqual([
        [4, true],
        [64, true],
        [4, false],
        [64, false],
      ])
      // The variance of a draw hangs on the mean of |k|², whose relative error is √(2 / (keys · d_k)).
      for (const { keySize, scaled, variance, peak, entropy, queryGradient, medianQueryGradient } of rows) {
        const relative = variance.median / (scaled ? 1 : keySize)
        expect(Math.abs(relative - 1)).toBeLessThan(
          6 * Math.sqrt((2 / scoreSizes.keys + 2 / scoreSizes.queries) / keySize),
        )
        for (const share of [peak, entropy])
          expect([
            0 < share.low,
            share.low <= share.median,
            share.median <= share.high,
            share.high < 1,
          ]).toEqual(Array(4).fill(true))
        expect(medianQueryGradient.median).toBeGreaterThan(0)
        expect(queryGradient.median).toBeGreaterThan(0)
      }
    }))

  it('are the same with and without the scale where d_k is 1', () =>
    onWasm(async () => {
      const [scaled, plain] = await scoreStatistics({ keySizes: [1], seeds: 1 })
      expect({ ...plain, scaled: true }).toEqual(scaled)
    }))

  it('let less through to the query, the sharper the weights: by hand for one', async () => {
    // dL/ds = w ⊙ (g − Σ w g), dL/dq = scale · Σ dL/ds_j k_j
    const [row] = await scoreStatistics({ keySizes: [2], seeds: 1 })
    const { keys, queries } = scoreSizes
    const made = held([
      randn([queries, 2], { seed: 11 }),
      randn([keys, 2], { seed: 12 }),
      randn([1, queries * keys], { seed: 13 }),
    ])
    const [q, k, g] = await Promise.all(made.map(async (t) => [...(await t.data())]))
    const norms = Array.from({ length: queries }, (_, i) => {
      const s = Array.from(
        { length: keys },
        (_, j) => (q[2 * i] * k[2 * j] + q[2 * i + 1] * k[2 * j + 1]) / Math.SQRT2,
      )
      const e = s.map(Math.exp)
      const w = e.map((x) => x / e.reduce((a, b) => a + b, 0))
      const mean = w.reduce((sum, x, j) => sum + x * g[i * keys + j], 0)
      const dS = w.map((x, j) => x * (g[i * keys + j] - mean))
      const dQ = [0, 1].map((d) => dS.reduce((sum, x, j) => sum + x * k[2 * j + d], 0) / Math.SQRT2)
      return { scores: Math.hypot(...dS), query: Math.hypot(...dQ), peak: Math.max(...w) }
    })
    const mean = (values: number[]) => values.reduce((a, b) => a + b, 0) / queries
    await expectWithin([row.scoreGradient.median], [mean(norms.map(({ scores }) => scores))], 1e-9)
    await expectWithin([row.queryGradient.median], [mean(norms.map(({ query }) => query))], 1e-9)
    await expectWithin([row.medianQueryGradient.median], [median(norms.map(({ query }) => query))], 1e-9)
    await expectWithin([row.peak.median], [mean(norms.map(({ peak }) => peak))], 1e-9)
  })
})

describe('training', () => {
  it('learns the look-up with softmax and the paper’s scale', () =>
    onWasm(async () => {
      const [trained] = await trainSettings([softmaxAt32], { steps: 100, seeds: 1 })
      const [{ points, longer, skipped }] = trained.runs
      expect(points[0]).toMatchObject({ step: 0 })
      expect(points[0].gradients).toBeUndefined()
      expect(points[0].accuracy).toBeLessThan(0.2) // 1 in 16 by chance
      expect(points.at(-1)!.accuracy).toBeGreaterThan(0.9)
      expect(points.at(-1)!.loss).toBeLessThan(points[0].loss / 4)
      expect(stepsTo(trained, 0.9)[0]).toBeLessThanOrEqual(100)
      expect(skipped).toBe(0)
      expect(longer.map(({ entries }) => entries)).toEqual([16, 32, 64])
      for (const { rowSum } of longer) await expectWithin([rowSum.low, rowSum.high], [1, 1], 1e-6)
    }))

  it('gives the same numbers again, for every setting the same steps, seeds and data, and reports each step', () =>
    onWasm(async () => {
      const told: string[] = []
      const settings = [softmaxAt32, softmaxSettings[5]]
      const first = await trainSettings(settings, {
        steps: 2,
        seeds: 2,
        onProgress: ({ done, total, setting, seed }) => told.push(`${done}/${total} ${setting} ${seed}`),
      })
      expect(first).toEqual(await trainSettings(settings, { steps: 2, seeds: 2 }))
      expect(first.map(({ setting }) => setting)).toEqual(settings)
      for (const { runs } of first) {
        expect(runs.map(({ seed }) => seed)).toEqual([1, 2])
        for (const { points } of runs) expect(points.map(({ step }) => step)).toEqual([0, 1, 2])
      }
      expect(told).toHaveLength(8)
      expect([told[0], told[2], told[7]]).toEqual(['1/8 softmax 1', '3/8 softmax 2', '8/8 hardmax 2'])
      const ofHardmax = overSteps(first[1], ({ gradients }) => gradients?.query)
      expect(ofHardmax.map(({ spread }) => spread.high)).toEqual([0, 0])
    }))

  it('softmax trains with every normaliser, and its report is JSON', () =>
    onWasm(async () => {
      const report = await softmaxExperiment({ steps: 1, seeds: 1 })
      expect(report.training.map(({ setting }) => setting)).toEqual(softmaxSettings)
      expect(JSON.parse(JSON.stringify(report))).toEqual(report)
    }))

  it('scaling measures scores and trains its settings', () =>
    onWasm(async () => {
      const report = await scalingExperiment({ steps: 1, seeds: 1 })
      expect(report.training.map(({ setting }) => setting)).toEqual(scalingSettings)
      expect(report.scores).toHaveLength(22)
      expect(report.settings).toMatchObject({ steps: 1, seeds: 1, rate: 0.003, training: lookupTraining })
    }))

  it('stops when asked, and leaves nothing behind', () =>
    onWasm(async () => {
      const controller = new AbortController()
      const run = softmaxExperiment({
        steps: 5,
        seeds: 1,
        signal: controller.signal,
        onProgress: ({ done }) => done === 7 && controller.abort(),
      })
      await expect(run).rejects.toThrow(coded('aborted'))
      const gone = scalingExperiment({ signal: AbortSignal.abort() })
      await expect(gone).rejects.toThrow(coded('aborted'))
    }))

  it('refuses settings that are no settings', async () => {
    for (const options of [
      { steps: 0 },
      { steps: 1.5 },
      { seeds: 0 },
      { seeds: NaN },
      { rate: 0 },
      { rate: Infinity },
    ])
      await expect(softmaxExperiment(options)).rejects.toThrow(coded('option', Object.keys(options)[0]))
    for (const options of [{ seeds: 0 }, { seeds: 1.5 }, { keySizes: [4, 0] }])
      await expect(scoreStatistics(options)).rejects.toThrow(coded('option', Object.keys(options)[0]))
  })
})

it('median, spread and steps', () => {
  expect(median([3, 1, 2])).toBe(2)
  expect(median([4, 1, 2, 3])).toBe(2.5)
  expect(spread([2, 7, 3])).toEqual({ median: 3, low: 2, high: 7 })
  expect(spread([2, NaN])).toEqual({ median: NaN, low: NaN, high: NaN })
  const run = (...accuracies: number[]) => ({
    points: accuracies.map((accuracy, step) => ({ step, accuracy })),
  })
  const trained = { runs: [run(0.1, 0.5, 0.95), run(0.1, 0.2, 0.3)] } as unknown as TrainedSetting
  expect(stepsTo(trained, 0.5)).toEqual([1, Infinity])
  expect(overSteps(trained, ({ accuracy }) => accuracy)[1]).toEqual({
    step: 1,
    spread: { median: 0.35, low: 0.2, high: 0.5 },
  })
})
