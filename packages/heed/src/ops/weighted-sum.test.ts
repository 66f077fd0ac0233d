import { expect, it } from 'vitest'
import { coded, gradcheck, held } from '../testing/index.js'
import { randn, slice, tensor, weightedSum, zeros } from './index.js'

it('by hand: two queries over three values, two components', async () => {
  using weights = tensor([0.5, 0.25, 0.25, 0, 2, -1], [1, 1, 2, 3])
  using v = tensor([8, 1, 4, 2, 16, 3], [1, 3, 1, 2])
  using out = weightedSum(weights, v)
  expect(out.shape).toEqual([1, 2, 1, 2])
  expect([...(await out.data())]).toEqual([9, 1.75, -8, 1])
})

it('query heads share the values of their group, and heads come after time', async () => {
  using weights = tensor([1, 2, 3, 4, 5, 6, 7, 8], [1, 4, 2, 1])
  using v = tensor([10, 100], [1, 1, 2, 1])
  using out = weightedSum(weights, v)
  expect(out.shape).toEqual([1, 2, 4, 1])
  expect([...(await out.data())]).toEqual([10, 30, 500, 700, 20, 40, 600, 800])
})

it('no keys give zeros, no queries nothing', async () => {
  const [v, weights] = held([randn([2, 3, 1, 2]), zeros([2, 2, 2, 0])])
  using none = slice(v, 1, 0, 0)
  using out = weightedSum(weights, none)
  expect([...(await out.data())]).toEqual(Array(16).fill(0))
  using noQueries = zeros([2, 2, 0, 3])
  using empty = weightedSum(noQueries, v)
  expect(empty.shape).toEqual([2, 0, 2, 2])
})

it.each([
  [1, 2, 3, 1, 1, 2],
  [2, 3, 4, 4, 2, 3],
  [2, 2, 2, 3, 1, 1],
])('gradients: B %i, Tq %i, Tk %i, H %i, Hkv %i, Dv %i', async (B, Tq, Tk, H, Hkv, Dv) => {
  const inputs = held({ w: randn([B, H, Tq, Tk], { seed: 1 }), v: randn([B, Tk, Hkv, Dv], { seed: 2 }) })
  await gradcheck(({ w, v }) => weightedSum(w, v), inputs)
})

it('gradients of views', async () => {
  using x = randn([2, 3, 3, 4], { seed: 3 })
  await gradcheck(({ x }) => weightedSum(slice(x, 3, 0, 3), slice(x, 2, 1, 2)), { x })
})

it('names what does not fit', () => {
  const [weights, v, two] = held([zeros([1, 3, 2, 4]), zeros([1, 4, 2, 5]), zeros([4, 5])])
  expect(() => weightedSum(weights, v)).toThrow(coded('shape', '[1, 3, 2, 4]', '[1, 4, 2, 5]'))
  expect(() => weightedSum(weights, two)).toThrow(coded('shape', '[4, 5]'))
  using ids = zeros([1, 4, 1, 5], { dtype: 'int32' })
  expect(() => weightedSum(weights, ids)).toThrow(coded('dtype', 'v', 'int32'))
})
