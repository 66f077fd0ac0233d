import { displayWidth } from 'heed/look'
import { describe, expect, it } from 'vitest'
import type { Pair } from '../similarity.js'
import { paint } from './color.js'
import { renderFound, renderMatrix, renderPairs } from './words.js'

const plain = paint('none', 'dark')
const words = ['dog', 'cat', 'television']
const values = [
  [1, 0.5, -0.25],
  [0.5, 1, 0.001],
  [-0.25, 0.001, 1],
]
const pair = (a: number, b: number, cosine: number): Pair => ({
  a,
  b,
  values: { cosine, angular: Math.acos(cosine), euclidean: 2 - cosine, dot: 9 * cosine },
})

describe('renderMatrix', () => {
  it('writes every number under its word', () => {
    expect(renderMatrix(words, values, 'cosine', 80, plain)).toEqual([
      '                dog     cat television',
      '       dog    +1.00   +0.50      −0.25',
      '       cat    +0.50   +1.00      ±0.00',
      'television    −0.25   ±0.00      +1.00',
    ])
    expect(renderMatrix(['a'], [[Math.PI / 2]], 'angular', 80, plain)[1]).toBe('a    90.0°')
  })

  it('folds what is wider than the terminal, and loses no cell', () => {
    const many = Array.from({ length: 30 }, (_, i) => `word${i}`)
    const lines = renderMatrix(
      many,
      many.map((_, i) => many.map((_, j) => i + j / 100)),
      'dot',
      40,
      plain,
    )
    for (const line of lines) expect(displayWidth(line)).toBeLessThanOrEqual(40)
    expect(lines[0]).toBe('columns 1–4 of 30')
    const numbers = lines.join('\n').match(/[+±]\d+\.\d\d/g)!
    expect(new Set(numbers).size).toBeGreaterThan(850)
    expect(numbers).toHaveLength(900)
  })

  it('fills cosines alone, and negative ones as zero', () => {
    const style = paint('truecolor', 'dark')
    const [, first] = renderMatrix(words, values, 'cosine', 80, style)
    expect(first).toContain(style.cell(0, '      −0.25'))
    expect(renderMatrix(words, values, 'euclidean', 80, style).join('')).not.toContain('\x1b[48')
  })
})

describe('renderPairs', () => {
  const pairs = [pair(0, 1, 0.5), pair(0, 2, 0)]

  it('is a table where there is room', () => {
    expect(renderPairs(words, pairs, 80, plain)).toEqual([
      '                  cosine  angle  Euclidean    dot',
      'dog – cat          +0.50  60.0°       1.50  +4.50',
      'dog – television   ±0.00  90.0°       2.00  ±0.00',
    ])
  })

  it('sets the nearest in bold, but for the dot product', () => {
    const style = paint('256', 'dark')
    const [, nearest, other] = renderPairs(words, pairs, 80, style)
    expect(nearest.split('\x1b[1m')).toHaveLength(4)
    expect(other).not.toContain('\x1b[1m')
  })

  it('is a list on a narrow terminal, a name never parted from its number', () => {
    const lines = renderPairs(words, pairs, 30, plain)
    for (const line of lines) expect(displayWidth(line)).toBeLessThanOrEqual(30)
    expect(lines.slice(0, 3)).toEqual([
      'dog – cat',
      '  cosine +0.50 · angle 60.0° ·',
      '  Euclidean 1.50 · dot +4.50',
    ])
  })
})

it('shows found words with bars for cosines, where they fit', () => {
  const found = [
    { word: 'dogs', id: 1, value: 0.5 },
    { word: 'Haus', id: 2, value: -0.1 },
  ]
  expect(renderFound(found, 'cosine', 80, plain)).toEqual(['  dogs  +0.50  ━━━━━━━━━━', '  Haus  −0.10'])
  expect(renderFound(found, 'cosine', 18, plain)[0]).toBe('  dogs  +0.50')
  expect(renderFound(found, 'dot', 80, plain)[0]).toBe('  dogs  +0.50')
})
