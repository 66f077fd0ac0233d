import { createHash } from 'node:crypto'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { see } from '../../lens/index.js'
import { coded } from '../../testing/index.js'
import { tinyGpt2 } from '../../testing/tiny-gpt2.js'
import { tinyTransformer } from '../../testing/tiny-transformer.js'
import { fixed, weight3, weightInCell } from '../numbers.js'
import { palettes, seqRgb } from '../tokens.js'
import type { PageData } from './data.js'
import { MAX_PAGE_BYTES, pageData, seenHtml, type SeenQk } from './html.js'
import { maths } from './maths.js'

const m = maths()

/** Small numbers that look random, the same ones always. */
const numbers = (rows: number, columns: number, seed: number) =>
  Array.from({ length: rows }, (_, i) =>
    Float32Array.from({ length: columns }, (_, j) => 2 * Math.sin(seed + 12.9898 * i + 78.233 * j)),
  )

const word = (text: string, start: number) => ({ text, start, end: start + text.length })
const tokens = { source: [word('a', 0), word(' b', 1), word(' c', 3), word(' d', 5)] }

/** A map of 4 × 4 under some rules, its weights by softmax in float64. */
function made(rules: Partial<SeenQk>): SeenQk {
  const [q, k] = [numbers(4, 8, 1), numbers(4, 8, 2)]
  const { scale = 1 / Math.sqrt(8), causal, window, lengths, softcap, bias, sink } = rules
  const scores = q.map((query, i) =>
    k.map((key, j) => {
      const at = i + (causal?.offset ?? 0)
      const right = causal ? 0 : (window?.[1] ?? Infinity)
      const seen = j <= at + right && j >= at - (window?.[0] ?? Infinity) && j < (lengths?.[0] ?? 4)
      const s = scale * query.reduce((sum, x, d) => sum + x * key[d], 0)
      const capped = softcap === undefined ? s : softcap * Math.tanh(s / softcap)
      return seen ? capped + (bias?.[i][j] ?? 0) : -Infinity
    }),
  )
  const most = scores.map((row) => Math.max(...row, sink ?? -Infinity))
  const exponentials = scores.map((row, i) => row.map((s) => (s === -Infinity ? 0 : Math.exp(s - most[i]))))
  const sums = exponentials.map(
    (row, i) => row.reduce((a, b) => a + b, 0) + (sink === undefined ? 0 : Math.exp(sink - most[i])),
  )
  return {
    site: 'layers.0.self',
    head: 0,
    queries: 'source',
    keys: 'source',
    weights: exponentials.map((row, i) => row.map((e) => (sums[i] > 0 ? e / sums[i] : 0))),
    q,
    k,
    m: most,
    l: sums,
    scale,
    ...rules,
  }
}

const seenOf = (...maps: SeenQk[]) => ({ text: 'a b c d', output: null, tokens, maps })

/** How far the page's weights lie from a map's. */
function difference(data: PageData, n: number, { weights }: SeenQk): number {
  const head = m.headOf(data, n)
  expect([head.Tq, head.Tk]).toEqual([weights.length, weights[0].length])
  return Math.max(
    ...weights.flatMap((row, i) => {
      const computed = m.row(head, i)
      return Array.from(row, (w, j) => Math.abs(w - computed[j]))
    }),
  )
}

describe('the page computes', () => {
  it('the weights of every head of an encoder-decoder and of a causal model', async () => {
    const [pair, causal] = [tinyTransformer({ max_positions: 24 }), tinyGpt2()]
    const text = 'the dog sees the cat'
    try {
      for (const seen of [await see(pair, text, { qk: true }), await see(causal, text, { qk: true })]) {
        const data = pageData(seen, 'title')
        expect(data.heads.length).toBe(seen.maps.length)
        data.heads.forEach(({ site, head }, n) => {
          const map = seen.maps.find((map) => map.site === site && map.head === head)!
          expect(difference(data, n, map)).toBeLessThan(1e-6)
        })
      }
    } finally {
      pair.dispose()
      causal.dispose()
    }
  })

  const mask = [0, 0.5, -Infinity, 1]
  const rules: Record<string, Partial<SeenQk>> = {
    none: {},
    'its own scale': { scale: 0.7 },
    causal: { causal: { offset: 0 } },
    'causal with an offset, and a row of nothing': { causal: { offset: -1 } },
    'a window': { window: [1, 0] },
    'a window open to the left': { window: [Infinity, 1] },
    'a causal window': { causal: { offset: 0 }, window: [1, 3] },
    lengths: { lengths: [2] },
    softcap: { softcap: 1.5 },
    'a bias that masks': { bias: [mask, mask, mask, mask] },
    'a sink': { sink: 0.8 },
    'all of them': {
      causal: { offset: 1 },
      window: [2, 0],
      lengths: [3],
      softcap: 2,
      bias: [mask, mask, mask, mask],
      sink: 0.1,
    },
  }
  it.each(Object.entries(rules))('weights under %s', (_, rule) => {
    const map = made(rule)
    expect(difference(pageData(seenOf(map), 't'), 0, map)).toBeLessThan(1e-6)
  })

  it('the steps from q·k to the weight, and where a query may not look', () => {
    const head = m.headOf(pageData(seenOf(made({ causal: { offset: 0 }, softcap: 2 })), 't'), 0)
    const s = m.steps(head, 2, 1)
    expect(s.scaled).toBeCloseTo(s.dot / Math.sqrt(8), 12)
    expect(s.capped).toBeCloseTo(2 * Math.tanh(s.scaled / 2), 12)
    expect(s.less).toBeCloseTo(s.capped! - head.m[2], 12)
    expect(s.weight).toBeCloseTo(Math.exp(s.less) / s.sum, 12)
    expect([s.allowed, m.steps(head, 1, 2).allowed, m.steps(head, 1, 2).weight]).toEqual([true, false, 0])
  })

  it('blocks of the largest weights, and where these are', () => {
    const map = made({})
    const head = m.headOf(pageData(seenOf(map), 't'), 0)
    const blocks = m.blocks(head, 3)
    expect([blocks.height, blocks.width]).toEqual([2, 2])
    while (blocks.done < blocks.height) m.nextBlocks(head, blocks)
    const block = (rows: number[], columns: number[]) =>
      Math.max(...rows.flatMap((i) => columns.map((j) => map.weights[i][j])))
    const first = [0, 1, 2]
    const expected = [block(first, first), block(first, [3]), block([3], first), block([3], [3])]
    blocks.largest.forEach((w, b) => {
      expect(w).toBeCloseTo(expected[b], 6)
      const at = blocks.at[b]
      expect(map.weights[Math.floor(at / 4)][at % 4]).toBeCloseTo(w, 6)
    })
    // A block of zeros still says where it is.
    const masked = m.headOf(pageData(seenOf(made({ lengths: [2] })), 't'), 0)
    const halves = m.blocks(masked, 2)
    m.nextBlocks(masked, halves)
    expect([...halves.at.subarray(0, 2)].map((at) => at % 4 >= 2)).toEqual([false, true])
  })

  it('numbers and colours as the library does', () => {
    const number = fc.double({ noNaN: false, noDefaultInfinity: false })
    fc.assert(fc.property(number, (x) => m.fixed(x) === fixed(x) && m.fixed(x, 3) === fixed(x, 3)))
    const weight = fc.double({ min: 0, max: 1, noNaN: true })
    for (const theme of ['light', 'dark'] as const) {
      const stops = palettes[theme].seq.map((hex) =>
        [1, 3, 5].map((at) => Number.parseInt(hex.slice(at, at + 2), 16)),
      )
      fc.assert(
        fc.property(weight, (w) => {
          expect(m.along(stops, w)).toEqual(seqRgb(w, theme))
          expect([m.weight3(w), m.weightInCell(w)]).toEqual([weight3(w), weightInCell(w)])
        }),
      )
    }
    expect(m.effectiveKeys([0.25, 0.25, 0.25, 0.25, 0])).toBeCloseTo(4, 12)
    expect([m.strongest([0.1, 0.6, 0.3]), m.strongest([0, 0])]).toEqual([1, 0])
  })
})

describe('seenHtml', () => {
  const parts = (html: string) => {
    const json = /<script type="application\/json" id="data">([^<]*)<\/script>/.exec(html)![1]
    const [, code] = /<script>([^]*?)<\/script>/.exec(html)!
    const [, rules] = /<style>([^]*?)<\/style>/.exec(html)!
    return { data: JSON.parse(json) as PageData, code, rules }
  }
  const hash = (text: string) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`

  it('is one file that allows its own script and style alone, and asks for nothing', async () => {
    const html = await seenHtml(seenOf(made({})), { title: 'four words' })
    const { code, rules } = parts(html)
    const [, policy] = /<meta http-equiv="Content-Security-Policy" content="([^"]*)">/.exec(html)!
    expect(policy).toBe(
      `default-src 'none'; script-src ${hash(code)}; style-src ${hash(rules)}; font-src data:; base-uri 'none'; form-action 'none'`,
    )
    expect(html).not.toMatch(/<link|<img|<iframe|\ssrc=|\shref=|@import|\sstyle=|\son\w+=/)
    expect(html.match(/https?:\/\/[^"'\s]+/g)).toEqual(['http://www.w3.org/2000/svg'])
    expect(html).toContain('<title>four words · heed</title>')
  })

  it('is a script that parses, with nothing in it from outside', async () => {
    const { code } = parts(await seenHtml(seenOf(made({}))))
    expect(() => new Function(code)).not.toThrow()
    // Names that a bundler or a test runner gives to imports.
    expect(code).not.toMatch(/__vi|import\(|require\(|\bexports\b|<!--/)
  })

  it('shows any text as text', async () => {
    const text = '</script><script>alert(1)</script><!-- & "x" \u2028 \ud800'
    const seen = {
      text,
      output: text,
      tokens: { source: [word(text, 0)], target: [] },
      maps: [{ ...made({}), q: numbers(1, 8, 1), k: numbers(1, 8, 2), m: [0], l: [1], weights: [[1]] }],
    }
    const html = await seenHtml(seen)
    expect(html.match(/<script/g)).toHaveLength(2)
    expect(html.match(/<\/script>/g)).toHaveLength(2)
    expect(html).not.toContain('<!--')
    expect(html).toContain('&lt;/script&gt;&lt;script&gt;alert(1)')
    expect(parts(html).data.axes[0].keys[0].label).toContain('</script>')
  })

  it('brings fonts along when it is given some', async () => {
    const fonts = [{ family: 'Inter Variable', weight: '100 900', woff2: Uint8Array.of(1, 2, 3) }]
    const html = await seenHtml(seenOf(made({})), { fonts })
    expect(html).toContain(
      '@font-face{font-family:"Inter Variable";font-weight:100 900;src:url(data:font/woff2;base64,AQID)',
    )
  })

  it('holds an array once, lists heads by their kind, and names the rows of a cross-attention after what they predict', () => {
    const data = pageData(
      {
        ...seenOf(),
        output: 'A B C',
        tokens: {
          ...tokens,
          target: [{ text: '<s>', start: 0, end: 0 }, word('A', 0), word(' B', 1), word(' C', 3)],
        },
        maps: [
          { ...made({}), site: 'encoder.0.self' },
          { ...made({}), site: 'decoder.0.cross', queries: 'target' },
          { ...made({}), site: 'encoder.1.self' },
        ],
      },
      't',
    )
    expect(data.arrays).toHaveLength(4)
    expect(data.heads.map(({ site, name, group }) => [site, name, group])).toEqual([
      ['encoder.0.self', 'e0·0', 'Encoder, reads itself'],
      ['encoder.1.self', 'e1·0', 'Encoder, reads itself'],
      ['decoder.0.cross', 'x0·0', 'Decoder, reads the source'],
    ])
    const cross = data.axes[data.heads[2].axes]
    expect(cross.own).toBe(false)
    expect(cross.queries.map(({ label }) => label)).toEqual(['A', 'B', 'C', 'end'])
    expect(data.axes[data.heads[0].axes].own).toBe(true)
  })

  it('refuses what it cannot compute, and what no mail takes', async () => {
    await expect(seenHtml(seenOf({ ...made({}), q: undefined }))).rejects.toThrow(
      coded('input', 'layers.0.self, head 0 has no queries and keys', 'qk: true'),
    )
    await expect(seenHtml(seenOf())).rejects.toThrow(coded('input', 'no map'))
    await expect(seenHtml(seenOf({ ...made({}), m: [1] }))).rejects.toThrow(coded('shape', '4 queries'))
    const wide = new Float32Array(MAX_PAGE_BYTES / 16 + 4)
    await expect(seenHtml(seenOf({ ...made({}), q: [wide, wide, wide, wide] }))).rejects.toThrow(
      coded('input', '64 MB', 'fewer'),
    )
  })
})
