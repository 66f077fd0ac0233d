import { expect, it } from 'vitest'
import { expectWithin, held, randomMask } from '../testing/index.js'
import { attentionTile, attentionWithStats, randn, slice } from './index.js'

const setup = () => {
  const [q, k, v] = [
    randn([2, 4, 4, 3], { seed: 1 }),
    randn([2, 6, 2, 3], { seed: 2 }),
    randn([2, 6, 2, 5], { seed: 3 }),
  ]
  const options = { causal: true, lengths: [6, 3], mask: randomMask([1, 4, 1, 6], 0.8, 4) }
  return held({ q, k, v, options, ...attentionWithStats(q, k, v, options) })
}

it('the map times the values is the output, and rows sum to 1', async () => {
  const { q, k, v, m, l, out, options } = setup()
  const [values, outputs] = [await v.data(), await out.data()]
  for (let batch = 0; batch < 2; batch++)
    for (let head = 0; head < 4; head++) {
      using map = attentionTile({ q, k, m, l, options, batch, head })
      expect(map.shape).toEqual([4, 6])
      const w = [...(await map.data())]
      for (let i = 0; i < 4; i++) {
        const row = w.slice(i * 6, (i + 1) * 6)
        await expectWithin([row.reduce((a, b) => a + b, 0)], [1], 1e-15)
        const expected = [0, 1, 2, 3, 4].map((d) =>
          row.reduce((sum, wj, j) => sum + wj * values[((batch * 6 + j) * 2 + (head >> 1)) * 5 + d], 0),
        )
        const at = ((batch * 4 + i) * 4 + head) * 5
        await expectWithin(outputs.slice(at, at + 5), expected, 1e-14)
      }
    }
})

it('a tile is the part of the whole, in weights and in scores', async () => {
  const { q, k, m, l, options } = setup()
  for (const what of ['weights', 'scores'] as const) {
    using whole = attentionTile({ q, k, m, l, options, batch: 1, head: 3, what })
    using tile = attentionTile({ q, k, m, l, options, batch: 1, head: 3, what, rows: [1, 4], cols: [2, 5] })
    using rows = slice(whole, 0, 1, 4)
    using part = slice(rows, 1, 2, 5)
    expect(await tile.data()).toEqual(await part.data())
  }
})

it('scores are −∞ where the query may not attend, and m is the largest', async () => {
  const { q, k, m, l, options } = setup()
  using scores = attentionTile({ q, k, m, l, options, batch: 1, head: 0, what: 'scores' })
  const [s, largest] = [await scores.data(), await m.data()]
  for (let i = 0; i < 4; i++) {
    const row = Array.from(s.slice(i * 6, (i + 1) * 6))
    expect(row.slice(3)).toEqual([-Infinity, -Infinity, -Infinity]) // lengths[1] = 3
    expect(Math.max(...row)).toBe(largest[(1 * 4 + 0) * 4 + i])
  }
})

it('a row that may attend to nothing has weights of 0', async () => {
  const [q, k] = held([randn([1, 2, 1, 2], { seed: 1 }), randn([1, 3, 1, 2], { seed: 2 })])
  const options = { lengths: [0] }
  const { m, l } = held(attentionWithStats(q, k, k, options))
  using map = attentionTile({ q, k, m, l, options, head: 0 })
  expect([...(await map.data())]).toEqual([0, 0, 0, 0, 0, 0])
})

it('reads views, heads that are not dense included', async () => {
  using wide = randn([1, 3, 2, 4], { seed: 8 })
  using x = slice(wide, 3, 1, 3)
  const { m, l } = held(attentionWithStats(x, x, x))
  using map = attentionTile({ q: x, k: x, m, l, head: 1 })
  const w = await map.data()
  for (let i = 0; i < 3; i++) await expectWithin([w[3 * i] + w[3 * i + 1] + w[3 * i + 2]], [1], 1e-15)
})
