import * as fc from 'fast-check'
import { describe, expect, it, onTestFinished } from 'vitest'
import { valueAndGrad } from '../autograd/index.js'
import { scope, type Tensor } from '../tensor/index.js'
import {
  type AttentionCase,
  attentionCases,
  attentionOptions,
  attentionShapes,
  holds,
  randomTensors,
} from '../testing/attention-cases.js'
import {
  coded,
  comparedBackends,
  expectWithin,
  gradcheck,
  held,
  randomMask,
  weightedSum as loss,
  withBackend,
} from '../testing/index.js'
import {
  attention,
  attentionScores,
  type AttentionScoresOptions,
  attentionTile,
  attentionWithStats,
  randn,
  slice,
  softmax,
  tensor,
  weightedSum,
  zeros,
} from './index.js'

const no = -Infinity

/** Cases of attention without a sink. */
const cases = { ...attentionCases, sink: fc.constant(false) }

/** Random q [B, Tq, H, D], k [B, Tk, Hkv, D]. */
const random = (B: number, Tq: number, Tk: number, H: number, Hkv: number, D: number) =>
  held({ q: randn([B, Tq, H, D], { seed: 1 }), k: randn([B, Tk, Hkv, D], { seed: 2 }) })

describe('the formula', () => {
  const queries = () => held(tensor([1, 2, 3, 4], [1, 2, 1, 2]))
  const keys = () => held(tensor([1, 0, 0, 2, -1, 1], [1, 3, 1, 2]))

  it('by hand: q·k, scaled by 1/√D unless told otherwise', async () => {
    using plain = attentionScores(queries(), keys(), { scale: 1 })
    expect(plain.shape).toEqual([1, 1, 2, 3])
    expect([...(await plain.data())]).toEqual([1, 4, 1, 3, 8, 1])
    using scaled = attentionScores(queries(), keys())
    await expectWithin(
      scaled,
      [1, 4, 1, 3, 8, 1].map((s) => s / Math.SQRT2),
      1e-15,
    )
  })

  it('by hand: softcap, then bias, then −∞ where the query may not attend', async () => {
    using bias = tensor([10, 20, no], [1, 1, 1, 3])
    using scores = attentionScores(queries(), keys(), { scale: 1, softcap: 2, bias, causal: { offset: 0 } })
    const [s0, s1, s2] = [1, 3, 8].map((s) => 2 * Math.tanh(s / 2))
    await expectWithin(scores, [s0 + 10, no, no, s1 + 10, s2 + 20, no], 1e-15)
  })

  it('query heads share the key head of their group', async () => {
    using q = tensor([1, 2, 3, 4], [1, 1, 4, 1])
    using k = tensor([10, 100], [1, 1, 2, 1])
    using scores = attentionScores(q, k)
    expect([...(await scores.data())]).toEqual([10, 20, 300, 400])
  })

  it('no queries, no keys', () => {
    const { q, k } = random(2, 3, 4, 2, 1, 2)
    using none = slice(q, 1, 0, 0)
    using noKeys = slice(k, 1, 0, 0)
    using a = attentionScores(none, k)
    using b = attentionScores(q, noKeys)
    expect([a.shape, b.shape]).toEqual([
      [2, 2, 0, 4],
      [2, 2, 3, 0],
    ])
  })
})

describe.each(comparedBackends)('on $name', ({ start }) => {
  const started = () => {
    const backend = start()
    onTestFinished(() => backend.dispose())
    return backend
  }

  it('they are attention’s own, bit for bit', () =>
    withBackend(started(), () =>
      holds<AttentionCase>(cases, async (given) => {
        const { q, k, v, ...rest } = randomTensors(attentionShapes(given), given.seed)
        const options = attentionOptions(given, rest)
        const { out, m, l } = attentionWithStats(q, k, v, options)
        const scores = attentionScores(q, k, options)
        const [B, H, Tq, Tk] = scores.shape
        const [s, largest] = [await scores.data(), await m.data()]
        for (let row = 0; row < B * H * Tq; row++) {
          const most = Math.max(...s.subarray(row * Tk, (row + 1) * Tk))
          expect(largest[row]).toBe(most === no ? 0 : most)
        }
        const at = { batch: given.seed % B, head: given.seed % H }
        const tile = attentionTile({ q, k, m, l, options, ...at, what: 'scores' })
        const start = (at.batch * H + at.head) * Tq * Tk
        expect(await tile.data()).toEqual(s.subarray(start, start + Tq * Tk))
        for (const t of [q, k, v, ...Object.values(rest), options.mask, out, m, l, scores, tile]) t?.dispose()
      }),
    ))

  it('softmax and the weighted sum make them attention, and its gradients', () =>
    withBackend(started(), () => stepByStepIsAttention()))
})

it('on the reference: softmax and the weighted sum make them attention, and its gradients', () =>
  stepByStepIsAttention(1e-12, 10))

/** Output and gradients of the steps against those of the fused attention, for random shapes and options. */
function stepByStepIsAttention(eps = 1e-5, runs = 40): Promise<void> {
  return holds<AttentionCase>(
    cases,
    async (given) => {
      const tensors = randomTensors(attentionShapes(given), given.seed)
      const { q, k, v, ...rest } = tensors
      const options = attentionOptions(given, rest)
      const ways: (() => Tensor)[] = [
        () => weightedSum(softmax(attentionScores(q, k, options)), v),
        () => attention(q, k, v, options),
      ]
      const [steps, fused] = await Promise.all(
        ways.map(async (way) => {
          using out = scope(way)
          const { value, grads } = valueAndGrad(tensors, () => loss(way()))
          const numbers = await Promise.all(
            [out, ...Object.values(grads)].map(async (t) => [...(await t.data())]),
          )
          for (const t of [value, ...Object.values(grads)]) t.dispose()
          return numbers
        }),
      )
      await expectWithin(steps[0], fused[0], eps, 'output')
      // One vector: a gradient that is the rest of nearly equal terms is measured against the others.
      await expectWithin(steps.slice(1).flat(), fused.slice(1).flat(), eps, 'gradients')
      for (const t of [...Object.values(tensors), options.mask]) t?.dispose()
    },
    runs,
  )
}

describe('gradients', () => {
  const settings: [string, Parameters<typeof random>, AttentionScoresOptions][] = [
    ['self', [2, 3, 3, 2, 2, 4], {}],
    ['cross, own scale', [2, 2, 5, 1, 1, 3], { scale: 0.3 }],
    ['grouped heads', [2, 3, 4, 4, 2, 2], {}],
    ['softcap', [1, 3, 4, 2, 1, 3], { softcap: 0.8 }],
    ['no keys', [1, 2, 0, 1, 1, 2], {}],
  ]
  it.each(settings)('%s', async (_, sizes, options) => {
    await gradcheck(({ q, k }) => attentionScores(q, k, options), random(...sizes))
  })

  it.each([
    ['causal', { causal: true }],
    ['window', { window: [1, 1] }],
    ['lengths', { lengths: [4, 2] }],
  ] as [string, AttentionScoresOptions][])('through softmax: %s', async (_, options) => {
    await gradcheck(({ q, k }) => softmax(attentionScores(q, k, options)), random(2, 3, 4, 2, 1, 3))
  })

  it('mask and bias, dense and by relative distance', async () => {
    using mask = randomMask([2, 1, 3, 4], 0.6, 5)
    using bias = randn([1, 2, 1, 4], { seed: 9 })
    using table = randn([6, 2], { seed: 8 })
    const inputs = random(2, 3, 4, 2, 1, 2)
    await gradcheck(({ q, k, bias }) => softmax(attentionScores(q, k, { mask, bias, softcap: 2 })), {
      ...inputs,
      bias,
    })
    await gradcheck(
      ({ q, k, table }) => attentionScores(q, k, { bias: { relative: table, maxDistance: 6 }, softcap: 2 }),
      { ...inputs, table },
    )
  })

  it('what is −∞ passes no gradient on, whatever comes back', async () => {
    const { q, k } = random(1, 2, 2, 1, 1, 2)
    const { value, grads } = held(valueAndGrad({ q, k }, () => loss(attentionScores(q, k, { lengths: [0] }))))
    for (const t of [grads.q, grads.k]) expect([...(await t.data())].every((x) => x === 0)).toBe(true)
    expect(await value.item()).not.toBe(0)
  })
})

describe('refuses', () => {
  it('a sink, and what attention refuses', () => {
    const { q, k } = random(1, 2, 2, 2, 1, 2)
    using sink = zeros([2])
    const options: object = { sink }
    expect(() => attentionScores(q, k, options)).toThrow(coded('unsupported', 'sink', 'denominator'))
    using narrow = slice(k, 3, 0, 1)
    expect(() => attentionScores(q, narrow)).toThrow(coded('shape', 'attentionScores', '[1, 2, 1, 1]'))
    expect(() => attentionScores(q, k, { scale: NaN })).toThrow(coded('option', 'scale', 'NaN'))
  })
})
