import { expect, test } from 'vitest'
import { randn, slice } from '../ops/index.js'
import type { Tensor } from '../tensor/index.js'
import { coded, expectWithin, held } from '../testing/index.js'
import { Cache } from './cache.js'

const shape = (t: Tensor) => [...t.shape]

test('what is appended is there in order, however often the buffer grows', async () => {
  const cache = new Cache()
  const [k, v] = held([randn([2, 40, 2, 3], { seed: 1 }), randn([2, 40, 2, 3], { seed: 2 })])
  let at = 0
  for (const step of [3, 1, 20, 1, 15]) {
    const part = (t: Tensor) => held(slice(t, 1, at, at + step))
    const news = [part(k), part(v)]
    at += step
    const all = held(cache.append('decoder.0.self', news[0], news[1]))
    expect(cache.length).toBe(at)
    await expectWithin(all.k, held(slice(k, 1, 0, at)), 0)
    await expectWithin(all.v, held(slice(v, 1, 0, at)), 0)
  }
  cache.dispose()
  expect(cache.length).toBe(0)
})

test('rows go on as copies of others; earlier views stay as they were', async () => {
  const cache = new Cache()
  const [k, source] = held([randn([3, 2, 2, 2], { seed: 1 }), randn([2, 4, 2, 2], { seed: 2 })])
  const before = held(cache.append('decoder.0.self', k, k))
  cache.once('decoder.0.cross', () => ({ k: slice(source, 1, 0, 4), v: slice(source, 1, 0, 3) }))
  cache.select(Int32Array.of(2, 0, 0, 1), Int32Array.of(1))
  using next = randn([4, 1, 2, 2], { seed: 3 })
  const after = held(cache.append('decoder.0.self', next, next))
  expect(shape(after.k)).toEqual([4, 3, 2, 2])
  const row = (t: Tensor, r: number) => held(slice(t, 0, r, r + 1))
  for (const [to, from] of [2, 0, 0, 1].entries())
    await expectWithin(held(slice(row(after.k, to), 1, 0, 2)), row(k, from), 0)
  await expectWithin(before.k, k, 0)
  const cross = cache.once('decoder.0.cross', () => expect.fail('made twice'))
  await expectWithin(cross.k, row(source, 1), 0)
  await expectWithin(cross.v, held(slice(row(source, 1), 1, 0, 3)), 0)
  cache.dispose()
})

test('what does not continue a cache is refused', () => {
  const cache = new Cache()
  using k = randn([2, 1, 2, 2])
  held(cache.append('a', k, k))
  for (const shape of [
    [1, 1, 2, 2],
    [2, 1, 1, 2],
    [2, 1, 2, 4],
  ]) {
    using other = randn(shape)
    expect(() => cache.append('a', other, other)).toThrow(
      coded('shape', '[2, ·, 2, 2]', `[${shape.join(', ')}]`),
    )
  }
  cache.dispose()
})

test('a cache frees all it holds, also after selecting', () => {
  using k = randn([2, 1, 2, 2])
  const cache = new Cache()
  for (let i = 0; i < 20; i++) {
    const { k: all, v } = cache.append('a', k, k)
    all.dispose()
    v.dispose()
    if (i % 3 === 0) cache.select(Int32Array.of(1, 0), Int32Array.of(1, 0))
  }
  cache.once('b', () => ({ k: randn([2, 1, 2, 2]), v: randn([2, 1, 2, 2]) }))
  cache.select(Int32Array.of(1), Int32Array.of(0))
  cache.dispose()
})
