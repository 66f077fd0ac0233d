import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  attention,
  attentionScores,
  type AttentionOptions,
  attentionWithStats,
  randn,
  softmax,
} from '../ops/index.js'
import { coded, held, onBackends } from '../testing/index.js'
import { AttentionMap } from './map.js'

/** A map of random q and k, and all its weights by the formula written out. */
async function randomMap(T: number, options: AttentionOptions, seed = 1, heads = 1) {
  const [q, k] = held([seed, seed + 1].map((s) => randn([1, T, heads, 8], { seed: s, std: 2 })))
  const { out, m, l } = held(attentionWithStats(q, k, k, options))
  void out
  const kept = { site: 'layers.0.self', q, k, m, l, options }
  const { sink, ...rules } = options
  void sink
  using weights = softmax(held(attentionScores(q, k, rules)))
  const all = [...(await weights.data())]
  const of = (head: number) => (i: number, j: number) => all[(head * T + i) * T + j]
  const map = (head: number) => new AttentionMap([{ kept, head, batch: 0 }])
  return { kept, map: map(0), maps: map, weight: of(0), weightOf: of }
}

const rules = (T: number): AttentionOptions[] => [
  {},
  { causal: true },
  { causal: true, window: [5, 0] },
  { window: [3, 4] },
  { lengths: [T - 3] },
]

const near = (x: number) => expect.closeTo(x, 5)

onBackends('attention map', () => {
  test('cells, rows, columns and tiles are one map', async () => {
    for (const options of rules(11)) {
      const { map, weight } = await randomMap(11, options)
      const tile = await map.tile()
      for (let i = 0; i < 11; i++) {
        const [row, column] = [await map.row(i), await map.column(i)]
        for (let j = 0; j < 11; j++) {
          expect(tile[i * 11 + j]).toEqual(near(weight(i, j)))
          expect(row[j]).toBe(tile[i * 11 + j])
          expect(column[j]).toBe(tile[j * 11 + i])
        }
      }
      expect(await map.cell(4, 3)).toBe(tile[4 * 11 + 3])
      const part = await map.tile({ rows: [2, 5], cols: [1, 4] })
      expect([...part]).toEqual([2, 3, 4].flatMap((i) => [1, 2, 3].map((j) => tile[i * 11 + j])))
    }
  })

  test('every step of the formula is there', async () => {
    const { map, kept } = await randomMap(5, { causal: true, scale: 0.25, softcap: 3 })
    const [q, k] = [await kept.q.data(), await kept.k.data()]
    const dot = Array.from({ length: 8 }, (_, d) => q[3 * 8 + d] * k[2 * 8 + d]).reduce((a, b) => a + b)
    expect(await map.cell(3, 2, { stage: 'products' })).toBeCloseTo(dot, 4)
    expect(await map.cell(3, 2, { stage: 'scaled' })).toBeCloseTo(dot / 4, 4)
    expect(await map.cell(3, 2, { stage: 'scores' })).toBeCloseTo(3 * Math.tanh(dot / 12), 4)
    expect(await map.cell(2, 3, { stage: 'scores' })).toBe(-Infinity)
    expect(await map.cell(2, 3, { stage: 'scaled' })).not.toBe(-Infinity)
    await expect(map.cell(0, 0, { stage: 'logits' as 'scores' })).rejects.toThrow(coded('option', "'logits'"))
  })

  test('the strongest keys, the strongest pairs and overviews are those of the whole map', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 24 }),
        fc.integer({ min: 1, max: 30 }),
        fc.integer({ min: 0, max: 4 }),
        async (T, count, rule) => {
          const { map, weight } = await randomMap(T, rules(T + 3)[rule], T)
          const cells = await map.tile()
          const links = [...cells]
            .map((w, at) => ({ query: Math.floor(at / T), key: at % T, weight: w }))
            .filter((link) => link.weight > 0)
          const order = (a: (typeof links)[0], b: (typeof links)[0]) =>
            b.weight - a.weight || a.query - b.query || a.key - b.key
          expect(await map.strongest(count)).toEqual([...links].sort(order).slice(0, count))

          const { keys, weights, count: most } = await map.top(count)
          expect(most).toBe(Math.min(count, T))
          for (let i = 0; i < T; i++) {
            const best = links
              .filter(({ query }) => query === i)
              .sort(order)
              .slice(0, most)
            const padded = Array.from({ length: most }, (_, n) => best[n] ?? { key: -1, weight: 0 })
            expect([...keys.subarray(i * most, (i + 1) * most)]).toEqual(padded.map(({ key }) => key))
            expect([...weights.subarray(i * most, (i + 1) * most)]).toEqual(padded.map((b) => b.weight))
          }

          const size = Math.min(count, T)
          for (const pool of ['mean', 'max'] as const) {
            const { cells: pooled } = await map.overview([size, T], { pool })
            for (let r = 0; r < size; r++) {
              const rows = [...Array(T).keys()].filter(
                (i) => i >= Math.floor((r * T) / size) && i < Math.floor(((r + 1) * T) / size),
              )
              for (let j = 0; j < T; j++) {
                const covered = rows.map((i) => weight(i, j))
                const mean = covered.reduce((a, b) => a + b) / covered.length
                expect(pooled[r * T + j]).toEqual(near(pool === 'mean' ? mean : Math.max(...covered)))
              }
            }
          }
        },
      ),
      { numRuns: 25 },
    )
  })

  test('the strongest pairs may leave out queries and keys', async () => {
    const { map } = await randomMap(9, { causal: true })
    const links = await map.strongest(3, { queries: (i) => i > 4, keys: (j) => j !== 0 })
    expect(links).toHaveLength(3)
    expect(links.every(({ query, key }) => query > 4 && key !== 0)).toBe(true)
  })

  test('a map over words adds keys and averages queries', async () => {
    const { map, weight } = await randomMap(4, {})
    const span = (start: number, end: number) => ({ start, end, text: '' })
    const spans = [span(0, 1), span(1, 3), span(3, 4)]
    const over = await map.over({ queries: spans, keys: spans })
    expect(over[1][1]).toBeCloseTo((weight(1, 1) + weight(1, 2) + weight(2, 1) + weight(2, 2)) / 2, 5)
    expect(over[0][1]).toBeCloseTo(weight(0, 1) + weight(0, 2), 5)
    for (const row of over) expect(row.reduce((a, b) => a + b)).toBeCloseTo(1, 5)
    await expect(map.over({ queries: [span(0, 2), span(1, 3)], keys: spans })).rejects.toThrow(
      coded('input', 'overlaps'),
    )
    await expect(map.over({ queries: spans, keys: [span(3, 5)] })).rejects.toThrow(
      coded('input', '[3, 5)', '0 to 4'),
    )
  })

  test('the mean of heads is the mean of their maps', async () => {
    const { kept, weightOf } = await randomMap(6, { causal: true }, 1, 3)
    const mean = new AttentionMap([0, 1, 2].map((head) => ({ kept, head, batch: 0 })))
    const expected = (i: number, j: number) => (weightOf(0)(i, j) + weightOf(1)(i, j) + weightOf(2)(i, j)) / 3
    expect(await mean.cell(5, 2)).toBeCloseTo(expected(5, 2), 5)
    const { keys, weights } = await mean.top(1)
    for (let i = 0; i < 6; i++) expect(weights[i]).toBeCloseTo(expected(i, keys[i]), 5)
  })

  test('weights that an intervention put there are the map', async () => {
    const { kept } = await randomMap(3, {})
    const weights = held(randn([1, 1, 3, 3], { seed: 9 }))
    const map = new AttentionMap([{ kept: { ...kept, weights }, head: 0, batch: 0 }])
    const all = Float32Array.from(await weights.data())
    expect([...(await map.tile())]).toEqual([...all])
    expect(await map.cell(1, 2)).toBe(all[5])
  })

  test('what lies outside, is too large or of another size is refused', async () => {
    const { map, kept } = await randomMap(6, {})
    await expect(map.cell(6, 0)).rejects.toThrow(coded('not-found', 'query 6', '0 to 5'))
    await expect(map.cell(0, -1)).rejects.toThrow(coded('not-found', 'key -1'))
    await expect(map.row(1.5)).rejects.toThrow(coded('not-found', '1.5'))
    await expect(map.tile({ rows: [2, 9] })).rejects.toThrow(coded('not-found', '[2,9)', '0 to 6'))
    await expect(map.overview(7)).rejects.toThrow(coded('input', '7 × 7', '6 × 6'))
    await expect(map.overview(0)).rejects.toThrow(coded('option', '0'))
    await expect(map.overview(2, { pool: 'min' as 'max' })).rejects.toThrow(coded('option', "'min'"))
    await expect(map.top(0)).rejects.toThrow(coded('option', '0'))
    await expect(map.strongest(NaN)).rejects.toThrow(coded('option', 'NaN'))
    const other = (await randomMap(5, {})).kept
    const parts = [kept, other].map((kept) => ({ kept, head: 0, batch: 0 }))
    expect(() => new AttentionMap(parts)).toThrow(coded('input', '6 × 6', '5 × 5'))
  })
})

test('a whole map that would not fit is refused with its size and the ways that work', async () => {
  const T = 20_000
  const [q, m] = held([randn([1, T, 1, 1], { seed: 1 }), randn([1, 1, T], { seed: 2 })])
  const kept = { site: 'layers.0.self', q, k: q, m, l: m, options: {} }
  const map = new AttentionMap([{ kept, head: 0, batch: 0 }])
  await expect(map.tile()).rejects.toThrow(coded('memory', '20000 × 20000', '1.5 GB', 'overview()', 'top()'))
  await expect(map.overview(T)).rejects.toThrow(coded('memory', '20000 × 20000', 'fewer cells'))
  await expect(map.top(T)).rejects.toThrow(coded('memory', '20000 × 20000', 'fewer keys'))
  const spans = Array.from({ length: T }, (_, n) => ({ start: n, end: n + 1, text: '' }))
  await expect(map.over({ queries: spans, keys: spans })).rejects.toThrow(coded('memory', 'longer spans'))
})

test('blocks of a causal map leave out what no row may see, and a scan can be stopped', async () => {
  const T = 700
  const [q] = held([randn([1, T, 1, 4], { seed: 3 })])
  const options = { causal: true, window: [64, 0] as const }
  const { out, m, l } = held(attentionWithStats(q, q, q, options))
  const kept = { site: 'layers.0.self', q, k: q, m, l, options }
  const map = new AttentionMap([{ kept, head: 0, batch: 0 }])
  const sums = new Float64Array(T)
  for await (const { rows, cols, weights } of map.blocks()) {
    const width = cols[1] - cols[0]
    expect(cols[1]).toBe(rows[1])
    expect(cols[0]).toBe(Math.max(0, rows[0] - 64))
    weights.forEach((w, at) => (sums[rows[0] + Math.floor(at / width)] += w))
  }
  for (const sum of sums) expect(sum).toBeCloseTo(1, 5)
  using again = attention(q, q, q, options)
  expect([...(await again.data())]).toEqual([...(await out.data())])
  const signal = AbortSignal.abort()
  await expect(map.overview(8, { signal })).rejects.toThrow(coded('aborted'))
})

onBackends('a part of a map', () => {
  test('is walked, pooled and searched as it would be of the tile written out', async () => {
    for (const options of rules(23)) {
      const { map } = await randomMap(23, options)
      const range = fc.tuple(fc.integer({ min: 0, max: 22 }), fc.integer({ min: 1, max: 23 }))
      const spans = range.filter(([start, end]) => start < end)
      const cases = fc.sample(fc.tuple(spans, spans, fc.integer({ min: 1, max: 9 })), { seed: 1, numRuns: 8 })
      for (const [rows, cols, block] of cases) {
        const [Tq, Tk] = [rows[1] - rows[0], cols[1] - cols[0]]
        const tile = await map.tile({ rows, cols })
        const [mean, max] = [
          await map.overview({ block }, { rows, cols }),
          await map.overview({ block }, { rows, cols, pool: 'max' }),
        ]
        expect([mean.rows, mean.cols]).toEqual([Math.ceil(Tq / block), Math.ceil(Tk / block)])
        for (let cell = 0; cell < mean.cells.length; cell++) {
          const [r, c] = [Math.floor(cell / mean.cols), cell % mean.cols]
          const covered = [...tile].filter(
            (_, at) => Math.floor(at / Tk / block) === r && Math.floor((at % Tk) / block) === c,
          )
          expect(max.cells[cell]).toBe(Math.max(...covered))
          expect(mean.cells[cell]).toEqual(near(covered.reduce((sum, w) => sum + w, 0) / covered.length))
        }
        const apart = (i: number, j: number) => Math.abs(i - j) >= 2
        const found = await map.strongest(3, { rows, cols, links: apart })
        const sorted = [...tile]
          .map((weight, at) => ({ query: rows[0] + Math.floor(at / Tk), key: cols[0] + (at % Tk), weight }))
          .filter(({ query, key, weight }) => weight > 0 && apart(query, key))
          .sort((a, b) => b.weight - a.weight || a.query - b.query || a.key - b.key)
        expect(found).toEqual(sorted.slice(0, 3))
      }
    }
  })

  test('that there is not is refused, and so is a block that is none', async () => {
    const { map } = await randomMap(5, {})
    await expect(map.overview({ block: 2 }, { rows: [0, 6] })).rejects.toThrow('there are no queries [0,6)')
    await expect(map.strongest(1, { cols: [3, 2] })).rejects.toThrow('there are no keys [3,2)')
    for (const block of [0, 1.5, NaN])
      await expect(map.overview({ block })).rejects.toThrow('block must be a whole number')
  })
})
