import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { assertWellFormed, texts } from '../testing/svg.js'
import type { DrawnMap, DrawnToken } from './map.js'
import { mapSvg, MAX_SIDE } from './svg.js'
import { palettes, seq } from './tokens.js'

const tokens = (...texts: string[]): DrawnToken[] =>
  texts.map((text) => ({ text, special: /^<.+>$/.test(text), startsWord: true }))

const many = (n: number) => tokens(...Array.from({ length: n }, (_, i) => ` t${i}`))

/** Every query looks at the key of its own number. */
const diagonal = (n: number): DrawnMap => ({
  title: `${n} by ${n}`,
  queries: many(n),
  keys: many(n),
  weights: Array.from({ length: n }, (_, i) => Array.from({ length: n }, (_, j) => (i === j ? 1 : 0))),
})

const elephant: DrawnMap = {
  title: 'Decoder 2 reads the source',
  note: 'the sharpest layer',
  queries: tokens('Der', ' Elefant', '</s>'),
  keys: tokens('The', ' elephant', '</s>'),
  weights: [
    [0.9, 0.06, 0.04],
    [0.03, 0.62, 0.35],
    [0.1, 0.1, 0.8],
  ],
}

describe('mapSvg', () => {
  it('is a standalone picture with a name and a description', () => {
    const svg = mapSvg(elephant)
    assertWellFormed(svg)
    const [, width, height] =
      /^<svg xmlns="http:\/\/www.w3.org\/2000\/svg" width="(\d+)" height="(\d+)"/.exec(svg)!
    expect(svg).toContain(`viewBox="0 0 ${width} ${height}" role="img"`)
    expect(svg).toContain('<title>Decoder 2 reads the source</title>')
    expect(svg).toContain('Strongest links: Der → The 0.90; Elefant → elephant 0.62.</desc>')
  })

  it('shows title, roles, tokens, written weights, legend, rule and links', () => {
    const shown = texts(mapSvg(elephant))
    for (const text of [
      elephant.title,
      'asks',
      'answers',
      '·Elefant',
      '·elephant',
      'end',
      '.90',
      '.62',
      '.10',
      'weight',
      '0',
      '1',
    ])
      expect(shown).toContain(text)
    expect(shown).toContain('The sharpest layer.')
    expect(shown).toContain('Weights from .10 are written.')
    expect(shown).toContain('Elefant → elephant')
    expect(shown).not.toContain('.06')
    expect(texts(mapSvg(elephant, { links: 0 }))).not.toContain('Strongest links')
  })

  it('fills cells on the fixed ramp, in both themes', () => {
    for (const theme of ['light', 'dark'] as const) {
      const svg = mapSvg(elephant, { theme })
      for (const weight of elephant.weights.flatMap((row) => [...(row as number[])]))
        expect(svg).toContain(`rx="2" fill="${seq(weight, theme)}"`)
      expect(svg).toContain(palettes[theme].roles.q.text)
      expect(svg).toContain(palettes[theme].roles.k.text)
    }
  })

  it('lays labels flat over wide cells and turns them above narrow ones', () => {
    expect(mapSvg(elephant)).not.toContain('rotate')
    expect(mapSvg(diagonal(20))).toContain('rotate(-90')
  })

  it('thins labels out, drops numbers, and says so', () => {
    expect(texts(mapSvg(diagonal(30)))).toContain('·t29')
    const shown = texts(mapSvg(diagonal(200), { links: 0 }))
    expect(shown.filter((text) => /^·t\d+$/.test(text))).toHaveLength(2 * 40)
    expect(shown).toContain('Every 5th row and 5th column is labelled.')
    expect(shown).not.toContain('Weights from .10 are written.')
  })

  it('lists only the strongest links of many, and says of how many', () => {
    expect(texts(mapSvg(diagonal(60)))).toContain('the 12 strongest of 60 words')
  })

  it('draws 200 × 200 cells small and 1 × 1 whole', () => {
    expect(mapSvg(diagonal(200)).length).toBeLessThan(100_000)
    const one = mapSvg({ title: 'one', queries: tokens('<s>'), keys: tokens('<s>'), weights: [[1]] })
    assertWellFormed(one)
    expect(texts(one).filter((text) => text === 'start')).toHaveLength(2)
  })

  it('says that nothing is there, and refuses what nobody can see', () => {
    const nothing = mapSvg({ title: 'none', queries: [], keys: tokens('a'), weights: [] })
    assertWellFormed(nothing)
    expect(texts(nothing)).toContain('Nothing to draw: 0 queries, 1 keys.')
    const wide = {
      ...elephant,
      queries: tokens('a'),
      keys: many(MAX_SIDE + 1),
      weights: [new Float32Array(MAX_SIDE + 1)],
    }
    expect(() => mapSvg(wide)).toThrow('a drawing has at most 512 tokens a side; this map is 1 × 513')
  })

  it('is well-formed and the same twice for any text', () => {
    const text = fc.string({ unit: 'binary', maxLength: 12 })
    fc.assert(
      fc.property(
        text,
        fc.array(text, { minLength: 1, maxLength: 4 }),
        fc.boolean(),
        (title, words, special) => {
          const drawn = words.map((text) => ({ text, special, startsWord: true }))
          const weights = drawn.map(() => drawn.map(() => 1 / drawn.length))
          const map: DrawnMap = { title, note: title, queries: drawn, keys: drawn, weights }
          const svg = mapSvg(map)
          assertWellFormed(svg)
          expect(mapSvg(map)).toBe(svg)
        },
      ),
      { numRuns: 200 },
    )
  })
})
