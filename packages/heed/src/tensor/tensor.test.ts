import * as fc from 'fast-check'
import { expect, it } from 'vitest'
import { ReferenceBackend } from '../backends/reference/index.js'
import {
  add,
  attention,
  dropout,
  gelu,
  layerNorm,
  linear,
  randn,
  reshape,
  slice,
  softmax,
  tensor,
  zeros,
} from '../ops/index.js'
import { coded } from '../testing/index.js'
import { checkShape, denseStrides, isDense, liveTensors, type Shape, sizeOf, type Tensor } from './index.js'

it('knows its shape, dtype and device', () => {
  using t = zeros([2, 3, 4], { dtype: 'float32' })
  expect([t.rank, t.size, t.dtype, t.strides, t.isDense]).toEqual([3, 24, 'float32', [12, 4, 1], true])
  expect(`${t}`).toBe('Tensor(float32 [2, 3, 4] on reference)')
})

it('memory lives until the last view is disposed', () => {
  const backend = new ReferenceBackend()
  const a = zeros([4], { backend })
  const b = a.view([2, 2])
  const c = b.view([2], [1], 2)
  expect(a.storage.refs).toBe(3)
  b.dispose()
  b.dispose()
  a.dispose()
  expect(a.storage.refs).toBe(1)
  expect(backend.bytesInUse).toBe(16)
  c.dispose()
  expect(backend.bytesInUse).toBe(0)
})

it('data of a strided view is a copy in row-major order', async () => {
  using t = tensor(
    Array.from({ length: 24 }, (_, i) => i),
    [2, 3, 4],
  )
  using transposed = t.view([4, 2], [1, 12], 4)
  expect([...(await transposed.data())]).toEqual([4, 16, 5, 17, 6, 18, 7, 19])
  using repeated = t.view([2, 2], [0, 1], 3)
  expect([...(await repeated.data())]).toEqual([3, 4, 3, 4])
  using part = t.view([2], [1], 22)
  expect([...(await part.data())]).toEqual([22, 23])
})

it('data of any view: element by element', async () => {
  const dims = fc.array(fc.tuple(fc.nat(4), fc.integer({ min: -5, max: 5 })), { maxLength: 4 })
  await fc.assert(
    fc.asyncProperty(dims, fc.nat(6), async (dims, spare) => {
      const [shape, strides] = [dims.map(([d]) => d), dims.map(([, s]) => s)]
      const steps = dims.map(([d, s]) => Math.max(0, d - 1) * s)
      const offset = spare - steps.reduce((n, step) => n + Math.min(0, step), 0)
      const span = offset + 1 + steps.reduce((n, step) => n + Math.max(0, step), 0)
      using t = tensor(Array.from({ length: span }, (_, i) => i))
      using view = t.view(shape, strides, offset)
      const expected = dims.reduce(
        (at, [d, s]) => at.flatMap((a) => Array.from({ length: d }, (_, i) => a + i * s)),
        [offset],
      )
      expect([...(await view.data())]).toEqual(expected)
    }),
  )
})

it('a disposed tensor cannot be used, and says where', async () => {
  const t = zeros([2, 3])
  using other = zeros([2, 3])
  t.dispose()
  expect(t.isDisposed).toBe(true)
  const disposed = coded('disposed', 'float64 tensor [2, 3]')
  await expect(t.data()).rejects.toThrow(coded('disposed', 'data:', '[2, 3]'))
  expect(() => t.view([6])).toThrow(disposed)
  expect(() => add(other, t)).toThrow(coded('disposed', 'add:', '[2, 3]'))
  expect(() => reshape(t, [6])).toThrow(disposed)
  expect(() => slice(t, 0, 0, 1)).toThrow(disposed)
})

it('item takes one element', async () => {
  using one = tensor([3], [1, 1])
  using two = zeros([2])
  expect(await one.item()).toBe(3)
  await expect(two.item()).rejects.toThrow(coded('shape', '[2]'))
})

it('ops outside of a scope leave nothing behind but their result', () => {
  using wide = randn([2, 3, 4, 8], { seed: 1 })
  using x = slice(wide, 3, 2, 6) // not dense: every op copies it first
  using weight = randn([5, 4])
  using one = randn([4])
  using mask = zeros([1, 1, 1, 3], { dtype: 'bool' })
  const ops: Record<string, () => Tensor> = {
    add: () => add(x, x),
    attention: () => attention(x, x, x, { mask }),
    dropout: () => dropout(x, 0.5, 1),
    gelu: () => gelu(x),
    layerNorm: () => layerNorm(x, one, one),
    linear: () => linear(x, weight, undefined, { activation: 'relu' }),
    reshape: () => reshape(x, [-1]),
    softmax: () => softmax(x),
  }
  for (const [name, op] of Object.entries(ops)) {
    const before = liveTensors()
    const y = op()
    expect([name, liveTensors() - before, y.storage.refs]).toEqual([name, 1, 1])
    y.dispose()
  }
})

it('a view lies inside its memory', () => {
  using x = zeros([2, 3])
  using last = x.view([2], [3], 2)
  expect(last.shape).toEqual([2])
  using none = x.view([0, 9])
  expect(none.size).toBe(0)
  const views: [Shape, number[]?, number?][] = [
    [[20]],
    [[2], [3], 3],
    [[3], [-1], 1],
    [[2, 3], [3, -1], 1],
    [[2], [0.5]],
    [[2], [1, 1]],
    [[1], [1], -1],
    [[-1]],
  ]
  for (const view of views) expect(() => x.view(...view)).toThrow(coded('shape', 'view'))
})

it('shapes', () => {
  expect(denseStrides([2, 3, 4])).toEqual([12, 4, 1])
  expect(denseStrides([])).toEqual([])
  expect(sizeOf([])).toBe(1)
  expect(isDense([1, 3], [99, 1])).toBe(true)
  expect(isDense([2, 3], [1, 2])).toBe(false)
  expect(isDense([2, 3], [6, 2])).toBe(false)
  for (const bad of [[-1], [0.5], [NaN], [2 ** 53]])
    expect(() => checkShape(bad, 'x')).toThrow(coded('shape', 'x:'))
})
