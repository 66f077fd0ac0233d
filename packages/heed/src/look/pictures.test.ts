import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { coded } from '../testing/index.js'
import { assertWellFormed, count, texts } from '../testing/svg.js'
import { textSvg, MAX_TEXT } from './bright.js'
import { type DrawnGrid, type DrawnHead, gridSvg } from './grid.js'
import { linesSvg, MAX_LINES } from './lines.js'
import type { DrawnMap, DrawnToken } from './map.js'
import { type DrawnOverview, MAX_OVERVIEW, overviewSvg } from './overview.js'
import { pool } from './pool.js'
import { palettes, seq } from './tokens.js'

const tokens = (...texts: string[]): DrawnToken[] =>
  texts.map((text) => ({ text, special: /^<.+>$/.test(text), startsWord: true }))
const piece = (text: string): DrawnToken => ({ text, special: false, startsWord: false })

const words = tokens('The', 'elephant', 'is', '<s>')
/** A sequence that reads itself; some links lie under .02. */
const own: DrawnMap = {
  title: 'One head',
  queries: words,
  keys: words,
  weights: [
    [0.97, 0.01, 0.01, 0.01],
    [0.2, 0.1, 0.62, 0.08],
    [0.5, 0.5, 0, 0],
    [0, 0, 0, 0],
  ],
}
const cross: DrawnMap = { ...own, queries: tokens('Der', 'Elefant', 'ist', 'end') }

const many = (rows: number, columns = rows): DrawnMap => ({
  title: 'many',
  queries: tokens(...Array.from({ length: rows }, (_, i) => `q${i}`)),
  keys: tokens(...Array.from({ length: columns }, (_, i) => `k${i}`)),
  weights: Array.from({ length: rows }, () => new Float32Array(columns).fill(1 / columns)),
})

describe('linesSvg', () => {
  const lines = (svg: string) =>
    Array.from(svg.matchAll(/<path d="M[^"]*C[^"]*" stroke="([^"]+)" stroke-width="([^"]+)"/g), (m) => [
      m[1],
      Number(m[2]),
    ])

  it('draws links from .02 up, the strongest last, as wide as their weights', () => {
    const svg = linesSvg(own)
    assertWellFormed(svg)
    const weights = [0.08, 0.1, 0.2, 0.5, 0.5, 0.62, 0.97]
    expect(lines(svg)).toEqual(weights.map((w) => [seq(0.3 + 0.7 * w, 'light'), Math.round(900 * w) / 100]))
    expect(texts(svg)).toContain('Width is the weight. Links under .02 are not drawn.')
    expect(texts(svg).filter((text) => ['asks', 'answers', 'elephant', 'start'].includes(text))).toEqual(
      expect.arrayContaining(['asks', 'answers', 'elephant', 'elephant']),
    )
  })

  it('lights one query, leaves the others as hairlines, and marks who answers', () => {
    const svg = linesSvg(own, { query: 1, theme: 'dark' })
    const p = palettes.dark
    expect(lines(svg)).toHaveLength(4)
    expect(count(svg, new RegExp(`stroke="${p.line2}"/>`, 'g'))).toBe(1)
    expect(svg).toContain(`fill="${p.roles.q.text}" text-anchor="end">elephant<`)
    expect(svg).toContain(`fill="${p.roles.k.text}">is<`)
    expect(svg).toContain('Lit: elephant, most to is, 0.62.')
    // A query that attends to nothing lights nothing.
    expect(lines(linesSvg(own, { query: 3 }))).toHaveLength(0)
  })

  it('stands upright or lies flat, and turns labels that do not fit', () => {
    const size = (svg: string) => /width="(\d+)" height="(\d+)"/.exec(svg)!.slice(1).map(Number)
    const flat = linesSvg(many(20), { layout: 'horizontal' })
    assertWellFormed(flat)
    expect(size(flat)[0]).toBeGreaterThan(size(flat)[1])
    const upright = size(linesSvg(many(20)))
    expect(upright[1]).toBeGreaterThan(upright[0])
    expect(flat).not.toContain('rotate')
    expect(linesSvg(many(100), { layout: 'horizontal' })).toContain('rotate(-90')
  })

  it('refuses what nobody can see, and a query that is not there', () => {
    expect(() => linesSvg(many(MAX_LINES + 1, 2))).toThrow(
      coded('option', 'at most 128 tokens', '129 × 2', 'heat map'),
    )
    expect(() => linesSvg(own, { query: 4 })).toThrow(coded('option', 'no query 4', '0 to 3'))
    expect(() => linesSvg({ ...own, weights: [] })).toThrow(coded('shape', 'as many rows'))
    expect(texts(linesSvg(many(0, 3)))).toContain('Nothing to draw: 0 queries, 3 keys.')
  })
})

describe('textSvg', () => {
  it('fills the words of a row, writes numbers, frames the query and names who answers', () => {
    const svg = textSvg(own, { query: 1 })
    assertWellFormed(svg)
    for (const weight of own.weights[1] as number[])
      expect(svg).toContain(`rx="3" fill="${seq(weight, 'light')}"`)
    expect(texts(svg)).toEqual(
      expect.arrayContaining([
        'The',
        'elephant',
        'is',
        'start',
        '.20',
        '.10',
        '.62',
        'asks',
        'answers',
        'weight',
      ]),
    )
    expect(count(svg, new RegExp(`stroke="${palettes.light.roles.q.stroke}" stroke-width="2"`, 'g'))).toBe(1)
    expect(count(svg, /stroke-dasharray/g)).toBe(1)
    expect(svg).toContain('What elephant attends to.')
  })

  it('frames no word of another sequence, and shows the mean that each key gets without a query', () => {
    expect(texts(textSvg(cross, { query: 1 }))).not.toContain('asks')
    const svg = textSvg(own)
    expect(texts(svg)).not.toContain('asks')
    expect(texts(svg)).toContain('.42') // (.97 + .2 + .5 + 0) / 4
    expect(svg).toContain('The mean weight that a token gets from all 4 queries.')
  })

  it('wraps lines between words, keeps the pieces of one together, and lets them touch', () => {
    const keys = [...tokens('one', 'two'), piece('fold'), ...tokens('three')]
    const svg = textSvg(
      { title: 't', queries: tokens('a'), keys, weights: [[0.1, 0.2, 0.3, 0.4]] },
      { width: 200, query: 0 },
    )
    const boxes = Array.from(
      svg.matchAll(/<rect x="([\d.]+)" y="([\d.]+)" width="([\d.]+)" height="31" rx="3"/g),
      (m) => m.slice(1).map(Number),
    )
    const [one, two, fold, three] = boxes
    expect(two[1]).toBe(one[1])
    expect(fold).toEqual([expect.closeTo(two[0] + two[2] + 1, 1), two[1], expect.any(Number)])
    expect(three[1]).toBeGreaterThan(two[1])
    expect(Math.max(...boxes.map(([x, , width]) => x + width))).toBeLessThanOrEqual(224)
  })

  it('refuses a page that is too narrow, a text too long, a query that is not there', () => {
    expect(() => textSvg(own, { width: 199 })).toThrow(coded('option', '200 px', '199'))
    expect(() => textSvg(own, { query: -1 })).toThrow(coded('option', 'no query -1'))
    expect(() => textSvg(many(1, MAX_TEXT + 1))).toThrow(coded('option', 'at most 4096 tokens', '4097'))
    expect(texts(textSvg(many(0, 3)))).toContain('Nothing to draw: 0 queries, 3 keys.')
  })
})

describe('gridSvg', () => {
  const head = (layer: number, n: number, more: Partial<DrawnHead> = {}): DrawnHead => ({
    layer,
    head: n,
    name: `${layer}·${n}`,
    weights: [
      [1, 0],
      [0.5, 0.5],
    ],
    ...more,
  })
  const grid = (layers: number, heads: number, more: Partial<DrawnGrid> = {}): DrawnGrid => ({
    title: 'all heads',
    groups: [
      {
        name: 'Layers',
        site: 'layers.*.self',
        heads: Array.from({ length: layers * heads }, (_, i) =>
          head(Math.floor(i / heads), i % heads, { value: i / (layers * heads) }),
        ),
      },
    ],
    measure: { name: 'sharpness' },
    ...more,
  })

  it('has a thumbnail, a name and a bar for every head, on the fixed ramp', () => {
    const svg = gridSvg(grid(2, 4))
    assertWellFormed(svg)
    expect(count(svg, /<g><title>/g)).toBe(8)
    expect(texts(svg)).toEqual(expect.arrayContaining(['Layers', 'layers.*.self', '0·0', '1·3', 'weight']))
    expect(texts(svg)).toContain('Bar: sharpness, 0 to 1.')
    expect(svg).toContain('<title>1·3: sharpness 0.88</title>')
    expect(count(svg, new RegExp(`fill="${seq(1, 'light')}" shape-rendering="crispEdges"/>`, 'g'))).toBe(
      8 + 1,
    ) // and the legend's end
    const bars = Array.from(
      svg.matchAll(new RegExp(`height="4" width="([\\d.]+)" fill="${palettes.light.ink2}"`, 'g')),
      (m) => Number(m[1]),
    )
    // A value of 0 has no bar but its track.
    expect(bars).toEqual([1, 2, 3, 4, 5, 6, 7].map((i) => Math.round((30 * i * 100) / 8) / 100))
  })

  it('is smaller for more heads, and numbers rows and columns where names have no room', () => {
    const side = (svg: string) =>
      Number(/<rect x="[\d.]+" y="[\d.]+" width="(\d+)" height="\1" fill="#ffffff"/.exec(svg)![1])
    expect([48, 49, 144, 145].map((n) => side(gridSvg(grid(1, n))))).toEqual([64, 40, 40, 24])
    const dense = texts(gridSvg(grid(12, 16)))
    expect(dense).not.toContain('3·4')
    expect(dense).toContain('Rows are layers, columns are heads.')
    expect(dense.filter((text) => text === '11')).toHaveLength(2)
  })

  it('puts the largest value first when asked, and moves nothing else', () => {
    const names = (svg: string) => texts(svg).filter((text) => /^\d·\d$/.test(text))
    expect(names(gridSvg(grid(1, 3)))).toEqual(['0·0', '0·1', '0·2'])
    expect(names(gridSvg(grid(1, 3), { order: 'measure' }))).toEqual(['0·2', '0·1', '0·0'])
    expect(texts(gridSvg(grid(1, 3), { order: 'measure' }))).toContain('by sharpness, the largest first')
  })

  it('pools what a thumbnail cannot hold by the largest, and says so', () => {
    const weights = Array.from({ length: 300 }, (_, i) =>
      Float32Array.from({ length: 300 }, (_, j) => (i === j ? 1 : 0)),
    )
    const svg = gridSvg({ title: 't', groups: [{ name: 'g', heads: [head(0, 0, { weights })] }] })
    expect(svg).toContain('href="data:image/png;base64,')
    expect(texts(svg).join(' ')).toContain('Each pixel is the largest of the weights that it stands for.')
    expect(pool(weights, 100, 'max').map((row, i) => row[i])).toEqual(Array(100).fill(1))
    expect(pool(weights, 100, 'mean')[5][5]).toBeCloseTo(1 / 3, 6)
    expect(pool(weights, 100, 'max').length).toBe(100)
    expect(pool(weights, 300, 'mean')).toBe(weights)
  })

  it('refuses values that a bar cannot hold, maps that are none, and an order by nothing', () => {
    const one = (more: Partial<DrawnHead>) => ({
      title: 't',
      groups: [{ name: 'g', heads: [head(0, 1, more)] }],
    })
    expect(() => gridSvg(one({ value: 1.5 }))).toThrow(coded('input', 'head 0·1 is 1.5', '0 to 1'))
    expect(() => gridSvg({ ...one({ value: 1.5 }), measure: { name: 'bits', max: 2 } })).not.toThrow()
    expect(() => gridSvg({ ...one({}), measure: { name: 'bits', max: 0 } })).toThrow(
      coded('option', 'above 0'),
    )
    expect(() => gridSvg(one({ weights: [[1], [1, 0]] }))).toThrow(
      coded('shape', 'head 0·1: row 1 has 2 weights'),
    )
    expect(() => gridSvg(one({ weights: [[2]] }))).toThrow(coded('input', 'head 0·1', '2'))
    expect(() => gridSvg(one({}), { order: 'measure' })).toThrow(coded('option', 'no measure'))
    expect(texts(gridSvg({ title: 't', groups: [] }))).toContain('Nothing to draw: 0 heads.')
  })
})

describe('overviewSvg', () => {
  const overview = (more: Partial<DrawnOverview> = {}): DrawnOverview => ({
    title: 'a long text',
    values: Float32Array.from({ length: 64 * 64 }, (_, i) => (i % 65 === 0 ? 0.01 : 0)),
    height: 64,
    width: 64,
    queries: 32_768,
    keys: 32_768,
    pooled: 'mean',
    ...more,
  })

  it('is an image of one pixel a value, with axes in tokens and how values were pooled', () => {
    const svg = overviewSvg(overview())
    assertWellFormed(svg)
    const [, size] = /<image x="\d+" y="\d+" width="(\d+)" height="\1" href="data:image\/png/.exec(svg)!
    expect(Number(size) % 64).toBe(0)
    expect(texts(svg)).toEqual(
      expect.arrayContaining(['0', '10,000', '20,000', '30,000', 'asks', 'answers', 'mean weight']),
    )
    expect(svg).toContain('Each cell is the mean of up to 512 × 512 weights.')
    expect(texts(overviewSvg(overview({ pooled: 'max' })))).toContain('largest weight')
    expect(overviewSvg(overview({ queries: 64, keys: 64 }))).toContain('Each cell is one weight.')
  })

  it('names a scale that is not the weights, with weights on it', () => {
    expect(overviewSvg(overview())).not.toContain('axis')
    const root = texts(overviewSvg(overview(), { scale: 'sqrt' }))
    expect(root).toEqual(expect.arrayContaining(['mean weight, square-root axis', '.01', '.1', '.5']))
    const log = texts(overviewSvg(overview(), { scale: 'log' }))
    expect(log).toEqual(expect.arrayContaining(['mean weight, logarithmic axis', '≤10⁻⁶', '10⁻⁴', '10⁻²']))
  })

  it('refuses what is no overview', () => {
    expect(() => overviewSvg(overview(), { scale: 'toString' as 'log' })).toThrow(coded('option', 'toString'))
    expect(() => overviewSvg(overview({ values: [1] }))).toThrow(coded('shape', '64 × 64', 'got 1'))
    expect(() => overviewSvg(overview({ queries: 63 }))).toThrow(coded('shape', '63 × 32768'))
    expect(() => overviewSvg(overview({ values: new Float32Array(4096).fill(NaN) }))).toThrow(
      coded('input', 'values[0] is NaN'),
    )
    const wide = { height: 1, width: MAX_OVERVIEW + 1, values: new Float32Array(MAX_OVERVIEW + 1) }
    expect(() => overviewSvg(overview(wide))).toThrow(coded('option', 'at most 2048'))
    const scale = 'cubic' as 'log'
    expect(() => overviewSvg(overview(), { scale })).toThrow(coded('option', 'cubic', 'linear, sqrt or log'))
  })
})

it('every picture is well-formed and the same twice for any text', () => {
  const text = fc.string({ unit: 'binary', maxLength: 8 })
  fc.assert(
    fc.property(
      text,
      fc.array(text, { minLength: 1, maxLength: 4 }),
      fc.boolean(),
      (title, names, special) => {
        const drawn = names.map((text, i) => ({ text, special, startsWord: i % 2 === 0 }))
        const weights = drawn.map(() => drawn.map(() => 1 / drawn.length))
        const map: DrawnMap = { title, note: title, queries: drawn, keys: drawn, weights }
        const heads = [{ layer: 0, head: 0, name: title, weights, value: 0.5 }]
        const pictures = () => [
          linesSvg(map, { query: 0 }),
          linesSvg(map, { layout: 'horizontal' }),
          textSvg(map, { query: 0 }),
          gridSvg({
            title,
            note: title,
            groups: [{ name: title, site: title, heads }],
            measure: { name: title },
          }),
        ]
        const drawings = pictures()
        drawings.forEach(assertWellFormed)
        expect(pictures()).toEqual(drawings)
      },
    ),
    { numRuns: 25 },
  )
})
