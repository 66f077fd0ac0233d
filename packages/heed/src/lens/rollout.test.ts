import { describe, expect, it, test } from 'vitest'
import type { Model } from '../models/index.js'
import { coded, comparedBackends, withBackend } from '../testing/index.js'
import { knownAttention, knownCapture } from '../testing/known-map.js'
import { tinyBert } from '../testing/tiny-families.js'
import { tinyGpt2 } from '../testing/tiny-gpt2.js'
import { tinyTransformer } from '../testing/tiny-transformer.js'
import { capture, type Capture, rollout } from './index.js'

const first = [
  [1, 0],
  [0.5, 0.5],
]
const options = { causal: true }

test('by hand: two layers of one head', async () => {
  const second = [
    [1, 0],
    [0.2, 0.8],
  ]
  using captured = knownCapture(
    [knownAttention([first], { options }), knownAttention([second], { site: 'layers.1.self', options })],
    1,
  )
  // Half of each map and half of itself: (1, 0; ¼, ¾) and (1, 0; ⅒, 9⁄10); row 1 of the second times the first.
  const [row0, row1] = await rollout(captured, { queries: [0, 1] })
  const near = (got: Float32Array, expected: number[]) =>
    expected.forEach((x, i) => expect(got[i]).toBeCloseTo(x, 6))
  near(row0, [1, 0])
  near(row1, [0.1 + 0.9 * 0.25, 0.9 * 0.75])
  // The last layer alone.
  near((await rollout(captured, { queries: [1], sites: 'layers.1.self' }))[0], [0.1, 0.9])
})

test('by hand: the mean of two heads', async () => {
  const other = [
    [1, 0],
    [0.1, 0.9],
  ]
  using captured = knownCapture([knownAttention([first, other], { options })], 2)
  const [row] = await rollout(captured, { queries: [1] })
  expect(row[0]).toBeCloseTo(0.15, 6)
  expect(row[1]).toBeCloseTo(0.85, 6)
})

/** The same with matrices written out, in float64. */
async function withMatrices(captured: Capture, sites: readonly string[]): Promise<number[][]> {
  let product: number[][] | undefined
  for (const site of sites) {
    const map = captured.mean({ sites: site })
    const tile = await map.tile()
    const n = map.rows
    const a = Array.from({ length: n }, (_, i) => {
      const row = Array.from({ length: n }, (_, j) => 0.5 * tile[i * n + j] + (i === j ? 0.5 : 0))
      const sum = row.reduce((x, y) => x + y)
      return row.map((x) => x / sum)
    })
    const before = product
    product = before
      ? a.map((row) => row.map((_, j) => row.reduce((sum, x, k) => sum + x * before[k][j], 0)))
      : a
  }
  return product!
}

describe.each([
  { name: 'gpt2', make: tinyGpt2, sites: ['layers.0.self', 'layers.1.self'] },
  { name: 'bert', make: tinyBert, sites: ['layers.0.self', 'layers.1.self'] },
  {
    name: "the Transformer's encoder",
    make: () => tinyTransformer({ max_positions: 16 }),
    sites: ['encoder.0.self', 'encoder.1.self'],
  },
])('$name', ({ make, sites }) => {
  it.each([undefined, comparedBackends[0]])('is what explicit matrices give', async (start) => {
    const backend = start?.start()
    await (backend ? withBackend(backend, check) : check())
    backend?.dispose()
  })

  async function check() {
    using model: Model = make()
    using captured = await capture(model, 'the dog sees')
    const expected = await withMatrices(captured, sites)
    const seen: number[] = []
    const queries = [expected.length - 1, 0, 3]
    const got = await rollout(captured, { queries, onProgress: ({ done, total }) => seen.push(done / total) })
    got.forEach((row, n) => {
      expect(Math.abs(row.reduce((a, b) => a + b) - 1)).toBeLessThan(1e-5)
      row.forEach((x, j) => expect(Math.abs(x - expected[queries[n]][j])).toBeLessThan(1e-5))
    })
    expect(seen.at(-1)).toBe(1)
  }
})

test('refuses what it does not follow, and stops', async () => {
  using model = tinyTransformer({ max_positions: 12 })
  using captured = await capture(model, 'the dog')
  const roll = (options: object) => rollout(captured, { queries: [0], ...options })
  await expect(roll({ sites: 'decoder.0.cross' })).rejects.toThrow(
    coded('input', 'one stack', 'decoder.0.cross'),
  )
  await expect(roll({ sites: '*.self' })).rejects.toThrow(coded('input', 'encoder and decoder'))
  await expect(roll({ queries: [99] })).rejects.toThrow(coded('not-found', 'no position 99'))
  await expect(roll({ signal: AbortSignal.abort() })).rejects.toThrow(coded('aborted', 'stopped'))
  using cross = await capture(model, 'the dog', { sites: 'decoder.0.cross' })
  await expect(rollout(cross, { queries: [0] })).rejects.toThrow(
    coded('not-found', 'no self-attentions', 'decoder.0.cross'),
  )
})
