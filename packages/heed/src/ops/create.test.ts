import { expect, it } from 'vitest'
import { ReferenceBackend } from '../backends/reference/index.js'
import { coded, expectWithin } from '../testing/index.js'
import { type CreateOptions, full, randn, tensor, zeros } from './index.js'

const kind = (data: Parameters<typeof tensor>[0], options?: CreateOptions) => {
  using t = tensor(data, [data.length], options)
  return t.dtype
}

it('takes the dtype from the data, floats from the backend', () => {
  const single = new ReferenceBackend()
  expect(kind([1.5])).toBe('float64')
  expect(kind([1.5], { backend: single })).toBe('float32')
  expect(kind(new Float32Array(1))).toBe('float64')
  expect(kind(new Float32Array(1), { dtype: 'float32' })).toBe('float32')
  expect(kind(new Int32Array(1))).toBe('int32')
  expect(kind(new Uint8Array(1))).toBe('bool')
  expect(kind([true, false])).toBe('bool')
})

it('copies the data', async () => {
  const data = new Float64Array([1, 2])
  using t = tensor(data)
  data[0] = 9
  expect([...(await t.data())]).toEqual([1, 2])
  ;(await t.data())[1] = 9
  expect([...(await t.data())]).toEqual([1, 2])
})

it('takes numbers of any shape, [] included', async () => {
  using scalar = tensor([4], [])
  expect(await scalar.item()).toBe(4)
  using mask = tensor([true, false])
  expect(await mask.data()).toEqual(new Uint8Array([1, 0]))
  using none = tensor([], [3, 0])
  expect(none.size).toBe(0)
})

it('zeros and full', async () => {
  using z = zeros([2], { dtype: 'int32' })
  using f = full([2, 1], 2.5)
  expect(await z.data()).toEqual(new Int32Array(2))
  expect(await f.data()).toEqual(new Float64Array([2.5, 2.5]))
})

it('randn is normal, and the same for a seed on every dtype', async () => {
  using x = randn([20_000], { seed: 4, std: 2 })
  const values = [...(await x.data())]
  const mean = values.reduce((a, b) => a + b, 0) / values.length
  const variance = values.reduce((a, b) => a + (b - mean) ** 2, 0) / values.length
  const share = values.filter((v) => Math.abs(v) < 2).length / values.length
  expect(Math.abs(mean)).toBeLessThan(0.07)
  expect(Math.abs(variance - 4)).toBeLessThan(0.2)
  expect(Math.abs(share - 0.6827)).toBeLessThan(0.017)
  using single = randn([20_000], { seed: 4, std: 2, dtype: 'float32' })
  await expectWithin(single, values, 1e-7)
})

it('names what does not fit', () => {
  expect(() => tensor([1, 2, 3], [2, 2])).toThrow(coded('shape', '[2, 2]', '4 elements', '3'))
  expect(() => tensor([], [-1])).toThrow(coded('shape', '[-1]'))
  for (const [value, dtype] of [
    [1.5, 'int32'],
    [NaN, 'int32'],
    [2 ** 40, 'int32'],
    [2, 'bool'],
  ] as const) {
    expect(() => tensor([value], [1], { dtype })).toThrow(coded('dtype', String(value), dtype))
    expect(() => full([1], value, { dtype })).toThrow(coded('dtype', String(value), dtype))
  }
  expect(() => tensor(Uint8Array.of(3))).toThrow(coded('dtype', '3', 'bool'))
  expect(() => zeros([1.5])).toThrow(coded('shape', '[1.5]'))
  expect(() => zeros([2 ** 40, 2 ** 40])).toThrow(coded('shape', '1099511627776'))
})
