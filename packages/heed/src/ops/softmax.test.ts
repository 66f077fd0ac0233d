import { expect, it } from 'vitest'
import { coded, expectWithin, gradcheck } from '../testing/index.js'
import { randn, softmax, tensor, zeros } from './index.js'

it('by hand: odds 1 : 2 : 5', async () => {
  using x = tensor([Math.log(1), Math.log(2), Math.log(5), 7, 7, 7], [2, 3])
  using y = softmax(x)
  await expectWithin(y, [1 / 8, 2 / 8, 5 / 8, 1 / 3, 1 / 3, 1 / 3], 1e-15)
})

it('stays finite, and a row of −∞ alone gives zeros', async () => {
  const no = -Infinity
  using x = tensor([1e4, -1e4, 1e4, no, 0, no, no, no, no], [3, 3])
  using y = softmax(x)
  expect([...(await y.data())]).toEqual([0.5, 0, 0.5, 0, 1, 0, 0, 0, 0])
})

it('empty rows and no rows', () => {
  using wide = zeros([2, 0])
  using none = zeros([0, 3])
  using a = softmax(wide)
  using b = softmax(none)
  expect([a.shape, b.shape]).toEqual([
    [2, 0],
    [0, 3],
  ])
})

it('gradient', async () => {
  using x = randn([2, 2, 4], { seed: 1, std: 2 })
  await gradcheck(({ x }) => softmax(x), { x })
})

it('refuses integers', () => {
  using ids = zeros([2], { dtype: 'int32' })
  expect(() => softmax(ids)).toThrow(coded('dtype', 'softmax', 'int32'))
})
