import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest'
import { currentBackend } from '../backends/current.js'
import { ReferenceBackend } from '../backends/reference/index.js'
import { WasmBackend } from '../backends/wasm/index.js'
import { randn, scale, tensor, zeros } from '../ops/index.js'
import { record } from '../ops/record.js'
import type { Tensor } from '../tensor/tensor.js'
import { expectWithin, gradcheck, held, within, withBackend } from './index.js'
import { leakCheck } from './leaks.js'

it('within measures against the largest element, and at least against 1e-3', () => {
  expect(within([100, 1e-4], [100, 0], 1e-6)).toBe(true)
  expect(within([100, 2e-4], [100, 0], 1e-6)).toBe(false)
  expect(within([1e-9], [0], 1e-6)).toBe(true)
  expect(within([2e-9], [0], 1e-6)).toBe(false)
})

it('within tells NaN, infinities and lengths apart', () => {
  expect(within([NaN, -Infinity], [NaN, -Infinity], 0)).toBe(true)
  expect(within([NaN], [1], 1)).toBe(false)
  expect(within([1], [NaN], 1)).toBe(false)
  expect(within([1], [-Infinity], 1)).toBe(false)
  expect(within([1], [1, 1], 1)).toBe(false)
})

it('expectWithin reads tensors and names the worst place', async () => {
  using t = tensor([1, 2, 3])
  await expectWithin(t, [1, 2, 3], 0)
  await expect(expectWithin(t, [1, 2.5, 3], 1e-3)).rejects.toThrow('worst at 1: got 2, expected 2.5')
})

const twice = (error: number) => (x: Tensor) =>
  record('twice', [x], scale(x, 2), (dy) => [scale(dy, 2 + error)])

it('gradcheck refuses a backward that is slightly wrong', async () => {
  using x = randn([4], { seed: 3 })
  await gradcheck(({ x }) => twice(0)(x), { x })
  await expect(gradcheck(({ x }) => twice(1e-4)(x), { x })).rejects.toThrow('d/dx[0]')
})

it('withBackend puts the backend back after a value, a promise and an error', async () => {
  const before = currentBackend()
  const other = new ReferenceBackend()
  expect(withBackend(other, currentBackend)).toBe(other)
  const later = withBackend(other, async () => {
    await Promise.resolve()
    return currentBackend()
  })
  expect(currentBackend()).toBe(other)
  expect(await later).toBe(other)
  expect(() =>
    withBackend(other, () => {
      throw new Error('inside')
    }),
  ).toThrow('inside')
  expect(currentBackend()).toBe(before)
})

it('the leak check counts tensors that are alive and were not', () => {
  using before = tensor([1])
  const check = leakCheck()
  check()
  const [leaked, view] = [tensor([1, 2]), before.view([1])]
  expect(check).toThrow('2 tensors leaked')
  leaked.dispose()
  expect(check).toThrow('1 tensor leaked')
  view.dispose()
  check()
})

it.each([
  ['wasm', () => new WasmBackend({ threads: 1 })],
  ['reference', () => new ReferenceBackend()],
])('the leak check sees memory of %s that no tensor holds', (name, start) => {
  const [old, young] = [start(), start()]
  const first = old.allocate('float32', 4)
  const check = leakCheck()
  for (const backend of [old, young]) {
    const storage = backend.allocate('float32', 100)
    expect(check).toThrow(`bytes of the ${name} backend leaked`)
    backend.free(storage)
    check()
  }
  old.free(first)
  for (const backend of [old, young]) backend.dispose()
})

it('a wasm backend that was disposed holds nothing', () => {
  const check = leakCheck()
  const backend = new WasmBackend({ threads: 1 })
  backend.allocate('float32', 100)
  expect(check).toThrow('leaked')
  backend.dispose()
  check()
})

it('held lives as long as the test', () => {
  expect(held({ t: zeros([1]) }).t.isDisposed).toBe(false)
})

describe('the check of every test', () => {
  let leaked: Tensor | undefined
  afterAll(() => leaked?.dispose())
  it.fails('fails a test that leaves a tensor', () => {
    leaked = zeros([1])
  })

  const late: Tensor[] = []
  beforeEach(() => () => late[0]?.dispose())
  afterEach(() => late[1]?.dispose())
  it('comes after what the hooks of the file free', () => {
    late.push(zeros([1]), zeros([1]))
  })
})
