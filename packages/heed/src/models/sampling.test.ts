import { readFileSync } from 'node:fs'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { coded } from '../testing/index.js'
import { chances, sampler, type SamplingOptions } from './sampling.js'

interface Golden {
  options: SamplingOptions
  scores: number[]
  seen: number[]
  probabilities: number[]
}

const goldens = JSON.parse(
  readFileSync(new URL('goldens/sampling.golden.json', import.meta.url), 'utf8'),
) as Golden[]

describe('drawing', () => {
  it.each(goldens.map((golden) => [JSON.stringify(golden.options), golden] as const))(
    'follows the probabilities of transformers: %s',
    (_, { options, scores, seen, probabilities }) => {
      const draws = 4000
      const counts = scores.map(() => 0)
      const choose = sampler({ ...options, seed: 5 })
      for (let step = 0; step < draws; step++) counts[choose(Float64Array.from(scores), seen, step).id]++
      probabilities.forEach((p, id) => {
        // Five standard deviations; what the filters leave out never comes.
        expect(Math.abs(counts[id] / draws - p)).toBeLessThanOrEqual(
          5 * Math.sqrt((p * (1 - p)) / draws) + (p > 0 ? 4 / draws : 0),
        )
      })
    },
  )

  it('keeps exactly the tokens that transformers keeps', () => {
    for (const { options, scores, seen, probabilities } of goldens) {
      const drawn = new Set<number>()
      const choose = sampler(options)
      for (let step = 0; step < 2000; step++) drawn.add(choose(Float64Array.from(scores), seen, step).id)
      const kept = probabilities.flatMap((p, id) => (p > 0.005 ? [id] : []))
      for (const id of kept) expect(drawn, JSON.stringify(options)).toContain(id)
      for (const id of drawn) expect(probabilities[id], JSON.stringify(options)).toBeGreaterThan(0)
    }
  })

  it('is a function of seed and step alone', () => {
    const scores = Float32Array.from({ length: 50 }, (_, i) => Math.sin(i))
    const ids = (seed: number) =>
      Array.from({ length: 40 }, (_, step) => sampler({ temperature: 1, seed })(scores, [], step).id)
    expect(ids(1)).toEqual(ids(1))
    expect(ids(1)).not.toEqual(ids(2))
    expect(new Set(ids(1)).size).toBeGreaterThan(10)
  })

  it('keeps equals at the cut', () => {
    const scores = Float32Array.of(1, 3, 3, 3, 0)
    const ids = (options: SamplingOptions) =>
      new Set(
        Array.from({ length: 200 }, (_, i) => sampler({ temperature: 1, ...options })(scores, [], i).id),
      )
    expect(ids({ topK: 2 })).toEqual(new Set([1, 2, 3]))
    expect(ids({ topP: 0.01 })).toEqual(new Set([1, 2, 3]))
  })

  it('takes any temperature, and a small one is nearly greedy', () => {
    const scores = Float32Array.of(-1e4, 1e4, 9999)
    for (const temperature of [1e-300, 1e-3]) expect(sampler({ temperature })(scores, [], 3).id).toBe(1)
    expect(sampler({ temperature: 1e300 })(scores, [], 3).id).toBeLessThan(3)
  })
})

describe('greedy', () => {
  it('takes the highest, of equals the first; the filters below it change nothing', () => {
    expect(sampler({})(Float32Array.of(1, 5, 5, 2), [], 0).id).toBe(1)
    expect(sampler({ topK: 1, topP: 0.1, seed: 9 })(Float32Array.of(1, 5, 6, 2), [], 0).id).toBe(2)
  })

  it('repeats less with a penalty, whatever the sign, and each id counts once', () => {
    const choose = sampler({ repetitionPenalty: 2 })
    expect(choose(Float32Array.of(3, 4, 1), [1, 1], 0).id).toBe(0)
    expect(choose(Float32Array.of(-3, -2, -9), [1], 0).id).toBe(0)
    expect(choose(Float32Array.of(1.5, 4, 1), [1, 1], 0).id).toBe(1)
  })
})

it('tells log p as the model has it', () => {
  fc.assert(
    fc.property(
      fc.array(fc.double({ min: -50, max: 50, noNaN: true }), { minLength: 1, maxLength: 9 }),
      (values) => {
        const scores = Float64Array.from(values)
        const { id, logProb } = sampler({ temperature: 0.5, topK: 1, repetitionPenalty: 3 })(scores, [0], 0)
        const total = values.reduce((sum, s) => sum + Math.exp(s), 0)
        expect(logProb).toBeCloseTo(Math.log(Math.exp(values[id]) / total), 9)
      },
    ),
  )
})

it('refuses options out of range, and scores that are no numbers', () => {
  const wrong: SamplingOptions[] = [
    ...[-1, NaN, Infinity].map((temperature) => ({ temperature })),
    ...[0, 1.5, -1, NaN].map((topK) => ({ topK })),
    ...[0, 1.1, NaN].map((topP) => ({ topP })),
    ...[0, -1, NaN, Infinity].map((repetitionPenalty) => ({ repetitionPenalty })),
    ...[0.5, NaN, Infinity].map((seed) => ({ seed })),
  ]
  for (const options of wrong)
    expect(() => sampler(options)).toThrow(coded('option', Object.keys(options)[0]))
  for (const scores of [
    [NaN, 1],
    [1, NaN],
    [Infinity, 1],
    [-Infinity, -Infinity],
  ])
    for (const temperature of [0, 1])
      expect(() => sampler({ temperature })(Float32Array.from(scores), [], 0)).toThrow(
        coded('format', 'damaged'),
      )
})

describe('chances', () => {
  it.each(goldens.map((golden) => [JSON.stringify(golden.options), golden] as const))(
    'are the probabilities of transformers: %s',
    (_, { options, scores, seen, probabilities }) => {
      const { drawn } = chances(Float64Array.from(scores), seen, options)
      probabilities.forEach((p, id) => expect(drawn[id]).toBeCloseTo(p, 6))
    },
  )

  it('go from the model’s own by temperature and filters, each with sum 1', () => {
    const scores = Float32Array.from({ length: 30 }, (_, i) => 3 * Math.sin(i))
    const { model, tempered, drawn } = chances(scores, [], { temperature: 0.5, topK: 6, topP: 0.8 })
    for (const p of [model, tempered, drawn]) expect(p.reduce((a, b) => a + b)).toBeCloseTo(1, 12)
    const total = scores.reduce((sum, s) => sum + Math.exp(s), 0)
    model.forEach((p, id) => expect(p).toBeCloseTo(Math.exp(scores[id]) / total, 6))
    const squares = model.reduce((sum, p) => sum + p * p, 0)
    tempered.forEach((p, id) => expect(p).toBeCloseTo(model[id] ** 2 / squares, 12))
    const left = [...drawn.keys()].filter((id) => drawn[id] > 0)
    expect(left.length).toBeLessThanOrEqual(6)
    const kept = left.reduce((sum, id) => sum + tempered[id], 0)
    for (const id of left) expect(drawn[id]).toBeCloseTo(tempered[id] / kept, 12)
    expect(Math.min(...left.map((id) => tempered[id]))).toBeGreaterThanOrEqual(
      Math.max(...[...drawn.keys()].filter((id) => drawn[id] === 0).map((id) => tempered[id])),
    )
  })

  it('at temperature 0 the highest has all', () => {
    const { model, drawn } = chances(Float32Array.of(1, 3, 2), [])
    expect([...drawn]).toEqual([0, 1, 0])
    expect(model[1]).toBeLessThan(1)
  })
})
