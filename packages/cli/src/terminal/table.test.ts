import { displayWidth } from 'heed/look'
import { describe, expect, it } from 'vitest'
import { table } from './table.js'

const rows = [
  ['model', 'size', 'what it does'],
  ['heed-en-de', '15.2 MB', 'translates English to German, word by word to watch'],
  ['大象', '1 kB', ''],
]

describe('table', () => {
  it('aligns columns by what they take on the screen', () => {
    expect(table(rows, { align: ['left', 'right'] })).toEqual([
      'model          size  what it does',
      'heed-en-de  15.2 MB  translates English to German, word by word to watch',
      '大象           1 kB',
    ])
  })

  it('wraps the last column and loses no word', () => {
    const lines = table(rows, { columns: 40 })
    expect(lines).toHaveLength(5)
    for (const line of lines) expect(displayWidth(line)).toBeLessThanOrEqual(40)
    expect(lines[2]).toBe(' '.repeat(21) + 'to German, word by')
    expect(table(rows, { columns: 1 }).join(' ').split(/\s+/)).toEqual(
      expect.arrayContaining(rows[1][2].split(' ')),
    )
  })

  it('styles cells after padding, and shows control characters', () => {
    const marked = table(
      [
        ['a', 'b'],
        ['long', '\x1b[2J'],
      ],
      { paint: (text, row) => (row === 0 ? `<${text}>` : text) },
    )
    expect(marked).toEqual(['<a   >  <b>', 'long  ␛[2J'])
  })

  it('takes nothing and short rows', () => {
    expect(table([])).toEqual([])
    expect(table([['a'], ['b', 'c']])).toEqual(['a', 'b  c'])
  })
})
