import { expect, it } from 'vitest'
import { coded, expectWithin, gradcheck } from '../testing/index.js'
import { randn, rmsNorm, tensor, zeros } from './index.js'

it('by hand: mean squares 14/3 and 25', async () => {
  using x = tensor([1, 2, 3, 5, -5, 5], [2, 3])
  using gamma = tensor([1, 2, -3])
  using y = rmsNorm(x, gamma, 0.25)
  const [first, second] = [1 / Math.sqrt(14 / 3 + 0.25), 1 / Math.sqrt(25.25)]
  await expectWithin(y, [first, 4 * first, -9 * first, 5 * second, -10 * second, -15 * second], 1e-15)
})

it('eps is 1e-6 where nobody says otherwise, and zeros stay zeros', async () => {
  using x = tensor([1e-3, 0], [2, 1])
  using gamma = tensor([1])
  using y = rmsNorm(x, gamma)
  await expectWithin(y, [Math.SQRT1_2, 0], 1e-15)
})

it('gradients', async () => {
  using x = randn([2, 2, 5], { seed: 1 })
  using gamma = randn([5], { seed: 2 })
  await gradcheck(({ x, gamma }) => rmsNorm(x, gamma), { x, gamma })
  using narrow = randn([3, 1], { seed: 1 })
  using one = randn([1], { seed: 2 })
  await gradcheck(({ narrow, one }) => rmsNorm(narrow, one, 0.1), { narrow, one })
})

it('takes a view, and what is empty', async () => {
  using x = randn([3, 4], { seed: 1 })
  using gamma = randn([3], { seed: 2 })
  using turned = x.view([4, 3], [1, 4])
  using copy = tensor(await turned.data(), [4, 3])
  using y = rmsNorm(turned, gamma)
  using expected = rmsNorm(copy, gamma)
  await expectWithin(y, expected, 0)
  using noRows = zeros([0, 3])
  using noWidth = zeros([3, 0])
  using none = zeros([0])
  using a = rmsNorm(noRows, gamma)
  using b = rmsNorm(noWidth, none)
  expect([a.shape, b.shape]).toEqual([
    [0, 3],
    [3, 0],
  ])
})

it('names what does not fit', () => {
  using x = zeros([2, 3])
  using three = zeros([3])
  using two = zeros([2])
  using ids = tensor(new Int32Array([1, 2, 3]))
  expect(() => rmsNorm(x, two)).toThrow(coded('shape', 'rmsNorm', 'gamma', '[3]', '[2]'))
  expect(() => rmsNorm(x, three, -1)).toThrow(coded('option', 'eps', '-1'))
  expect(() => rmsNorm(x, ids)).toThrow(coded('dtype', 'gamma', 'int32 [3]'))
})
