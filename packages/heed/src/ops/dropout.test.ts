import { expect, it } from 'vitest'
import { valueAndGrad } from '../autograd/index.js'
import { coded, gradcheck, weightedSum } from '../testing/index.js'
import { dropout, full, randn } from './index.js'

it('drops the stated share, and scales the rest so that the mean stays', async () => {
  using x = full([20_000], 3)
  using y = dropout(x, 0.3, 5)
  const values = [...(await y.data())]
  expect(new Set(values)).toEqual(new Set([0, 3 / 0.7]))
  const dropped = values.filter((v) => v === 0).length
  expect(Math.abs(dropped - 6000)).toBeLessThan(5 * Math.sqrt(20_000 * 0.3 * 0.7))
})

it('is a function of the seed', async () => {
  using x = full([64], 1)
  using a = dropout(x, 0.5, 1)
  using again = dropout(x, 0.5, 1)
  using other = dropout(x, 0.5, 2)
  expect(await again.data()).toEqual(await a.data())
  expect(await other.data()).not.toEqual(await a.data())
})

it('rate 0 keeps all', async () => {
  using x = randn([7], { seed: 1 })
  using y = dropout(x, 0, 1)
  expect(await y.data()).toEqual(await x.data())
})

it('gradient: the mask of the forward', async () => {
  using x = randn([4, 5], { seed: 1 })
  await gradcheck(({ x }) => dropout(x, 0.4, 9), { x })
  using y = dropout(x, 0.4, 9)
  const { value, grads } = valueAndGrad({ x }, () => weightedSum(dropout(x, 0.4, 9)))
  const [kept, gradient] = [await y.data(), await grads.x.data()]
  expect([...gradient].map((g) => g === 0)).toEqual([...kept].map((v) => v === 0))
  value.dispose()
  grads.x.dispose()
})

it('refuses a rate outside [0, 1)', () => {
  using x = full([2], 1)
  for (const rate of [1, -0.1, NaN])
    expect(() => dropout(x, rate, 1)).toThrow(coded('option', 'rate', `${rate}`))
})
