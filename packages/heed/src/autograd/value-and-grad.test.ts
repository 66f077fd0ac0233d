import { beforeEach, expect, it } from 'vitest'
import {
  add,
  attention,
  gelu,
  linear,
  randn,
  reshape,
  scale,
  slice,
  softmax,
  tensor,
  zeros,
} from '../ops/index.js'
import { ReferenceBackend } from '../backends/reference/index.js'
import { liveTensors, scope, type Tensor } from '../tensor/index.js'
import { coded, expectWithin, gradcheck, weightedSum } from '../testing/index.js'
import { valueAndGrad } from './index.js'

let before = 0
beforeEach(() => {
  before = liveTensors()
})
const made = () => liveTensors() - before
const disposeAll = (...tensors: Tensor[]) => tensors.forEach((t) => t.dispose())

/** Σ x² as an op of the library: x xᵀ of a row. */
const square = (x: Tensor) => linear(reshape(x, [1, -1]), reshape(x, [1, -1]))

it('gives the loss and its gradient: d Σx² = 2x', async () => {
  const x = tensor([1, -2, 3])
  const { value, grads } = valueAndGrad({ x }, () => square(x))
  expect(await value.item()).toBe(14)
  expect([...(await grads.x.data())]).toEqual([2, -4, 6])
  expect(grads.x.shape).toEqual([3])
  disposeAll(x, value, grads.x)
  expect(made()).toBe(0)
})

it('a tensor used many times gets the sum', async () => {
  const x = randn([2, 3], { seed: 1 })
  await gradcheck(({ x }) => add(add(x, scale(x, 3)), gelu(x)), { x })
  const { value, grads } = valueAndGrad({ x }, () => weightedSum(add(add(x, x), add(x, x))))
  const once = valueAndGrad({ x }, () => weightedSum(x))
  await expectWithin(
    grads.x,
    [...(await once.grads.x.data())].map((g) => 4 * g),
    1e-15,
  )
  disposeAll(x, value, grads.x, once.value, once.grads.x)
  expect(made()).toBe(0)
})

it('a parameter that the loss does not depend on gets zeros', async () => {
  const [x, unused, deadEnd] = [tensor([1, 2]), zeros([2, 2]), tensor([1, 2])]
  const { value, grads } = valueAndGrad({ x, unused, deadEnd }, () => {
    gelu(deadEnd)
    return square(x)
  })
  expect([...(await grads.unused.data())]).toEqual([0, 0, 0, 0])
  expect([...(await grads.deadEnd.data())]).toEqual([0, 0])
  expect(grads.unused.shape).toEqual([2, 2])
  disposeAll(x, unused, deadEnd, value, ...Object.values(grads))
  expect(made()).toBe(0)
})

it('the parameter itself, a constant, or no parameter may be the loss', async () => {
  const [x, c] = [tensor([3]), tensor([5])]
  const itself = valueAndGrad({ x }, () => x)
  const constant = valueAndGrad({ x }, () => scale(c, 1))
  const none = valueAndGrad({}, () => scale(c, 2))
  expect([await itself.grads.x.item(), await constant.grads.x.item()]).toEqual([1, 0])
  expect([await constant.value.item(), await none.value.item()]).toEqual([5, 10])
  disposeAll(x, c, itself.grads.x, constant.value, constant.grads.x, none.value)
  expect(made()).toBe(0)
})

it('goes through reshape and slice, and one tensor under two names', async () => {
  const x = randn([2, 6], { seed: 2 })
  await gradcheck(
    ({ x }) => {
      const heads = reshape(x, [1, 2, 2, 3])
      return attention(heads, slice(heads, 1, 0, 1), slice(heads, 1, 1, 2))
    },
    { x },
  )
  const { value, grads } = valueAndGrad({ a: x, b: x }, () => square(x))
  await expectWithin(grads.a, grads.b, 0)
  await expectWithin(
    grads.a,
    [...(await x.data())].map((v) => 2 * v),
    1e-15,
  )
  disposeAll(x, value, grads.a, grads.b)
  expect(made()).toBe(0)
})

it('a scope inside keeps what gradients need', async () => {
  const x = randn([2, 4], { seed: 3 })
  await gradcheck(({ x }) => scope(() => softmax(scope(() => gelu(scale(x, 2))))), { x })
  x.dispose()
  expect(made()).toBe(0)
})

it('nests: the outer call differentiates through the value of the inner one', async () => {
  const x = tensor([1, -2])
  const outer = valueAndGrad({ x }, () => {
    const inner = valueAndGrad({ x }, () => square(x))
    return scale(inner.value, 3)
  })
  expect(await outer.value.item()).toBe(15)
  expect([...(await outer.grads.x.data())]).toEqual([6, -12])
  disposeAll(x, outer.value, outer.grads.x)
  expect(made()).toBe(0)
})

it('an inner call on other parameters sees only those, and its gradients are constants outside', async () => {
  const [x, y] = [tensor([2]), tensor([5])]
  const outer = valueAndGrad({ x }, () => {
    const inner = valueAndGrad({ y }, () => linear(x.view([1, 1]), reshape(y, [1, 1])))
    return square(add(reshape(inner.grads.y, [1]), x)) // (2 + x)², the 2 being a number
  })
  expect(await outer.value.item()).toBe(16)
  expect(await outer.grads.x.item()).toBe(8)
  disposeAll(x, y, outer.value, outer.grads.x)
  expect(made()).toBe(0)
})

it('frees all that fn made, also in the backend', async () => {
  const backend = new ReferenceBackend()
  const [x, w] = [randn([4, 4], { seed: 1, backend }), randn([4, 4], { seed: 2, backend })]
  const bytes = backend.bytesInUse
  const { value, grads } = valueAndGrad({ w }, () => weightedSum(softmax(gelu(linear(x, w)))))
  expect(made()).toBe(4)
  expect(backend.bytesInUse).toBe(bytes + 4 + 64)
  disposeAll(x, w, value, grads.w)
  expect(backend.bytesInUse).toBe(0)
})

it('records again after an error, and nothing outside', async () => {
  const x = tensor([1, 2])
  expect(() =>
    valueAndGrad({ x }, () => {
      gelu(x)
      throw new Error('inside')
    }),
  ).toThrow('inside')
  expect(made()).toBe(1)
  scope(() => void gelu(x))
  expect(made()).toBe(1)
  const { value, grads } = valueAndGrad({ x }, () => square(x))
  expect([...(await grads.x.data())]).toEqual([2, 4])
  disposeAll(x, value, grads.x)
})

it('refuses a loss that is not one number', () => {
  const x = tensor([1, 2])
  expect(() => valueAndGrad({ x }, () => gelu(x))).toThrow(coded('shape', 'one number', '[2]'))
  const later = (async () => gelu(x)) as unknown as () => Tensor
  expect(() => valueAndGrad({ x }, later)).toThrow(coded('option', 'async'))
  x.dispose()
  expect(made()).toBe(0)
})
