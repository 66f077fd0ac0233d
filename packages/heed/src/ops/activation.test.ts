import { expect, it } from 'vitest'
import type { Activation } from '../backends/backend.js'
import { activation, gelu, geluTanh, randn, relu, silu, tensor } from './index.js'
import { coded, expectWithin, gradcheck } from '../testing/index.js'

it('relu is max(0, x)', async () => {
  using x = tensor([-2, -0, 0, 3], [2, 2])
  using y = relu(x)
  expect([...(await y.data())].map((v) => v + 0)).toEqual([0, 0, 0, 3])
  expect(y.shape).toEqual([2, 2])
})

it('gelu is x · Φ(x), exact', async () => {
  // Φ(1), Φ(−1) and Φ(−6) of the normal distribution.
  using x = tensor([0, 1, -1, -6, 30])
  using y = gelu(x)
  await expectWithin(y, [0, 0.8413447460685429, -0.15865525393145705, -6 * 9.865876450376981e-10, 30], 1e-15)
})

it('geluTanh is ½ x (1 + tanh …), as PyTorch gives it', async () => {
  const x = [-3, -1, -0.25, 0, 0.5, 2, 40]
  using t = tensor(x)
  using y = geluTanh(t)
  const u = (v: number) => Math.sqrt(2 / Math.PI) * (v + 0.044715 * v ** 3)
  await expectWithin(
    y,
    x.map((v) => 0.5 * v * (1 + Math.tanh(u(v)))),
    1e-15,
  )
  expect((await y.data())[1]).toBeCloseTo(-0.15880800939172324, 14)
})

it('silu is x σ(x), and neither overflows nor gives NaN', async () => {
  using x = tensor([0, 1, -1, -1e4, 1e4])
  using y = silu(x)
  await expectWithin(y, [0, 0.7310585786300049, -0.2689414213699951, 0, 1e4], 1e-15)
})

it('gradients', async () => {
  using x = tensor([-3, -1.2, -0.3, 0.2, 0.9, 4], [2, 3])
  await gradcheck(({ x }) => relu(x), { x })
  await gradcheck(({ x }) => gelu(x), { x })
  await gradcheck(({ x }) => geluTanh(x), { x })
  await gradcheck(({ x }) => silu(x), { x })
})

it('takes what is not dense', async () => {
  using x = randn([2, 3], { seed: 1 })
  using transposed = x.view([3, 2], [1, 3])
  using y = relu(transposed)
  const [a, b] = [await y.data(), await transposed.data()]
  expect([...a]).toEqual([...b].map((v) => Math.max(0, v)))
})

it('refuses other names and dtypes', () => {
  using x = tensor([1])
  using ids = tensor(new Int32Array([1]))
  expect(() => activation('swish' as Activation, x)).toThrow(coded('option', 'swish', 'relu', 'silu'))
  expect(() => relu(ids)).toThrow(coded('dtype', 'relu', 'int32 [1]'))
})
