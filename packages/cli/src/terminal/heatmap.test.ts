import { stripVTControlCharacters } from 'node:util'
import { displayWidth } from 'heed/look'
import type { DrawnMap, DrawnToken } from 'heed/look'
import { describe, expect, it } from 'vitest'
import { renderMap, strongestLinks } from './heatmap.js'

const plain = (columns: number) => ({ columns, color: 'none', theme: 'dark' }) as const

const tokens = (...texts: string[]): DrawnToken[] =>
  texts.map((text) => ({ text, special: /^<.+>$/.test(text), startsWord: !/^[a-z]/.test(text) }))

/** Query `i` gives most to key `i`, the rest evenly. */
function map(queries: DrawnToken[], keys: DrawnToken[], most = 0.7): DrawnMap {
  const rest = keys.length > 1 ? (1 - most) / (keys.length - 1) : 0
  const weights = queries.map((_, i) => keys.map((_, j) => (i === j ? most : rest)))
  return { title: 'A finding', note: 'the rule', queries, keys, weights }
}

const sentence = map(tokens('Der', ' Ele', 'fant', '</s>'), tokens('The', ' elephant', ' is', '</s>'))

describe('renderMap', () => {
  it('lays labels flat and writes weights where there is room', () => {
    expect(renderMap(sentence, plain(80))).toEqual([
      'A finding',
      'the rule',
      '',
      '      answers',
      ' asks    The    ·elephant    ·is       end',
      '  Der    .70       .10       .10       .10',
      ' ·Ele    .10       .70       .10       .10',
      '‿fant    .10       .10       .70       .10',
      '  end    .10       .10       .10       .70',
      '',
      'weight 0 … 1; weights from .10 are written, smaller ones are ·',
      '‿ goes on with the word before',
    ])
  })

  it('turns labels upright at 40 columns and keeps the numbers', () => {
    const lines = renderMap(sentence, plain(40))
    expect(lines.slice(3, 14)).toEqual([
      '      answers',
      '           ·',
      '           e',
      '           l',
      '           e',
      '           p',
      '           h',
      '       T   a   ·   e',
      '       h   n   i   n',
      ' asks  e   t   s   d',
      '  Der .70 .10 .10 .10',
    ])
  })

  it('shades cells that hold no number, and says what a shade means', () => {
    const lines = renderMap(map(tokens('a', 'b'), tokens('A', 'B', 'C', 'D', 'E', 'F', 'G')), plain(20))
    expect(lines.find((line) => line.startsWith('   a'))).toBe('   a ▓▓░░░░░░░░░░░░')
    expect(lines.join(' ')).toContain('▓ from .50')
  })

  it('folds 60 columns into blocks that together show every column once', () => {
    const names = Array.from({ length: 60 }, (_, i) => `W${i}`)
    const lines = renderMap(map(tokens(...names), tokens(...names), 1), plain(40))
    const captions = lines.filter((line) => line.startsWith('columns '))
    expect(captions[0]).toMatch(/^columns 1–\d+ of 60$/)
    expect(captions.at(-1)).toMatch(/–60 of 60$/)
    // Each word's row stands in every block; its full cell in exactly one.
    for (const name of names) {
      const rows = lines.filter((line) => line.trimStart().split(' ')[0] === name)
      expect(rows).toHaveLength(captions.length)
      expect(rows.filter((row) => row.includes('██'))).toHaveLength(1)
    }
  })

  it('gives the same text in colour, and every row the same background width', () => {
    const keys = [...sentence.keys, ...tokens(' very', ' large', '.')]
    for (const color of ['truecolor', '256'] as const) {
      const lines = renderMap(map([...sentence.queries], keys), { columns: 40, color, theme: 'light' })
      const rows = lines.filter((line) =>
        /^(·?Der|·Ele|fant| end)/.test(stripVTControlCharacters(line).trimStart()),
      )
      expect(new Set(rows.map((row) => stripVTControlCharacters(row).length)).size).toBe(1)
      expect(rows[0]).toContain(color === '256' ? '48;5;' : '48;2;')
      expect(stripVTControlCharacters(rows[0])).toMatch(/^ {2}Der \.70 +$/)
      expect(lines.some((line) => stripVTControlCharacters(line).startsWith('weight 0 '))).toBe(true)
    }
  })

  it('measures emoji, CJK and right-to-left words, and fences the latter', () => {
    const odd = tokens('👩‍👩‍👧', '大象', 'שלום', '\x1b[31m\n')
    const lines = renderMap(map(odd, odd), plain(80))
    const rows = lines.slice(5, 9)
    expect(rows.map((row) => displayWidth(row.slice(0, row.indexOf('.70'))))).toEqual([9, 16, 23, 30])
    expect(rows[2]).toContain('שלום\u200E ')
    expect(lines.join('')).not.toContain('\x1b')
    expect(rows[3]).toContain('␛[31m↵')
  })

  it('draws one token, and says when there is none', () => {
    expect(renderMap(map(tokens('<s>'), tokens('<s>'), 1), plain(40)).slice(3, 6)).toEqual([
      '      answers',
      ' asks start',
      'start   1',
    ])
    expect(renderMap(map([], []), plain(40))).toEqual([
      'A finding',
      'the rule',
      '',
      'nothing to draw: 0 queries, 0 keys',
    ])
    expect(() => renderMap({ ...sentence, weights: [] }, plain(40))).toThrow('needs as many rows')
  })

  it('never writes a line longer than the terminal', () => {
    const long = tokens(
      'Donaudampfschifffahrtsgesellschaft',
      '大象大象大象',
      ' x',
      '</s>',
      'مرحبا',
      ...'abcdefghij',
    )
    for (let columns = 20; columns <= 90; columns += 7)
      for (const color of ['none', 'truecolor'] as const)
        for (const line of renderMap(map(long, long), { columns, color, theme: 'dark' }))
          expect(displayWidth(stripVTControlCharacters(line))).toBeLessThanOrEqual(columns)
  })
})

describe('strongestLinks', () => {
  it('writes query word, key word and weight, special tokens left out', () => {
    expect(strongestLinks(sentence, 9)).toEqual(['Der → The 0.70', 'Elefant → elephant 0.40'])
    expect(strongestLinks(sentence, 1)).toEqual(['Der → The 0.70'])
    expect(strongestLinks(map([], []), 5)).toEqual([])
  })
})
