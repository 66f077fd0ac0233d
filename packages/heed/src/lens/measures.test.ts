import { readFileSync } from 'node:fs'
import * as fc from 'fast-check'
import { describe, expect, it, test } from 'vitest'
import { randn, tensor } from '../ops/index.js'
import { coded, comparedBackends, withBackend } from '../testing/index.js'
import { knownMap, type KnownOptions } from '../testing/known-map.js'
import { tinyGpt2 } from '../testing/tiny-gpt2.js'
import { capture, measures, type MapStats, separatorsOf, type StatsOptions } from './index.js'

/** A token sees itself and what is before it. The first token comes again at the end. */
const causal = [
  [1, 0, 0],
  [0.25, 0.75, 0],
  [0.5, 0.25, 0.25],
]
const ids = [5, 7, 5]

async function statsOf(
  weights: readonly (readonly number[])[],
  { ids, separators, ...options }: KnownOptions & StatsOptions = {},
): Promise<MapStats> {
  using known = knownMap(weights, options)
  return await known.map.stats({ ids, separators })
}

const near = (got: ArrayLike<number> | undefined, expected: readonly number[], eps = 2e-6) => {
  expect(got).toHaveLength(expected.length)
  expected.forEach((x, i) => expect(Math.abs(got![i] - x)).toBeLessThan(eps))
}

/** By hand: −¼ ln ¼ − ¾ ln ¾, and ½ ln 2 + 2 · ¼ ln 4. */
const byHand = {
  entropy: [0, 0.5623351, 1.0397208],
  effective: [1, 1.7547654, 2.8284271],
  distance: [0, 0.25, 1.25],
  offset: [0, -0.25, -1.25],
  first: [1, 0.25, 0.5],
  diagonal: [1, 0.75, 0.25],
  previous: [0, 0.25, 0.25],
  separators: [0, 0, 0.25],
  max: [1, 0.75, 0.5],
  duplicate: [0, 0, 0.5],
  induction: [0, 0, 0.25],
}

const backends = [{ name: 'reference', start: undefined }, ...comparedBackends]

describe.each(backends)('on $name', ({ start }) => {
  const on = async (fn: () => Promise<void>) => {
    if (!start) return fn()
    const backend = start()
    try {
      await withBackend(backend, fn)
    } finally {
      backend.dispose()
    }
  }

  it('gives the numbers computed by hand', () =>
    on(async () => {
      const got = await statsOf(causal, { ids, separators: [2], options: { causal: true } })
      for (const { name } of measures) near(got[name], byHand[name])
      for (const { name } of measures)
        near([got.means[name]!], [byHand[name].reduce((sum, x) => sum + x, 0) / 3])
      expect(got.queries).toBe(3)
    }))
})

test('looks ahead count in offset with their sign', async () => {
  const got = await statsOf([
    [0.5, 0.5],
    [0.5, 0.5],
  ])
  near(got.distance, [0.5, 0.5])
  near(got.offset, [0.5, -0.5])
  near(got.entropy, [Math.LN2, Math.LN2])
  near(got.effective, [2, 2])
})

test('where keys are another text there is no distance, diagonal, previous token or detector', async () => {
  const weights = [[0.25, 0.25, 0.5]]
  const got = await statsOf(weights, { site: 'decoder.0.cross', ids, separators: [2] })
  expect(Object.keys(got).sort()).toEqual(
    ['entropy', 'effective', 'first', 'separators', 'max', 'queries', 'means'].sort(),
  )
  near(got.separators, [0.5])
  expect(measures.filter(({ positions }) => !positions).map(({ name }) => name)).toEqual(
    Object.keys(got.means),
  )
})

test('queries that go on from a cache stand at the end of the keys', async () => {
  const got = await statsOf(causal.slice(2), { ids, options: { causal: true } })
  near(got.distance, [1.25])
  near(got.diagonal, [0.25])
  near(got.previous, [0.25])
  near(got.duplicate, [0.5])
})

test('a query that may attend to nothing has zeros and is not in the means', async () => {
  using known = knownMap([
    [0.5, 0.5],
    [0.5, 0.5],
  ])
  using none = tensor([0.5, 0.5, 0, 0], [1, 1, 2, 2])
  Object.assign(known.kept, { weights: none.view(none.shape, none.strides) })
  const got = await known.map.stats()
  expect(got.queries).toBe(1)
  near(got.effective, [2, 0])
  near([got.means.entropy!, got.means.max!], [Math.LN2, 0.5])
})

test('a weight below 0 is no share of anything', async () => {
  using known = knownMap([
    [0.5, 0.5],
    [0.5, 0.5],
  ])
  using below = tensor([0.5, 0.5, 0.75, -0.25], [1, 1, 2, 2])
  Object.assign(known.kept, { weights: below.view(below.shape, below.strides) })
  const { map } = known
  for (const asked of [map.stats(), map.top(1), map.strongest(1)])
    await expect(asked).rejects.toThrow(coded('input', 'from 0 up', '-0.25'))
  expect((await map.overview(1)).cells[0]).toBe(0.375)
})

test('with a sink logit entropy and distance are of what the keys have', async () => {
  using sink = tensor([0])
  // exp(0) of the sink beside 0.5 + 0.5: keys have half of the weight.
  const got = await statsOf(
    [
      [0.5, 0.5],
      [0.5, 0.5],
    ],
    { options: { sink: sink.view(sink.shape, sink.strides) } },
  )
  near(got.first, [0.25, 0.25])
  near(got.entropy, [Math.LN2, Math.LN2])
  near(got.distance, [0.5, 0.5])
})

test('stay in their ranges and are what their formulas say, on random maps', () =>
  fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 12 }),
      fc.boolean(),
      fc.integer({ min: 0, max: 1000 }),
      async (n, causal, seed) => {
        using scores = randn([n, n], { seed, std: 3 })
        const values = await scores.data()
        const weights = Array.from({ length: n }, (_, i) => {
          const row = Array.from({ length: n }, (_, j) =>
            causal && j > i ? 0 : Math.exp(Number(values[i * n + j])),
          )
          const sum = row.reduce((a, b) => a + b)
          return row.map((w) => w / sum)
        })
        const tokens = Array.from({ length: n }, (_, i) => (i * i + seed) % 3)
        const got = await statsOf(weights, { ids: tokens, separators: [n - 1], options: { causal } })
        const sum = (i: number, f: (w: number, j: number) => number) =>
          weights[i].reduce((sum, w, j) => sum + f(w, j), 0)
        for (let i = 0; i < n; i++) {
          near(
            measures.map(({ name }) => got[name]![i]),
            [
              sum(i, (w) => (w > 0 ? -w * Math.log(w) : 0)),
              Math.exp(sum(i, (w) => (w > 0 ? -w * Math.log(w) : 0))),
              sum(i, (w, j) => w * Math.abs(i - j)),
              sum(i, (w, j) => w * (j - i)),
              weights[i][0],
              weights[i][i],
              weights[i][i - 1] ?? 0,
              weights[i][n - 1],
              Math.max(...weights[i]),
              sum(i, (w, j) => (j < i && tokens[j] === tokens[i] ? w : 0)),
              sum(i, (w, j) => (j > 0 && j <= i && tokens[j - 1] === tokens[i] ? w : 0)),
            ],
            1e-5,
          )
          const seen = causal ? i + 1 : n
          expect(got.entropy[i]).toBeGreaterThanOrEqual(0)
          expect(got.entropy[i]).toBeLessThanOrEqual(Math.log(seen) + 1e-6)
          expect(got.effective[i]).toBeLessThanOrEqual(seen * (1 + 1e-6))
          expect(got.max[i]).toBeGreaterThanOrEqual(1 / seen - 1e-6)
        }
      },
    ),
    { numRuns: 40 },
  ))

test('a long map is walked in blocks, and gives what its rows give', async () => {
  const backend = comparedBackends[0].start()
  await withBackend(backend, async () => {
    using model = tinyGpt2({ n_positions: 2400 })
    using captured = await capture(model, 'the dog sees the cat. '.repeat(270), { sites: 'layers.1.self' })
    const map = captured.map('layers.1.self', 1)
    const blocks: number[] = []
    for await (const { rows } of map.blocks()) blocks.push(rows[0])
    expect(blocks.length).toBeGreaterThan(1)
    const got = await map.stats()
    for (const i of [...blocks, blocks[1] - 1, map.rows - 1]) {
      const row = await map.row(i)
      near([got.first[i], got.diagonal![i], got.max[i]], [row[0], row[i], Math.max(...row)], 1e-7)
      near([got.distance![i]], [row.reduce((sum, w, j) => sum + w * Math.abs(i - j), 0)], 1e-3)
    }
  })
  backend.dispose()
})

test('separators are special tokens and punctuation, but for the first token', () => {
  const token = (text: string, start: number, end: number) => ({ id: 1, text, start, end })
  const tokens = [
    token('[CLS]', 0, 0),
    token('Well', 0, 4),
    token(',', 4, 5),
    token(' —', 5, 7),
    token(' a.', 7, 10),
  ]
  expect(separatorsOf([...tokens, token('[SEP]', 10, 10)])).toEqual([2, 3, 5])
})

test('refuses ids and separators that are not the keys', async () => {
  await expect(statsOf(causal, { ids: [1, 2] })).rejects.toThrow(coded('input', '3 keys', '2 ids'))
  await expect(statsOf(causal, { separators: [3] })).rejects.toThrow(coded('input', 'separator 3', '0 to 2'))
})

test('every measure has its formula, source, unit and range', () => {
  expect(new Set(measures.map(({ name }) => name)).size).toBe(measures.length)
  for (const { says, formula, source, unit, range } of measures)
    for (const text of [says, formula, source, unit, ...range]) expect(text).not.toBe('')
})

test('docs/measures.md has the table as it is exported, and says of every measure what it does not say', () => {
  const docs = readFileSync(new URL('../../../../docs/measures.md', import.meta.url), 'utf8')
  const rows = docs
    .split('\n')
    .map((line) => line.split(/(?<!\\)\|/).map((cell) => cell.trim().replaceAll('\\|', '|')))
  for (const { name, formula, unit, range, source } of measures) {
    const about = rows.filter(([, first]) => first === `\`${name}\``)
    expect(about[0].slice(2, 6)).toEqual([formula, unit, range.join(' to '), source])
    expect(about[1].slice(2, 4).every((text) => text.length > 10)).toBe(true)
  }
})
