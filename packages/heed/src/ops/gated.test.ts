import { expect, it } from 'vitest'
import type { Activation } from '../backends/backend.js'
import { coded, expectWithin, gradcheck } from '../testing/index.js'
import { activation, gated, randn, tensor, zeros } from './index.js'

const kinds = ['relu', 'gelu', 'geluTanh', 'silu'] as const

it('by hand: SwiGLU and ReGLU', async () => {
  using gate = tensor([1, -1, 0, 2], [2, 2])
  using up = tensor([2, 10, 5, -3], [2, 2])
  using swish = gated(gate, up, 'silu')
  const sigma = (x: number) => 1 / (1 + Math.exp(-x))
  await expectWithin(swish, [2 * sigma(1), -10 * sigma(-1), 0, -6 * sigma(2)], 1e-15)
  expect(swish.shape).toEqual([2, 2])
  using rectified = gated(gate, up, 'relu')
  await expectWithin(rectified, [2, 0, 0, -6], 0)
})

it('is the activation times up, also where neither is dense', async () => {
  using gate = randn([3, 5], { seed: 1 })
  using up = randn([3, 5], { seed: 2 })
  for (const kind of kinds) {
    using turnedGate = gate.view([5, 3], [1, 5])
    using turnedUp = up.view([5, 3], [1, 5])
    using y = gated(turnedGate, turnedUp, kind)
    using f = activation(kind, turnedGate)
    const [a, u] = [await f.data(), await turnedUp.data()]
    await expectWithin(
      y,
      a.map((v, i) => v * u[i]),
      1e-15,
    )
  }
})

it('gradients to both', async () => {
  using gate = tensor([-3, -1.2, -0.3, 0.2, 0.9, 4], [2, 3])
  using up = randn([2, 3], { seed: 3 })
  for (const kind of kinds) await gradcheck(({ gate, up }) => gated(gate, up, kind), { gate, up })
  await gradcheck(({ gate }) => gated(gate, gate, 'silu'), { gate })
})

it('names what does not fit', () => {
  using x = zeros([2, 3])
  using turned = zeros([3, 2])
  using ids = tensor(new Int32Array([1]))
  expect(() => gated(x, turned, 'silu')).toThrow(coded('shape', 'gate is [2, 3]', 'up is [3, 2]'))
  expect(() => gated(x, x, 'swish' as Activation)).toThrow(coded('option', "gated: 'swish'", "'silu'"))
  expect(() => gated(x, ids, 'silu')).toThrow(coded('dtype', 'up', 'int32 [1]'))
})
