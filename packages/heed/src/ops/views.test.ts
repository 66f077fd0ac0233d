import { expect, it } from 'vitest'
import { coded, gradcheck, held } from '../testing/index.js'
import { add, randn, reshape, slice, tensor, zeros } from './index.js'

it('reshape keeps the elements in order and copies only what is not dense', async () => {
  using x = tensor([1, 2, 3, 4, 5, 6], [2, 3])
  using y = reshape(x, [3, -1])
  expect(y.shape).toEqual([3, 2])
  expect(y.storage).toBe(x.storage)
  using columns = slice(x, 1, 1, 3)
  using flat = reshape(columns, [4])
  expect(flat.storage).not.toBe(x.storage)
  expect([...(await flat.data())]).toEqual([2, 3, 5, 6])
  using scalar = reshape(held(slice(columns, 0, 0, 0)), [0, 7])
  expect(scalar.shape).toEqual([0, 7])
})

it('slice is a view along any axis', async () => {
  using x = tensor(
    Array.from({ length: 24 }, (_, i) => i),
    [2, 3, 4],
  )
  using rows = slice(x, 1, 1, 3)
  using inner = slice(rows, 2, 2, 3)
  using last = slice(inner, 0, 1, 2)
  expect(last.storage).toBe(x.storage)
  expect([...(await inner.data())]).toEqual([6, 10, 18, 22])
  expect([...(await last.data())]).toEqual([18, 22])
  using empty = slice(x, 2, 4, 4)
  expect(empty.shape).toEqual([2, 3, 0])
  expect((await empty.data()).length).toBe(0)
})

it('gradients: overlapping slices add up, what is outside gets zeros', async () => {
  using x = randn([2, 4, 3], { seed: 1 })
  await gradcheck(({ x }) => add(slice(x, 1, 0, 2), slice(x, 1, 1, 3)), { x })
  await gradcheck(({ x }) => slice(slice(x, 2, 1, 3), 0, 1, 2), { x })
  await gradcheck(({ x }) => reshape(slice(x, 1, 1, 3), [3, 4]), { x })
  await gradcheck(({ x }) => slice(reshape(x, [6, 4]), 0, 2, 5), { x })
})

it('names what does not fit', () => {
  using x = zeros([2, 3])
  for (const shape of [[4], [4, -1], [-1, -1], [-2, -3], [1.5, 4], [0, -1]])
    expect(() => reshape(x, shape)).toThrow(coded('shape', '[2, 3]', '6 elements', `[${shape.join(', ')}]`))
  expect(() => slice(x, 1, 1, 4)).toThrow(coded('shape', '1 to 4', 'axis 1', '[2, 3]'))
  expect(() => slice(x, 1, 2, 1)).toThrow(coded('shape', '2 to 1'))
  expect(() => slice(x, 2, 0, 0)).toThrow(coded('shape', 'axis 2'))
  expect(() => slice(x, 0, 0.5, 1)).toThrow(coded('shape', '0.5'))
})
