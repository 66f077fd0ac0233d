import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { valueAndGrad } from '../autograd/index.js'
import { holds, seed } from '../testing/attention-cases.js'
import { coded, expectWithin, gradcheck, held, weightedSum } from '../testing/index.js'
import { type Normalizer, normalizers, randn, tensor, zeros } from './index.js'

const no = -Infinity
const names = Object.keys(normalizers) as Normalizer[]
const { log } = Math

const cases: Record<Normalizer, [scores: number[], weights: number[]][]> = {
  softmax: [
    [
      [log(1), log(2), no, log(5)],
      [1 / 8, 2 / 8, 0, 5 / 8],
    ],
  ],
  sparsemax: [
    // 1 + 2 · 0.5 > 1.1 + … : the support is {1.1, 0.5}, τ = (1.6 − 1) / 2.
    [
      [0.5, 1.1, no, -2],
      [0.2, 0.8, 0, 0],
    ],
    // One far ahead takes all; equals share.
    [
      [3, 1, 0, no],
      [1, 0, 0, 0],
    ],
    [
      [7, 7, 7, 7],
      [0.25, 0.25, 0.25, 0.25],
    ],
    // All four stay in: τ = (1.0 − 1) / 4.
    [
      [0.4, 0.3, 0.2, 0.1],
      [0.4, 0.3, 0.2, 0.1],
    ],
  ],
  relu: [
    [
      [3, -5, 1, no],
      [0.75, 0, 0.25, 0],
    ],
    [
      [-1, 0, no, -3],
      [0, 0, 0, 0],
    ],
  ],
  sigmoid: [
    [
      [0, log(3), -log(3), no],
      [0.5, 0.75, 0.25, 0],
    ],
  ],
  linear: [
    [
      [6, -3, no, 0],
      [2, -1, 0, 0],
    ],
  ],
  hardmax: [
    [
      [1, 4, 4, no],
      [0, 1, 0, 0],
    ],
    [
      [no, no, -9, -8],
      [0, 0, 0, 1],
    ],
  ],
}

describe.each(names)('%s', (name) => {
  it('by hand', async () => {
    for (const [scores, weights] of cases[name]) {
      using x = tensor(scores, [1, 4])
      using y = normalizers[name](x)
      await expectWithin(y, weights, 1e-15)
    }
  })

  it('a row of −∞ alone gives zeros, and zeros as gradients; empty rows and no rows', async () => {
    using x = tensor([no, no, 1, 2], [2, 2])
    const { value, grads } = held(valueAndGrad({ x }, () => weightedSum(normalizers[name](x))))
    using y = normalizers[name](x)
    expect([...(await y.data())].slice(0, 2)).toEqual([0, 0])
    expect([...(await grads.x.data())].slice(0, 2).every((dx) => dx === 0)).toBe(true)
    expect(await value.item()).not.toBeNaN()
    const [wide, none] = held([zeros([2, 0]), zeros([0, 3])])
    const [a, b] = held([normalizers[name](wide), normalizers[name](none)])
    expect([a.shape, b.shape]).toEqual([
      [2, 0],
      [0, 3],
    ])
  })

  it('refuses integers', () => {
    using ids = zeros([2], { dtype: 'int32' })
    expect(() => normalizers[name](ids)).toThrow(coded('dtype', name, 'int32'))
  })
})

it.each(names.filter((name) => name !== 'hardmax'))('gradient of %s', async (name) => {
  using x = randn([2, 3, 5], { seed: 1, std: 2 })
  await gradcheck(({ x }) => normalizers[name](x), { x })
})

it.each(names)('%s: a key that may not be seen changes nothing for the others', async (name) => {
  using seen = randn([1, 3], { seed: 2 })
  using more = tensor([...(await seen.data()), no], [1, 4])
  const [alone, beside] = [seen, more].map((x) =>
    held({ y: normalizers[name](x), ...valueAndGrad({ x }, () => weightedSum(normalizers[name](x))) }),
  )
  expect([...(await beside.y.data())]).toEqual([...(await alone.y.data()), 0])
  const [dx, expected] = [await beside.grads.x.data(), await alone.grads.x.data()]
  await expectWithin(dx, [...expected, 0], 1e-15)
})

it('no gradient goes through hardmax', async () => {
  using x = randn([2, 3], { seed: 1 })
  const { grads } = held(valueAndGrad({ x }, () => weightedSum(normalizers.hardmax(x))))
  expect([...(await grads.x.data())]).toEqual(Array(6).fill(0))
})

it('sparsemax is the nearest point of the simplex: no other is nearer', () =>
  holds({ n: fc.integer({ min: 1, max: 8 }), seed }, async ({ n, seed }) => {
    using x = randn([n], { seed, std: 2 })
    using y = normalizers.sparsemax(x)
    using other = randn([n], { seed: seed + 1, std: 2 })
    using q = normalizers.softmax(other)
    const [xs, ys, qs] = await Promise.all([x, y, q].map(async (t) => [...(await t.data())]))
    const away = (p: readonly number[]) => xs.reduce((sum, x, j) => sum + (x - p[j]) ** 2, 0)
    await expectWithin([ys.reduce((a, b) => a + b, 0)], [1], 1e-12)
    expect(Math.min(...ys)).toBeGreaterThanOrEqual(0)
    expect(away(ys)).toBeLessThanOrEqual(away(qs) + 1e-12)
  }))
