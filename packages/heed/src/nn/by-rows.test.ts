import { describe, expect, test } from 'vitest'
import { valueAndGrad } from '../autograd/index.js'
import { crossEntropy, linear, randn, tensor } from '../ops/index.js'
import { layerNorm } from '../ops/layer-norm.js'
import { ReferenceBackend } from '../backends/reference/index.js'
import type { Backend } from '../backends/backend.js'
import { scope } from '../tensor/scope.js'
import type { Tensor } from '../tensor/tensor.js'
import { comparedBackends, dataOf, difference, withBackend } from '../testing/index.js'
import { byRows } from './index.js'

const backends = [{ name: 'reference', start: () => new ReferenceBackend() as Backend }, ...comparedBackends]

describe.each(backends)('$name', ({ start }) => {
  const onBackend = async (work: (backend: Backend) => Promise<void>) => {
    const backend = start()
    try {
      await withBackend(backend, () => work(backend))
    } finally {
      backend.dispose()
    }
  }

  test('a long x gives the same bits in less memory', () =>
    onBackend(async (backend) => {
      using w1 = randn([24, 6], { seed: 1 })
      using w2 = randn([6, 24], { seed: 2 })
      using gamma = randn([6], { seed: 3 })
      using beta = randn([6], { seed: 4 })
      const feedForward = (x: Tensor) =>
        linear(linear(layerNorm(x, gamma, beta, 1e-5), w1, undefined, { activation: 'geluTanh' }), w2)
      // A length that no block of rows divides, and an x that is not dense.
      using wide = randn([3, 1777, 12], { seed: 5 })
      using x = wide.view([3, 1777, 6], wide.strides)
      let [most, calls] = [0, 0]
      const before = backend.bytesInUse
      using some = byRows(x, (rows) => {
        const y = feedForward(rows)
        calls++
        most = Math.max(most, backend.bytesInUse - before)
        return y
      })
      expect(calls).toBeGreaterThan(1)
      expect(some.shape).toEqual(x.shape)
      using all = scope(() => feedForward(x))
      expect(difference(await dataOf([some]), await dataOf([all]))).toBeUndefined()
      // A dense copy of x, its result, and of some of the rows all that is made on the way (6 + 2 · 24 + 6 wide).
      const [rows, bytes] = [3 * 1777, backend.floats[0] === 'float64' ? 8 : 4]
      expect(most).toBeLessThan((2 * rows * 6 + 2048 * (6 + 2 * 24 + 6)) * bytes * 1.1)
    }))

  test('gradients are those of all rows at once', () =>
    onBackend(async () => {
      using w = randn([4, 4], { seed: 1 })
      using x = randn([2500, 4], { seed: 2 })
      using targets = tensor(Int32Array.from({ length: 2500 }, (_, i) => i % 4))
      let calls = 0
      const layer = (x: Tensor) => {
        calls++
        return linear(x, w)
      }
      const some = valueAndGrad({ w }, () => crossEntropy(byRows(x, layer), targets))
      expect(calls).toBe(1)
      const all = valueAndGrad({ w }, () => crossEntropy(layer(x), targets))
      expect(difference(await dataOf([some.grads.w]), await dataOf([all.grads.w]))).toBeUndefined()
      for (const { value, grads } of [some, all]) for (const t of [value, grads.w]) t.dispose()
    }))
})
