import { expect, it } from 'vitest'
import { coded, gradcheck } from '../testing/index.js'
import { embedding, linear, randn, tensor } from './index.js'

const ids = (...values: number[]) => tensor(new Int32Array(values))

it('looks rows up, times the factor; an id outside reads zeros', async () => {
  using table = tensor([1, 2, 3, 4, 5, 6], [3, 2])
  using at = tensor(new Int32Array([2, 0, 2, -1, 3, 1]), [2, 3])
  using y = embedding(at, table, 2)
  expect(y.shape).toEqual([2, 3, 2])
  expect([...(await y.data())]).toEqual([10, 12, 2, 4, 10, 12, 0, 0, 0, 0, 6, 8])
})

it('gradient: repeated ids add up, ids outside add nothing', async () => {
  using table = randn([4, 3], { seed: 1 })
  using at = ids(2, 0, 2, 2, -1, 4)
  await gradcheck(({ table }) => embedding(at, table, 1.5), { table })
})

it('gradient of a table tied with the output projection', async () => {
  using table = randn([4, 3], { seed: 2 })
  using at = ids(1, 3)
  await gradcheck(({ table }) => linear(embedding(at, table), table), { table })
})

it('names dtypes and shapes that do not fit', () => {
  using table = tensor([1, 2, 3, 4, 5, 6], [3, 2])
  using flat = tensor([1, 2])
  using at = ids(0)
  expect(() => embedding(table, table)).toThrow(coded('dtype', 'ids must be int32', 'float64 [3, 2]'))
  expect(() => embedding(at, at)).toThrow(coded('dtype', 'table must be float'))
  expect(() => embedding(at, flat)).toThrow(coded('shape', 'table', '[2]'))
})
