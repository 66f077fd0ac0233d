import { expect, it } from 'vitest'
import { full, tensor, zeros } from '../../ops/index.js'
import { Tensor } from '../../tensor/tensor.js'
import { coded, expectWithin } from '../../testing/index.js'
import { ReferenceBackend } from './index.js'

it('has both floats, the chosen one first', () => {
  expect(new ReferenceBackend().floats).toEqual(['float32', 'float64'])
  expect(new ReferenceBackend({ dtype: 'float64' }).floats).toEqual(['float64', 'float32'])
  expect(() => new ReferenceBackend({ dtype: 'int32' as 'float32' })).toThrow(coded('dtype', 'int32'))
})

it('counts the bytes in use, once for all views', () => {
  const backend = new ReferenceBackend()
  const a = zeros([3, 5], { backend })
  const b = zeros([2], { backend, dtype: 'float64' })
  const c = tensor([true, false, true], [3], { backend })
  const view = a.view([15])
  expect(backend.bytesInUse).toBe(60 + 16 + 3)
  a.dispose()
  expect(backend.bytesInUse).toBe(60 + 16 + 3)
  view.dispose()
  b.dispose()
  c.dispose()
  expect(backend.bytesInUse).toBe(0)
})

it('refuses what does not fit into memory, with its size', () => {
  const backend = new ReferenceBackend()
  expect(() => backend.allocate('float32', 2 ** 50)).toThrow(coded('memory', '1125899906842624 float32'))
  expect(backend.bytesInUse).toBe(0)
})

it('gives no zeros that nobody wrote', async () => {
  using t = Tensor.empty(new ReferenceBackend(), 'float32', [2])
  expect([...(await t.data())]).toEqual([NaN, NaN])
})

it('kernels refuse a disposed tensor', () => {
  const backend = new ReferenceBackend()
  const [x, out] = [zeros([2], { backend }), zeros([2], { backend })]
  x.dispose()
  expect(() => backend.kernels.scale(x, 2, out)).toThrow(coded('disposed'))
  out.dispose()
})

it('stores float32 rounded, after adding in double', async () => {
  const backend = new ReferenceBackend()
  using x = tensor([1, 2 ** -30, -1], [3, 1], { backend })
  using out = zeros([1], { backend })
  backend.kernels.sumLeading(x, out)
  expect(await out.item()).toBe(2 ** -30)
})

it('sums squares into the given place', async () => {
  const backend = new ReferenceBackend()
  using x = tensor([1, 2, 3], [3], { backend })
  using out = full([3], 7, { backend })
  backend.kernels.sumSquares(x, out, 1)
  expect([...(await out.data())]).toEqual([7, 14, 7])
})

it('adamw: two steps by hand', async () => {
  const backend = new ReferenceBackend({ dtype: 'float64' })
  using param = tensor([1], [1], { backend })
  using grad = tensor([0.5], [1], { backend })
  using m = zeros([1], { backend })
  using v = zeros([1], { backend })
  const common = {
    param,
    grad,
    m,
    v,
    gradScale: 2,
    rate: 0.1,
    beta1: 0.9,
    beta2: 0.99,
    eps: 1e-8,
    weightDecay: 0.01,
  }
  // The scaled gradient is 1 throughout, so the corrected moments are 1 and a step is rate · (1 + decay · param).
  backend.kernels.adamw({ ...common, correction1: 0.1, correction2: 0.01 })
  await expectWithin(param, [0.899], 1e-8)
  await expectWithin(m, [0.1], 1e-15)
  await expectWithin(v, [0.01], 1e-15)
  backend.kernels.adamw({ ...common, correction1: 0.19, correction2: 0.0199 })
  await expectWithin(param, [0.899 - 0.1 * (1 + 0.00899)], 1e-7)
  await expectWithin(m, [0.19], 1e-15)
})
