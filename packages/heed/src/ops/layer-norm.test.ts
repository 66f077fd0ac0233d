import { expect, it } from 'vitest'
import { coded, expectWithin, gradcheck } from '../testing/index.js'
import { full, layerNorm, randn, tensor, zeros } from './index.js'

it('by hand: mean 2, biased variance 2/3', async () => {
  using x = tensor([1, 2, 3, 5, 5, 5], [2, 3])
  using gamma = tensor([1, 2, 3])
  using beta = tensor([0, 10, 0])
  using y = layerNorm(x, gamma, beta, 0.25)
  const unit = 1 / Math.sqrt(2 / 3 + 0.25)
  await expectWithin(y, [-unit, 10, 3 * unit, 0, 10, 0], 1e-15)
})

it('does not mind a large mean', async () => {
  using x = tensor([1e6 - 1, 1e6, 1e6 + 1])
  using gamma = full([3], 1)
  using beta = zeros([3])
  using y = layerNorm(x, gamma, beta, 0)
  await expectWithin(y, [-Math.sqrt(1.5), 0, Math.sqrt(1.5)], 1e-12)
})

it('gradients', async () => {
  using x = randn([2, 2, 5], { seed: 1 })
  using gamma = randn([5], { seed: 2 })
  using beta = randn([5], { seed: 3 })
  await gradcheck(({ x, gamma, beta }) => layerNorm(x, gamma, beta), { x, gamma, beta })
  using narrow = randn([3, 1], { seed: 1 })
  using one = randn([1], { seed: 2 })
  await gradcheck(({ narrow, one }) => layerNorm(narrow, one, one, 0.1), { narrow, one })
})

it('names what does not fit', () => {
  using x = zeros([2, 3])
  using three = zeros([3])
  using two = zeros([2])
  expect(() => layerNorm(x, two, three)).toThrow(coded('shape', 'gamma', '[3]', '[2]'))
  expect(() => layerNorm(x, three, two)).toThrow(coded('shape', 'beta', '[3]', '[2]'))
  expect(() => layerNorm(x, three, three, -1)).toThrow(coded('option', 'eps', '-1'))
  expect(() => layerNorm(x, three, three, NaN)).toThrow(coded('option', 'eps', 'NaN'))
})
