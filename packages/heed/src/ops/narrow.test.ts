import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { valueAndGrad } from '../autograd/index.js'
import type { Backend } from '../backends/backend.js'
import { ReferenceBackend } from '../backends/reference/index.js'
import type { NarrowDType } from '../tensor/dtype.js'
import { scope, type Shape } from '../tensor/index.js'
import { AdamW } from '../train/adamw.js'
import { coded, comparedBackends, expectWithin, held, withBackend } from '../testing/index.js'
import { weightOf } from '../testing/weights.js'
import { add, embedding, linear, randn, slice, tensor } from './index.js'

const reference = () => new ReferenceBackend()
const backends: { name: string; start: () => Backend }[] = [
  { name: 'reference', start: reference },
  { name: 'reference, float64', start: () => new ReferenceBackend({ dtype: 'float64' }) },
  ...comparedBackends,
]

/** Random values with some that are small, huge and zero. */
async function values(shape: Shape, seed: number): Promise<Float32Array> {
  using t = randn(shape, { seed })
  return Float32Array.from(await t.data(), (x, i) => (i % 11 === 3 ? 0 : i % 13 === 5 ? x * 1e-6 : x))
}

describe.each(backends)('$name', ({ start }) => {
  let backend: Backend
  beforeAll(() => void (backend = start()))
  afterAll(() => backend.dispose())

  const narrow = async (shape: Shape, dtype: NarrowDType, axis: 0 | 1, seed = 1) =>
    held(weightOf(backend, await values(shape, seed), shape, { dtype, axis }))

  describe.each(['float16', 'int8'] as const)('%s', (dtype) => {
    // rows of one tile and of several, a contraction over several blocks, nothing a multiple of anything
    it.each([
      [1, 5, 3],
      [1, 300, 70],
      [3, 515, 37],
      [29, 131, 201],
    ])('linear of %i rows, %i wide, to %i: what its numbers give as floats', (rows, width, out) =>
      withBackend(backend, async () => {
        const x = held(randn([rows, width], { seed: 2 }))
        const bias = held(randn([out], { seed: 3 }))
        for (const transposed of [false, true]) {
          const shape = transposed ? [width, out] : [out, width]
          const weight = await narrow(shape, dtype, transposed ? 1 : 0)
          const wide = held(tensor(await weight.data(), shape, { dtype: backend.floats[0] }))
          const got = held(linear(x, weight, bias, { transposed }))
          expect(got.dtype).toBe(backend.floats[0])
          await expectWithin(got, held(linear(x, wide, bias, { transposed })), 2e-6)
          const plain = held(linear(x, weight, undefined, { transposed }))
          await expectWithin(plain, held(linear(x, wide, undefined, { transposed })), 2e-6)
        }
      }),
    )

    it('embedding gives the numbers of its rows, bit by bit', () =>
      withBackend(backend, async () => {
        const table = await narrow([9, 23], dtype, 0)
        const rows = await table.data()
        const ids = [8, 0, 3, 3]
        const out = held(embedding(held(tensor(Int32Array.from(ids))), table))
        expect([...(await out.data())]).toEqual(
          ids.flatMap((id) => Array.from(rows.subarray(id * 23, id * 23 + 23))),
        )
        const scaled = held(embedding(held(tensor(Int32Array.of(7))), table, 3))
        const expected = Float64Array.from(rows.slice(7 * 23, 8 * 23), (x) => 3 * x)
        await expectWithin(scaled, expected, 2 ** -22)
      }))

    it('no gradient goes through it, and it is no parameter', () =>
      withBackend(backend, async () => {
        const [weight, x] = [await narrow([4, 4], dtype, 0), held(randn([1, 4], { seed: 2 }))]
        const one = held(randn([1, 4], { seed: 3 }))
        const loss = () => linear(linear(x, weight), one)
        expect(() => valueAndGrad({ x }, loss)).toThrow(coded('unsupported', 'linear', dtype, 'float32'))
        expect(() => valueAndGrad({ weight }, loss)).toThrow(coded('unsupported', 'weight', dtype))
        expect(() => new AdamW({ weight })).toThrow(coded('unsupported', 'AdamW', 'weight', dtype))
        // What stands after it may learn: nothing need go through.
        const { value, grads } = valueAndGrad({ one }, loss)
        await expectWithin(grads.one, held(linear(x, weight)), 1e-6)
        for (const t of [value, ...Object.values(grads)]) t.dispose()
      }))

    it('other ops say that they do not take it', () =>
      withBackend(backend, async () => {
        const [weight, x] = [await narrow([1, 4], dtype, 0), held(randn([1, 4], { seed: 2 }))]
        expect(() => add(x, weight)).toThrow(coded('dtype', 'add', dtype))
        expect(() => linear(weight, x)).toThrow(coded('dtype', 'linear', 'x', dtype))
      }))
  })

  it('float16 may be a view, int8 is whole', () =>
    withBackend(backend, async () => {
      const half = await narrow([6, 5], 'float16', 0)
      const [x, part] = [held(randn([2, 3], { seed: 2 })), held(slice(half, 1, 1, 4))]
      const wide = held(tensor(await part.data(), [6, 3], { dtype: backend.floats[0] }))
      await expectWithin(held(linear(x, part)), held(linear(x, wide)), 1e-6)
      const int8 = await narrow([6, 5], 'int8', 0)
      expect(() => slice(int8, 0, 0, 2)).toThrow(coded('dtype', 'view', 'int8'))
    }))

  it('scales along the other axis are refused', () =>
    withBackend(backend, async () => {
      const [weight, x] = [await narrow([4, 3], 'int8', 1), held(randn([1, 3], { seed: 2 }))]
      expect(() => linear(x, weight)).toThrow(coded('shape', 'scales of weight', '[1, 3]'))
      const ids = held(tensor(Int32Array.of(0)))
      expect(() => embedding(ids, weight)).toThrow(coded('shape', 'scales of table'))
    }))

  it('scales live and die with their tensor', async () => {
    const before = backend.bytesInUse
    const weight = scope(() => weightOf(backend, new Float32Array(6), [2, 3], { dtype: 'int8' }))
    expect(weight.scales!.shape).toEqual([2, 1])
    weight.dispose()
    expect(backend.bytesInUse).toBe(before)
  })
})

it('two backends do not mix', () =>
  withBackend(reference(), async () => {
    const [x, other] = [held(randn([1, 3], { seed: 2 })), reference()]
    const weight = held(weightOf(other, new Float32Array(3), [1, 3], { dtype: 'float16' }))
    expect(() => linear(x, weight)).toThrow(coded('backend', 'linear', 'weight'))
  }))
