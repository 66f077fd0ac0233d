import { expect, it } from 'vitest'
import { coded, gradcheck } from '../testing/index.js'
import { linear, randn, slice, tensor, zeros } from './index.js'

it('is x Wᵀ + b by hand', async () => {
  using x = tensor([1, 2, 3, 4], [2, 2])
  using weight = tensor([1, 0, 0, 1, 1, -1], [3, 2])
  using bias = tensor([10, 20, 30])
  using y = linear(x, weight, bias)
  expect(y.shape).toEqual([2, 3])
  expect([...(await y.data())]).toEqual([11, 22, 29, 13, 24, 29])
  using activated = linear(x, weight, undefined, { activation: 'relu' })
  expect([...(await activated.data())]).toEqual([1, 2, 0, 3, 4, 0])
})

it('keeps leading dimensions, a vector has none', async () => {
  using weight = tensor([1, 1], [1, 2])
  using batch = zeros([2, 3, 2])
  using vector = tensor([3, 4])
  using a = linear(batch, weight)
  using b = linear(vector, weight)
  expect(a.shape).toEqual([2, 3, 1])
  expect(b.shape).toEqual([1])
  expect(await b.item()).toBe(7)
})

it('width 0 leaves the bias, zero rows leave zero gradients', async () => {
  using x = zeros([2, 0])
  using weight = zeros([3, 0])
  using bias = tensor([1, 2, 3])
  using y = linear(x, weight, bias)
  expect([...(await y.data())]).toEqual([1, 2, 3, 1, 2, 3])
  using rows = zeros([0, 2])
  using wide = randn([3, 2])
  await gradcheck(({ rows, wide, bias }) => linear(rows, wide, bias), { rows, wide, bias })
})

it('gradients, also through views', async () => {
  using x = randn([2, 2, 3], { seed: 1 })
  using weight = randn([4, 3], { seed: 2 })
  using bias = randn([4], { seed: 3 })
  await gradcheck(({ x, weight, bias }) => linear(x, weight, bias), { x, weight, bias })
  await gradcheck(({ x, weight }) => linear(x, weight), { x, weight })
  await gradcheck(({ x, weight, bias }) => linear(x, weight, bias, { activation: 'gelu' }), {
    x,
    weight,
    bias,
  })
  using narrow = randn([4, 2], { seed: 4 })
  await gradcheck(({ x, narrow }) => linear(slice(x, 2, 1, 3), narrow), { x, narrow })
})

it('takes a transposed weight, as Conv1D stores it', async () => {
  using x = randn([2, 2, 3], { seed: 1 })
  using stored = tensor([1, 0, 1, 0, 1, -1, 2, 3, 4], [3, 3])
  using turned = tensor([1, 0, 2, 0, 1, 3, 1, -1, 4], [3, 3])
  using bias = randn([3], { seed: 3 })
  using y = linear(x, stored, bias, { transposed: true })
  using same = linear(x, turned, bias)
  const expected = [...(await same.data())]
  ;[...(await y.data())].forEach((value, i) => expect(value).toBeCloseTo(expected[i], 6))
  using weight = randn([3, 4], { seed: 2 })
  using wide = randn([4], { seed: 4 })
  await gradcheck(
    ({ x, weight, wide }) => linear(x, weight, wide, { transposed: true, activation: 'silu' }),
    { x, weight, wide },
  )
  using column = wide.view([4, 1])
  expect(() => linear(x, column, undefined, { transposed: true })).toThrow(
    coded('shape', 'weight', '[3, ·]', '[4, 1]'),
  )
})

it('names the widths that differ', () => {
  using x = zeros([2, 3])
  using weight = zeros([4, 2])
  using bias = zeros([2])
  using fits = zeros([4, 3])
  expect(() => linear(x, weight)).toThrow(coded('shape', 'linear', 'weight', '[·, 3]', '[4, 2]'))
  expect(() => linear(x, fits, bias)).toThrow(coded('shape', 'bias', '[4]', '[2]'))
})
