import { describe, expect, it } from 'vitest'
import { valueAndGrad } from '../autograd/index.js'
import type { Tensor } from '../tensor/index.js'
import { expectWithin, gradcheck, held, randomMask, weightedSum } from '../testing/index.js'
import {
  attention,
  type AttentionOptions,
  attentionWithStats,
  randn,
  reshape,
  slice,
  tensor,
  zeros,
} from './index.js'
import { relativeBucket } from './attention-bias.js'

const [ln2, ln5] = [Math.log(2), Math.log(5)]

/** One query, three keys with odds 1 : 2 : 5, values 8, 80 and 800. */
const three = () =>
  held({
    q: tensor([1], [1, 1, 1, 1]),
    k: tensor([0, ln2, ln5], [1, 3, 1, 1]),
    v: tensor([8, 80, 800], [1, 3, 1, 1]),
  })

/** A slice that is freed with the test. */
const part = (...args: Parameters<typeof slice>) => held(slice(...args))

const copy = async (t: Tensor) => held(tensor(await t.data(), t.shape))

/** Random q [B, Tq, H, D], k [B, Tk, Hkv, D], v [B, Tk, Hkv, Dv]. */
const random = (B: number, Tq: number, Tk: number, H: number, Hkv: number, D: number, Dv: number) =>
  held({
    q: randn([B, Tq, H, D], { seed: 1 }),
    k: randn([B, Tk, Hkv, D], { seed: 2 }),
    v: randn([B, Tk, Hkv, Dv], { seed: 3 }),
  })

/** Which keys each query sees, [B, Tq] lists, read off the output of v_j = 2^j: the scores are all 0. */
async function seen(B: number, Tq: number, Tk: number, options: AttentionOptions): Promise<number[][][]> {
  using q = zeros([B, Tq, 1, 1])
  using k = zeros([B, Tk, 1, 1])
  const powers = Array.from({ length: B * Tk }, (_, i) => 2 ** (i % Tk))
  using v = tensor(powers, [B, Tk, 1, 1])
  const { out, m, l } = held(attentionWithStats(q, k, v, options))
  const [o, count] = [await out.data(), await l.data()]
  for (const t of [out, m, l]) t.dispose()
  return Array.from({ length: B }, (_, b) =>
    Array.from({ length: Tq }, (_, i) => {
      const bits = Math.round(o[b * Tq + i] * count[b * Tq + i])
      return Array.from({ length: Tk }, (_, j) => j).filter((j) => (bits >> j) & 1)
    }),
  )
}

describe('the formula', () => {
  it('by hand', async () => {
    const { q, k, v } = three()
    const { out, m, l } = held(attentionWithStats(q, k, v))
    await expectWithin(out, [(1 * 8 + 2 * 80 + 5 * 800) / 8], 1e-15)
    await expectWithin(m, [ln5], 0)
    await expectWithin(l, [8 / 5], 1e-15)
    for (const t of [q, k, v, out, m, l]) t.dispose()
  })

  it('scale defaults to 1/√D and may be set', async () => {
    using q = tensor([1, 1, 1, 1], [1, 1, 1, 4])
    using k = tensor([2, 2, 2, 2], [1, 1, 1, 4])
    using v = tensor([1], [1, 1, 1, 1])
    const scaled = held(attentionWithStats(q, k, v))
    const plain = held(attentionWithStats(q, k, v, { scale: 1 }))
    expect([await scaled.m.item(), await plain.m.item()]).toEqual([4, 8])
    for (const t of [...Object.values(scaled), ...Object.values(plain)]) t.dispose()
  })

  it('softcap bounds the scaled score, the bias is added to that', async () => {
    const { q, k, v } = three()
    using bias = tensor([0, 1, -1], [1, 1, 1, 3])
    const { out, m, l } = held(attentionWithStats(q, k, v, { scale: 2, softcap: 3, bias }))
    const s = [0, 3 * Math.tanh((2 * ln2) / 3) + 1, 3 * Math.tanh((2 * ln5) / 3) - 1]
    const e = s.map((x) => Math.exp(x - Math.max(...s)))
    const sum = e[0] + e[1] + e[2]
    await expectWithin(m, [Math.max(...s)], 1e-15)
    await expectWithin(l, [sum], 1e-15)
    await expectWithin(out, [(8 * e[0] + 80 * e[1] + 800 * e[2]) / sum], 1e-15)
  })

  it('a sink takes its share of the weights and gives nothing', async () => {
    const { q, k, v } = three()
    for (const [odds, largest] of [
      [2, 5],
      [16, 16],
    ]) {
      using sink = tensor([Math.log(odds)], [1])
      const { out, m, l } = held(attentionWithStats(q, k, v, { sink }))
      await expectWithin(out, [(1 * 8 + 2 * 80 + 5 * 800) / (8 + odds)], 1e-15)
      await expectWithin(m, [Math.log(largest)], 1e-15)
      await expectWithin(l, [(8 + odds) / largest], 1e-15)
    }
  })

  it('a bias by relative distance is the table at T5’s bucket of j − i', async () => {
    // 8 buckets both ways, exact to 1: distances 0, −1, −2 … have 0 to 3, and 1, 2 … 4 to 7.
    using table = randn([8, 2], { seed: 4 })
    const t = await table.data()
    const { q, k, v } = random(1, 4, 4, 2, 2, 3, 3)
    const buckets = [-3, -2, -1, 0, 1, 2, 3].map((d) => relativeBucket(d, 8, true, 16))
    expect(buckets).toEqual([2, 2, 1, 0, 5, 6, 6])
    const dense = Array.from({ length: 32 }, (_, at) => {
      const [h, i, j] = [at >> 4, (at >> 2) & 3, at & 3]
      return t[buckets[j - i + 3] * 2 + h]
    })
    using bias = tensor(dense, [1, 2, 4, 4])
    using got = attention(q, k, v, { bias: { relative: table, maxDistance: 16 } })
    using expected = attention(q, k, v, { bias })
    expect(await got.data()).toEqual(await expected.data())
  })

  it('query heads share the key head of their group', async () => {
    const { q, k, v } = random(2, 3, 4, 6, 2, 3, 5)
    using grouped = attention(q, k, v)
    for (let h = 0; h < 6; h++) {
      const g = Math.floor(h / 3)
      using alone = attention(part(q, 2, h, h + 1), part(k, 2, g, g + 1), part(v, 2, g, g + 1))
      await expectWithin(part(grouped, 2, h, h + 1), alone, 1e-15)
    }
  })

  it('reads q, k and v where they are: views into one projection', async () => {
    using fused = randn([2, 5, 4, 3], { seed: 7 })
    const [q, k, v] = [part(fused, 2, 0, 2), part(fused, 2, 2, 3), part(fused, 2, 3, 4)]
    using out = attention(q, part(k, 1, 1, 4), part(v, 1, 1, 4))
    using expected = attention(await copy(q), await copy(part(k, 1, 1, 4)), await copy(part(v, 1, 1, 4)))
    expect(await out.data()).toEqual(await expected.data())
  })

  it('takes heads that are not dense, by a copy', async () => {
    using wide = randn([1, 3, 2, 4], { seed: 8 })
    using narrow = slice(wide, 3, 1, 3)
    using out = attention(narrow, narrow, narrow)
    using copy = tensor(await narrow.data(), narrow.shape)
    using expected = attention(copy, copy, copy)
    expect(await out.data()).toEqual(await expected.data())
  })

  it('scores of ±1e4 stay finite', async () => {
    using q = tensor([100, -100], [1, 2, 1, 1])
    using k = tensor([100, -100], [1, 2, 1, 1])
    using v = tensor([1, 2], [1, 2, 1, 1])
    using out = attention(q, k, v)
    expect([...(await out.data())]).toEqual([1, 2])
  })
})

describe('who sees whom', () => {
  it('causal: the last query sees all keys, whatever the lengths say', async () => {
    expect(await seen(1, 3, 3, { causal: true })).toEqual([[[0], [0, 1], [0, 1, 2]]])
    expect(await seen(1, 2, 4, { causal: true })).toEqual([
      [
        [0, 1, 2],
        [0, 1, 2, 3],
      ],
    ])
    expect(await seen(1, 3, 2, { causal: true })).toEqual([[[], [0], [0, 1]]])
    expect(await seen(1, 2, 3, { causal: true, lengths: [2] })).toEqual([
      [
        [0, 1],
        [0, 1],
      ],
    ])
    expect(await seen(1, 1, 2, { causal: false })).toEqual([[[0, 1]]])
  })

  it('causal offset: one for all, or one per batch', async () => {
    expect(await seen(2, 2, 3, { causal: { offset: 0 } })).toEqual([
      [[0], [0, 1]],
      [[0], [0, 1]],
    ])
    expect(await seen(2, 1, 3, { causal: { offset: [1, -1] } })).toEqual([[[0, 1]], [[]]])
    expect(await seen(1, 2, 3, { causal: {} })).toEqual([
      [
        [0, 1],
        [0, 1, 2],
      ],
    ])
  })

  it('lengths', async () => {
    expect(await seen(3, 1, 3, { lengths: [2, 0, 3] })).toEqual([[[0, 1]], [[]], [[0, 1, 2]]])
  })

  it('mask, spread over batch, heads and queries', async () => {
    using keys = tensor([true, false, true], [1, 1, 1, 3])
    expect(await seen(2, 2, 3, { mask: keys })).toEqual([
      [
        [0, 2],
        [0, 2],
      ],
      [
        [0, 2],
        [0, 2],
      ],
    ])
    using cells = tensor([true, false, false, true, false, false, true, true], [2, 1, 2, 2])
    expect(await seen(2, 2, 2, { mask: cells, causal: true })).toEqual([
      [[0], [1]],
      [[], [0, 1]],
    ])
  })

  it('window: around the causal offset, or around Tk − Tq', async () => {
    expect(await seen(1, 4, 4, { window: [1, 0] })).toEqual([[[0], [0, 1], [1, 2], [2, 3]]])
    expect(await seen(1, 4, 4, { window: [0, 1], causal: true })).toEqual([[[0], [1], [2], [3]]])
    expect(await seen(1, 2, 4, { window: [1, 1] })).toEqual([
      [
        [1, 2, 3],
        [2, 3],
      ],
    ])
    expect(await seen(2, 1, 4, { window: [1, Infinity], causal: { offset: [3, 1] } })).toEqual([
      [[2, 3]],
      [[0, 1]],
    ])
    expect(await seen(1, 2, 3, { window: [Infinity, 0] })).toEqual([
      [
        [0, 1],
        [0, 1, 2],
      ],
    ])
    expect(await seen(1, 3, 3, { window: [1, 1], lengths: [2] })).toEqual([[[0, 1], [0, 1], [1]]])
  })

  it('−∞ in a bias hides, and adds nothing to the gradients', async () => {
    using bias = tensor([0, -Infinity, 0], [1, 1, 1, 3])
    expect(await seen(1, 2, 3, { bias })).toEqual([
      [
        [0, 2],
        [0, 2],
      ],
    ])
    using none = tensor([-Infinity, -Infinity], [1, 1, 1, 2])
    const { q, k, v } = random(1, 2, 2, 1, 1, 2, 2)
    const { value, grads } = held(
      valueAndGrad({ q, k, v, none }, () => weightedSum(attention(q, k, v, { bias: none }))),
    )
    for (const t of [value, ...Object.values(grads)])
      expect([...(await t.data())].every((x) => x === 0)).toBe(true)
  })

  it('a query that sees nothing, and no keys at all, give zeros everywhere', async () => {
    const { q, k, v } = random(1, 2, 3, 1, 1, 2, 2)
    const { value, grads } = held(
      valueAndGrad({ q, k, v }, () => weightedSum(attention(q, k, v, { lengths: [0] }))),
    )
    for (const t of [value, grads.q, grads.k, grads.v])
      expect([...(await t.data())].every((x) => x === 0)).toBe(true)
    const none = { k: part(k, 1, 0, 0), v: part(v, 1, 0, 0) }
    const { out, m, l } = held(attentionWithStats(q, none.k, none.v, { causal: true }))
    for (const t of [out, m, l]) expect([...(await t.data())].every((x) => x === 0)).toBe(true)
    expect(out.shape).toEqual([1, 2, 1, 2])
  })
})

describe('gradients', () => {
  const cases: [string, Parameters<typeof random>, AttentionOptions][] = [
    ['self', [2, 3, 3, 2, 2, 4, 4], {}],
    ['causal', [1, 4, 4, 1, 1, 3, 3], { causal: true }],
    ['cross, Dv ≠ D, own scale', [2, 2, 5, 1, 1, 3, 2], { scale: 0.3 }],
    ['grouped heads', [1, 3, 4, 4, 2, 2, 3], { causal: true }],
    ['one key head', [2, 2, 3, 3, 1, 2, 2], {}],
    ['lengths', [3, 2, 4, 1, 1, 2, 2], { lengths: [4, 2, 0] }],
    ['offsets', [2, 3, 5, 1, 1, 2, 2], { causal: { offset: [2, -1] } }],
    ['window', [2, 5, 6, 1, 1, 2, 2], { window: [1, 2] }],
    ['softcap', [1, 3, 4, 2, 1, 3, 2], { softcap: 0.8, causal: true }],
    ['no keys', [1, 2, 0, 1, 1, 2, 2], {}],
    ['no queries', [1, 0, 2, 1, 1, 2, 2], { causal: true }],
  ]
  it.each(cases)('%s', async (_, sizes, options) => {
    await gradcheck(({ q, k, v }) => attention(q, k, v, options), random(...sizes))
  })

  it('mask', async () => {
    using mask = randomMask([2, 1, 3, 4], 0.6, 5)
    await gradcheck(({ q, k, v }) => attention(q, k, v, { mask }), random(2, 3, 4, 2, 2, 2, 2))
  })

  it.each([[[2, 1, 1, 4]], [[1, 2, 3, 4]], [[2, 2, 3, 4]], [[1, 1, 1, 4]]])('bias %j', async (shape) => {
    using bias = randn(shape, { seed: 9 })
    await gradcheck(({ q, k, v, bias }) => attention(q, k, v, { bias, softcap: 2 }), {
      ...random(2, 3, 4, 2, 1, 2, 2),
      bias,
    })
  })

  it.each([true, false])('bias by relative distance, bidirectional %s', async (bidirectional) => {
    using table = randn([6, 2], { seed: 9 })
    const causal = { offset: [2, 5] }
    await gradcheck(
      ({ q, k, v, table }) =>
        attention(q, k, v, { bias: { relative: table, bidirectional, maxDistance: 6 }, causal }),
      { ...random(2, 3, 7, 2, 2, 2, 2), table },
    )
  })

  it('sink', async () => {
    using sink = randn([4], { seed: 9 })
    const options = { causal: { offset: -1 }, window: [1, 0] as const }
    await gradcheck(({ q, k, v, sink }) => attention(q, k, v, { sink, ...options }), {
      ...random(2, 3, 4, 4, 2, 2, 3),
      sink,
    })
  })

  it('one tensor as q, k and v, and views into one projection', async () => {
    using x = randn([1, 3, 2, 2], { seed: 1 })
    await gradcheck(({ x }) => attention(x, x, x, { causal: true }), { x })
    using fused = randn([2, 3, 4 * 2], { seed: 2 })
    await gradcheck(
      ({ fused }) => {
        const x = reshape(fused, [2, 3, 4, 2])
        return attention(slice(x, 2, 0, 2), slice(x, 2, 2, 3), slice(x, 2, 3, 4))
      },
      { fused },
    )
  })
})
