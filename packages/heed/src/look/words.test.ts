import { describe, expect, it } from 'vitest'
import { coded } from '../testing/index.js'
import { texts } from '../testing/svg.js'
import { fixed } from './numbers.js'
import { palettes, seq } from './tokens.js'
import { type DrawnWords, MAX_MATRIX, MAX_WORDS, type Place, wordsSvg } from './words.js'

const drawn = (words: string[], more: Partial<DrawnWords> = {}): DrawnWords => ({
  title: 'dog and cat are nearest',
  words,
  measure: 'cosine',
  values: words.map((_, i) => words.map((_, j) => (i === j ? 1 : 0.6 - 0.1 * (i + j)))),
  write: fixed,
  filled: true,
  places: words.map((_, i): Place => [Math.cos(2.4 * i) * (i + 1), Math.sin(2.4 * i) * (i + 1)]),
  share: 0.312,
  dimensions: 256,
  ...more,
})
const three = drawn(['dog', 'cat', 'television'])
const many = (n: number) => drawn(Array.from({ length: n }, (_, i) => `word${i}`))

describe('wordsSvg', () => {
  it('shows the matrix on the fixed ramp, the map, and how much that holds', () => {
    const svg = wordsSvg(three)
    expect(svg).toMatch(/^<svg xmlns="http:\/\/www.w3.org\/2000\/svg" width="\d+" height="\d+" /)
    expect(svg).toContain('<title>dog and cat are nearest</title>')
    expect(svg).toContain(
      '3 words by cosine: dog and cat 0.50; dog and television 0.40; cat and television 0.30.',
    )
    for (const [value, count] of [
      [1, 3],
      [0.5, 2],
      [0.4, 2],
      [0.3, 2],
    ])
      expect(svg.split(`fill="${seq(value, 'light')}"/>`).length - 1).toBeGreaterThanOrEqual(count)
    const all = texts(svg)
    // A row, a column and a mark each; every pair twice in the matrix and once on its link.
    for (const word of three.words) expect(all.filter((text) => text === word)).toHaveLength(3)
    expect(all.filter((text) => text === '0.40')).toHaveLength(3)
    expect(all).toContain('two directions of 256; they hold 31% of the spread')
    expect(all).toContain('cosine')
    expect(svg).not.toMatch(/NaN|Infinity/)
    expect(wordsSvg(three)).toBe(svg)
    expect(wordsSvg(three, { theme: 'dark' })).toContain(`fill="${palettes.dark.card}"`)
  })

  it('gives both axes of the map one scale', () => {
    const [a, b, c] = Array.from(
      wordsSvg({
        ...three,
        places: [
          [0, 0],
          [3, 0],
          [0, 1],
        ],
      }).matchAll(/<circle cx="([\d.]+)" cy="([\d.]+)"/g),
      (match) => match.slice(1).map(Number),
    )
    expect((b[0] - a[0]) / (a[1] - c[1])).toBeCloseTo(3, 3)
  })

  it('fills nothing for measures without an end, and says that negative similarities have no fill', () => {
    const plain = wordsSvg({ ...three, filled: false, measure: 'Euclidean' })
    expect(plain).not.toContain(seq(1, 'light'))
    const negative = {
      ...three,
      values: [
        [1, -0.5, 0],
        [-0.5, 1, 0],
        [0, 0, 1],
      ],
    }
    expect(texts(wordsSvg(negative))).toContain('Negative numbers have no fill.')
    expect(texts(wordsSvg(negative))).toContain('−0.50')
    expect(texts(wordsSvg(three))).not.toContain('Negative numbers have no fill.')
  })

  it('leaves the matrix out beyond its size, and says so; names go where there is room', () => {
    expect(texts(wordsSvg(many(MAX_MATRIX)))).toContain('word11')
    const large = texts(wordsSvg(many(100)))
    expect(large).toContain('The matrix of 100 words is left out; it is drawn up to 12.')
    const named = large.filter((text) => /^word\d+$/.test(text)).length
    expect(large).toContain(`${100 - named} marks have no room for a name.`)
    expect(named).toBeGreaterThan(20)
    const together = { ...many(13), places: many(13).places.map((): Place => [1, 1]) }
    expect(texts(wordsSvg(together)).some((text) => /^\d+ marks have no room for a name\.$/.test(text))).toBe(
      true,
    )
  })

  it('draws neighbours, one word, two equal ones and none', () => {
    const others = [{ text: 'puppy', place: [2, 2] as const }]
    const one = texts(wordsSvg({ ...drawn(['dog']), others }))
    expect(one.filter((text) => ['dog', 'puppy'].includes(text))).toEqual(['dog', 'puppy'])
    const equal = wordsSvg({
      ...drawn(['dog', 'dog']),
      places: [
        [0, 0],
        [0, 0],
      ],
    })
    expect(equal).not.toMatch(/NaN|Infinity/)
    expect(texts(wordsSvg(drawn([])))).toContain('Nothing to draw: 0 words.')
  })

  it('escapes what is written, and shows what cannot be seen', () => {
    const svg = wordsSvg(drawn(['a<b&c', '\u202Eevil\x1b']))
    expect(svg).toContain('a&lt;b&amp;c')
    expect(svg).toContain('⟨202E⟩evil␛')
    expect(svg).not.toMatch(/(?!\n)[\p{Cc}\p{Cf}]/u)
  })

  it('refuses what does not fit', () => {
    expect(() => wordsSvg({ ...three, places: [] })).toThrow(coded('shape', '3 words', 'and 0'))
    expect(() => wordsSvg({ ...three, values: [[1], [1], [1]] })).toThrow(coded('shape', '3 × 3'))
    expect(() => wordsSvg(many(MAX_WORDS + 1))).toThrow(coded('option', 'at most 512', '513'))
  })
})
