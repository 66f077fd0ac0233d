import { beforeEach, expect, test } from 'vitest'
import { setBackend } from '../backends/current.js'
import { ReferenceBackend } from '../backends/reference/index.js'
import { tensor } from '../ops/create.js'
import { coded } from '../testing/index.js'
import { AdamW, globalNorm } from './adamw.js'

beforeEach(() => void setBackend(new ReferenceBackend({ dtype: 'float64' })))

test('one step worked out by hand', async () => {
  using w = tensor([1, -2], [1, 2])
  using g = tensor([3, 4], [1, 2])
  using optimiser = new AdamW({ w }, { beta1: 0.9, beta2: 0.98, eps: 0, weightDecay: 0.1, clip: 1 })
  // The norm is 5, so g becomes [0.6, 0.8]; at t = 1, m̂ = g and v̂ = g²: a step of rate · sign, and the decay.
  expect(await optimiser.step({ w: g }, 0.01)).toEqual({ norm: 5, skipped: false })
  const [a, b] = await w.data()
  expect(a).toBeCloseTo(1 - 0.01 * (1 + 0.1), 14)
  expect(b).toBeCloseTo(-2 - 0.01 * (1 - 0.2), 14)
})

test('many steps equal the formulas, and only matrices decay', async () => {
  const start: Record<string, [number[], number[]]> = {
    'encoder.weight': [
      [0.5, -1, 2, 0.25],
      [2, 2],
    ],
    'encoder.bias': [[0.1, -0.2], [2]],
    'embedding.weight': [
      [1, 2, 3, 4],
      [2, 2],
    ],
  }
  const params = Object.fromEntries(
    Object.entries(start).map(([name, [x, shape]]) => [name, tensor(x, shape)]),
  )
  const [beta1, beta2, eps, weightDecay, clip] = [0.9, 0.98, 1e-9, 0.05, 0.7]
  const optimiser = new AdamW(params, { beta1, beta2, eps, weightDecay, clip })
  const expected = Object.entries(start).map(([name, [x]]) => ({
    name,
    x: [...x],
    m: x.map(() => 0),
    v: x.map(() => 0),
  }))
  for (let t = 1; t <= 20; t++) {
    const rate = 0.01 / t
    const gradient = (p: number, i: number) => Math.sin(3 * t + 5 * p + i) / t
    const norm = Math.hypot(...expected.flatMap(({ x }, p) => x.map((_, i) => gradient(p, i))))
    expected.forEach(({ name, x, m, v }, p) => {
      for (let i = 0; i < x.length; i++) {
        const g = gradient(p, i) * Math.min(1, clip / norm)
        m[i] = beta1 * m[i] + (1 - beta1) * g
        v[i] = beta2 * v[i] + (1 - beta2) * g * g
        const decay = name === 'encoder.weight' ? weightDecay * x[i] : 0
        x[i] -= rate * (m[i] / (1 - beta1 ** t) / (Math.sqrt(v[i] / (1 - beta2 ** t)) + eps) + decay)
      }
    })
    const grads = Object.fromEntries(
      Object.entries(start).map(([name, [x, shape]], p) => [
        name,
        tensor(
          x.map((_, i) => gradient(p, i)),
          shape,
        ),
      ]),
    )
    expect((await optimiser.step(grads, rate)).norm).toBeCloseTo(norm, 12)
    for (const g of Object.values(grads)) g.dispose()
  }
  for (const { name, x } of expected) {
    const got = await params[name].data()
    x.forEach((value, i) => expect(got[i]).toBeCloseTo(value, 12))
    params[name].dispose()
  }
  optimiser.dispose()
})

test('a step with a gradient that is not finite changes nothing', async () => {
  using w = tensor([1, 2])
  using bad = tensor([1, NaN])
  using good = tensor([1, 1])
  using optimiser = new AdamW({ w })
  expect(await optimiser.step({ w: bad }, 1)).toEqual({ norm: NaN, skipped: true })
  expect([optimiser.updates, ...(await w.data())]).toEqual([0, 1, 2])
  await optimiser.step({ w: good }, 1)
  expect(optimiser.updates).toBe(1)
  expect((await w.data())[0]).toBeCloseTo(0, 8)
})

test('a loaded state goes on as the saved one would have', async () => {
  using w1 = tensor([1, -2])
  using w2 = tensor([1, -2])
  using g = tensor([0.3, -0.1])
  using one = new AdamW({ w: w1 })
  using two = new AdamW({ w: w2 })
  await one.step({ w: g }, 0.1)
  await two.step({ w: g }, 0.1)
  using three = new AdamW({ w: w2 })
  three.load(two.state())
  await one.step({ w: g }, 0.1)
  await three.step({ w: g }, 0.1)
  expect(await w2.data()).toEqual(await w1.data())
  expect(() => three.load({ updates: 1, tensors: {} })).toThrow(/nothing for exp_avg.w/)
})

test('gradients must match the parameters', async () => {
  using w = tensor([1, -2])
  using g = tensor([1])
  using optimiser = new AdamW({ w })
  await expect(optimiser.step({ w: g }, 1)).rejects.toThrow('the gradient of w must be [2], got [1]')
  await expect(optimiser.step({}, 1)).rejects.toThrow('got none')
  using single = tensor([1, 1], [2], { dtype: 'float32' })
  await expect(optimiser.step({ w: single }, 1)).rejects.toThrow(coded('dtype', 'float32', 'float64'))
  using other = tensor([1, 1], [2], { backend: new ReferenceBackend({ dtype: 'float64' }) })
  await expect(optimiser.step({ w: other }, 1)).rejects.toThrow(coded('dtype', 'w'))
  for (const rate of [NaN, -1, Infinity])
    await expect(optimiser.step({ w }, rate)).rejects.toThrow(coded('option', 'rate', String(rate)))
  using wide = tensor([1, 2, 3, 4], [2, 2])
  using column = wide.view([2], [2])
  await expect(optimiser.step({ w: column }, 1)).rejects.toThrow(coded('shape', 'strided'))
  expect(() => new AdamW({ column })).toThrow(coded('shape', 'column', 'strided'))
  expect(await globalNorm([])).toBe(0)
})
