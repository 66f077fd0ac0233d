import { expect, it } from 'vitest'
import { valueAndGrad } from '../autograd/index.js'
import { randomUnit } from '../backends/random.js'
import { coded, gradcheck, held, weightedSum } from '../testing/index.js'
import { dropHeads, full, randn, slice } from './index.js'

/** By the definition, number by number: x [B, T, H, D] as nested loops would have it. */
function plainly(x: ArrayLike<number>, [, T, H, D]: number[], rate: number, seed: number): number[] {
  return Array.from(x, (value, i) => {
    const [b, h] = [Math.floor(i / (T * H * D)), Math.floor(i / D) % H]
    const unit = (head: number) => randomUnit(seed, b * H + head)
    const heads = Array.from({ length: H }, (_, head) => head)
    let kept = heads.filter((head) => unit(head) >= rate)
    if (kept.length === 0) kept = [heads.reduce((a, c) => (unit(c) > unit(a) ? c : a))]
    return kept.includes(h) ? (value * H) / kept.length : 0
  })
}

it.each([0, 0.2, 0.6, 0.99])('is what its definition says, at rate %d', async (rate) => {
  const shape = [7, 3, 4, 5]
  using x = randn(shape, { seed: 1 })
  for (const seed of [1, 2, 3, 4, 5]) {
    using y = dropHeads(x, rate, seed)
    const [got, expected] = [await y.data(), plainly(await x.data(), shape, rate, seed)]
    expected.forEach((value, i) => expect(Math.abs(got[i] - value)).toBeLessThan(1e-12))
  }
})

it('drops the stated share of whole heads, keeps one of every sequence, and the heads add up to as much', async () => {
  const [B, H] = [4000, 4]
  using x = full([B, 2, H, 3], 1)
  using y = dropHeads(x, 0.4, 5)
  const values = await y.data()
  let dropped = 0
  for (let b = 0; b < B; b++) {
    const at = (t: number, h: number, d: number) => values[((b * 2 + t) * H + h) * 3 + d]
    const factors = Array.from({ length: H }, (_, h) => at(0, h, 0))
    for (const [h, factor] of factors.entries())
      for (const [t, d] of [[0, 2], [1, 0], [1, 2]]) expect(at(t, h, d)).toBe(factor) // prettier-ignore
    const kept = factors.filter((factor) => factor > 0).length
    expect(kept).toBeGreaterThan(0)
    expect(factors.reduce((sum, factor) => sum + factor)).toBeCloseTo(H, 12)
    dropped += H - kept
  }
  // One head of those sequences that would lose all, 0.4⁴ of them, stays.
  const expected = B * (H * 0.4 - 0.4 ** H)
  expect(Math.abs(dropped - expected)).toBeLessThan(5 * Math.sqrt(B * H * 0.4 * 0.6))
})

it('is a function of the seed, and of no other sequence', async () => {
  using x = full([6, 1, 8, 1], 1)
  using first = slice(x, 0, 0, 4)
  const [a, again, other, four] = held([
    dropHeads(x, 0.5, 1),
    dropHeads(x, 0.5, 1),
    dropHeads(x, 0.5, 2),
    dropHeads(first, 0.5, 1),
  ])
  expect(await again.data()).toEqual(await a.data())
  expect(await other.data()).not.toEqual(await a.data())
  expect(await four.data()).toEqual((await a.data()).slice(0, 32))
})

it('gradient: the factors of the forward', async () => {
  using x = randn([3, 2, 4, 2], { seed: 1 })
  await gradcheck(({ x }) => dropHeads(x, 0.4, 9), { x })
  using y = dropHeads(x, 0.4, 9)
  const { value, grads } = valueAndGrad({ x }, () => weightedSum(dropHeads(x, 0.4, 9)))
  const [kept, gradient] = [await y.data(), await grads.x.data()]
  expect([...gradient].map((g) => g === 0)).toEqual([...kept].map((v) => v === 0))
  value.dispose()
  grads.x.dispose()
})

it('takes shapes that hold nothing', async () => {
  for (const shape of [
    [0, 2, 3, 4],
    [2, 0, 3, 4],
    [2, 3, 0, 4],
    [2, 3, 4, 0],
  ]) {
    // prettier-ignore
    using x = full(shape, 1)
    using y = dropHeads(x, 0.5, 1)
    expect(y.shape).toEqual(shape)
  }
})

it('refuses a rate outside [0, 1), and what is not [B, T, H, D]', () => {
  using x = full([1, 2, 3, 4], 1)
  for (const rate of [1, -0.1, NaN])
    expect(() => dropHeads(x, rate, 1)).toThrow(coded('option', 'rate', `${rate}`))
  using flat = full([2, 12], 1)
  expect(() => dropHeads(flat, 0.5, 1)).toThrow(coded('shape', '[B, T, H, D]', '[2, 12]'))
})
