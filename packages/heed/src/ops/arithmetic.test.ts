import { expect, it } from 'vitest'
import { ReferenceBackend } from '../backends/reference/index.js'
import type { Tensor } from '../tensor/tensor.js'
import { coded, gradcheck } from '../testing/index.js'
import { add, randn, scale, slice, tensor, zeros } from './index.js'

const values = async (t: Tensor) => {
  using owned = t
  return [...(await owned.data())]
}

it('adds one shape, and repeats trailing dimensions', async () => {
  using x = tensor([1, 2, 3, 4, 5, 6], [3, 2])
  using y = tensor([10, 20])
  using one = tensor([100], [])
  expect(await values(add(x, x))).toEqual([2, 4, 6, 8, 10, 12])
  expect(await values(add(x, y))).toEqual([11, 22, 13, 24, 15, 26])
  expect(await values(add(x, one))).toEqual([101, 102, 103, 104, 105, 106])
})

it('adds what is not dense', async () => {
  using x = tensor([1, 2, 3, 4, 5, 6], [3, 2])
  using column = slice(x, 1, 1, 2)
  expect(await values(add(column, column))).toEqual([4, 8, 12])
})

it('an empty tensor gives an empty one, and its partner a zero gradient', async () => {
  using x = zeros([0, 2])
  using y = tensor([1, 2])
  using sum = add(x, y)
  expect(sum.shape).toEqual([0, 2])
  await gradcheck(({ x, y }) => add(x, y), { x, y })
})

it('scales', async () => {
  using x = tensor([1, -2, 3])
  expect(await values(scale(x, -0.5))).toEqual([-0.5, 1, -1.5])
})

it('gradients', async () => {
  using x = randn([2, 3, 2], { seed: 1 })
  using same = randn([2, 3, 2], { seed: 2 })
  using trailing = randn([3, 2], { seed: 3 })
  await gradcheck(({ x, same }) => add(x, same), { x, same })
  await gradcheck(({ x, trailing }) => add(x, trailing), { x, trailing })
  await gradcheck(({ x }) => add(x, x), { x })
  await gradcheck(({ x }) => scale(x, 1.7), { x })
})

it('names shapes, dtypes, factors and backends that do not fit', () => {
  using x = tensor([1, 2, 3, 4, 5, 6], [3, 2])
  using y = tensor([1, 2, 3])
  using single = tensor([1, 2], [2], { dtype: 'float32' })
  using elsewhere = tensor([1, 2], [2], { backend: new ReferenceBackend({ dtype: 'float64' }) })
  expect(() => add(x, y)).toThrow(coded('shape', 'add', '[3]', '[3, 2]'))
  expect(() => add(y, x)).toThrow(coded('shape', '[3, 2]', '[3]'))
  expect(() => add(x, single)).toThrow(coded('dtype', 'float64', 'float32'))
  expect(() => add(x, elsewhere)).toThrow(coded('backend', 'x', 'y'))
  expect(() => add(x, [1, 2] as unknown as Tensor)).toThrow(coded('dtype', 'y must be a tensor'))
  expect(() => scale(x, NaN)).toThrow(coded('option', 'NaN'))
})
