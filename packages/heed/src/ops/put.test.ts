import { expect, it } from 'vitest'
import { coded, gradcheck, held } from '../testing/index.js'
import { put, randn, slice, tensor, zeros } from './index.js'

it('puts numbers in parts, and leaves the rest and x itself alone', async () => {
  using x = tensor([1, 2, 3, 4, 5, 6], [3, 2])
  using by = tensor([70, 80], [1, 2])
  using out = put(x, [{ at: (t) => t.view([1, 2], t.strides, t.offset + 2), by }])
  expect([...(await out.data())]).toEqual([1, 2, 70, 80, 5, 6])
  expect([...(await x.data())]).toEqual([1, 2, 3, 4, 5, 6])
})

it('gradients go to what was put, and to x around it', async () => {
  const inputs = held({ x: randn([2, 3, 4], { seed: 1 }), by: randn([2, 3, 2], { seed: 2 }) })
  await gradcheck(
    ({ x, by }) =>
      put(x, [
        {
          at: (t) => t.view([2, 3, 1], t.strides, t.offset + t.strides[2]),
          by: slice(by, 2, 1, 2),
        },
      ]),
    inputs,
  )
})

it('names what does not fit its part', () => {
  const [x, wide, ids] = held([zeros([3, 2]), zeros([1, 3]), zeros([1, 2], { dtype: 'int32' })])
  const first = { at: (t: typeof x) => t.view([1, 2], t.strides, t.offset) }
  expect(() => put(x, [{ ...first, by: wide }])).toThrow(coded('shape', '[1, 2]', '[1, 3]'))
  expect(() => put(x, [{ ...first, by: ids }])).toThrow(coded('dtype', 'int32'))
})
