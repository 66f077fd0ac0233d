import { expect, it } from 'vitest'
import { coded, expectWithin, gradcheck, held } from '../testing/index.js'
import { scope } from '../tensor/index.js'
import { randn, rotary, slice, tensor, zeros } from './index.js'

/** cos and sin of the angles. */
const tables = (angles: number[], shape: number[]) =>
  held({
    cos: tensor(angles.map(Math.cos), shape),
    sin: tensor(angles.map(Math.sin), shape),
  })

it('by hand: halves and neighbours, and what passes through', async () => {
  using x = tensor([1, 2, 3, 4, 5, 1, 0, 0, 0, 6], [1, 1, 2, 5])
  // Angles 90° and 180°: (a, b) becomes (−b, a) and (−a, −b).
  const { cos, sin } = tables([Math.PI / 2, Math.PI], [1, 2])
  using halves = rotary(x, cos, sin)
  await expectWithin(halves, [-3, -2, 1, -4, 5, 0, 0, 1, 0, 6], 1e-15)
  using pairs = rotary(x, cos, sin, { interleaved: true })
  await expectWithin(pairs, [-2, 1, -3, -4, 5, 0, 1, 0, 0, 6], 1e-15)
})

it('makes products depend on the distance alone', async () => {
  const frequencies = [1, 0.3, 0.01]
  using q = randn([1, 1, 1, 6], { seed: 1 })
  using k = randn([1, 1, 1, 6], { seed: 2 })
  for (const interleaved of [false, true]) {
    const product = async (m: number, n: number) => {
      const turn = async (x: typeof q, position: number) => {
        const { cos, sin } = tables(
          frequencies.map((w) => w * position),
          [1, 3],
        )
        using y = rotary(x, cos, sin, { interleaved })
        return Array.from(await y.data())
      }
      const [a, b] = [await turn(q, m), await turn(k, n)]
      return a.reduce((sum, v, i) => sum + v * b[i], 0)
    }
    expect(await product(1007, 1000)).toBeCloseTo(await product(7, 0), 10)
    expect(await product(7, 0)).not.toBeCloseTo(await product(6, 0), 2)
  }
})

it('angles of every batch, on a view into a fused projection', async () => {
  using fused = randn([2, 3, 5, 4], { seed: 3 })
  using heads = slice(fused, 2, 1, 3)
  using x = slice(heads, 1, 1, 3)
  const { cos, sin } = tables([0, 1, 2, 3, 4, 5, 6, 7], [2, 2, 2])
  using y = rotary(x, cos, sin)
  for (const b of [0, 1]) {
    using alone = slice(x, 0, b, b + 1)
    using turned = scope(() => {
      const [c, s] = [cos, sin].map((t) => slice(t, 0, b, b + 1).view([2, 2]))
      return rotary(alone, c, s)
    })
    using part = slice(y, 0, b, b + 1)
    await expectWithin(part, turned, 0)
  }
})

it('gradients', async () => {
  using x = randn([2, 2, 2, 5], { seed: 1 })
  const shared = tables([0.1, 2, 3, 4], [2, 2])
  const own = tables([0.1, 2, 3, 4], [2, 2, 1])
  for (const interleaved of [false, true])
    for (const { cos, sin } of [shared, own])
      await gradcheck(({ x }) => rotary(x, cos, sin, { interleaved }), { x })
  // The view's gradient reaches what it looks into.
  await gradcheck(({ x }) => rotary(slice(x, 2, 1, 2), shared.cos, shared.sin), { x })
})

it('takes empty dimensions, and no pair at all', async () => {
  for (const [B, T, H, D, half] of [
    [0, 2, 1, 4, 2],
    [1, 0, 1, 4, 2],
    [1, 2, 0, 4, 2],
    [1, 2, 1, 0, 0],
    [1, 2, 1, 3, 0],
  ]) {
    using x = randn([B, T, H, D])
    using angles = zeros([T, half])
    using y = rotary(x, angles, angles)
    expect(y.shape).toEqual([B, T, H, D])
    if (half === 0) await expectWithin(y, x, 0)
  }
})

it('names what does not fit', () => {
  using x = zeros([2, 3, 1, 4])
  const angles = (...shape: number[]) => held(zeros(shape))
  const two = angles(3, 2)
  const call = (cos = two, sin = cos, options = {}) => rotary(x, cos, sin, options)
  expect(() => rotary(two, two, two)).toThrow(coded('shape', '[B, T, H, D]', 'x [3, 2]'))
  expect(() => call(two, angles(3, 1))).toThrow(coded('shape', 'one shape', 'cos [3, 2]', 'sin [3, 1]'))
  expect(() => call(angles(4, 2))).toThrow(coded('shape', '[3, ·]', 'cos [4, 2]'))
  expect(() => call(angles(1, 3, 2))).toThrow(coded('shape', '[2, 3, ·]', 'cos [1, 3, 2]'))
  expect(() => call(angles(2))).toThrow(coded('shape', 'cos [2]'))
  expect(() => call(angles(3, 3))).toThrow(coded('shape', 'R = 6', 'heads have 4'))
  expect(() => call(two, two, { interleaved: 1 })).toThrow(coded('option', 'interleaved', '1'))
  expect(() => call(two, two, { interleave: true })).toThrow(coded('option', "'interleave'"))
  expect(() => call(held(zeros([3, 2], { dtype: 'int32' })))).toThrow(coded('dtype', 'cos', 'int32 [3, 2]'))
})
