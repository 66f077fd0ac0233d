import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { coded } from '../testing/errors.js'
import { type DrawnSweep, onDiv, signedInCell, sweepSvg } from './sweep.js'
import { div, palettes } from './tokens.js'

const sweep: DrawnSweep = {
  title: '“dog / cat” restores the most: 1.20',
  note: 'logit of “Der” less “Die”',
  name: 'restored',
  rowLabel: 'clean / corrupt',
  columnLabel: 'encoder.N.output',
  rows: ['The', 'dog / cat', '<b>'],
  columns: ['0', '1'],
  values: [
    [0.33, 0.81],
    [1.2, -0.5],
    [0.04, -0.09],
  ],
}

const texts = (svg: string) =>
  Array.from(svg.matchAll(/<text[^>]*>(.*?)<\/text>/g), (match) => match[1].replace(/<[^>]*>/g, ''))

describe('sweepSvg', () => {
  it('writes rows, columns, numbers from .10 on and the legend, as text', () => {
    const svg = sweepSvg(sweep)
    const [, width, height] =
      /^<svg xmlns="http:\/\/www.w3.org\/2000\/svg" width="(\d+)" height="(\d+)"/.exec(svg)!
    expect(svg).toContain(`viewBox="0 0 ${width} ${height}" role="img"`)
    expect(svg).toContain('<title>“dog / cat” restores the most: 1.20</title>')
    expect(svg).toContain('Largest: dog / cat, 0: 1.20; The, 1: 0.81; dog / cat, 1: −0.50;')
    expect(texts(svg)).toEqual(
      expect.arrayContaining([
        'The',
        'dog / cat',
        '&lt;b&gt;',
        '0',
        '1',
        '.33',
        '.81',
        '1.20',
        '−.50',
        'restored',
        '−1',
      ]),
    )
    expect(texts(svg)).not.toContain('.04')
    expect(svg).not.toMatch(/[^\P{Cc}\n]/u)
    expect(sweepSvg(sweep)).toBe(svg)
  })

  it('fills cells from the signed ramp, which ends at ±1', () => {
    const svg = sweepSvg(sweep, { theme: 'dark' })
    for (const value of [0.33, 0.81, -0.5, 0.04, -0.09]) expect(svg).toContain(`fill="${div(value, 'dark')}"`)
    expect(div(1.2, 'dark')).toBe(div(1, 'dark'))
    expect(svg).toContain(`fill="${palettes.dark.card}"`)
  })

  it('refuses what is no table of numbers', () => {
    expect(() => sweepSvg({ ...sweep, rows: ['a'] })).toThrow(coded('shape', '1 rows'))
    expect(() => sweepSvg({ ...sweep, values: [[1], [1, 2], [1, 2]] })).toThrow(coded('shape', '2 columns'))
    expect(() =>
      sweepSvg({
        ...sweep,
        values: [
          [1, NaN],
          [1, 2],
          [1, 2],
        ],
      }),
    ).toThrow(coded('input', 'values[0][1]', 'NaN'))
    const rows = Array.from({ length: 513 }, String)
    expect(() => sweepSvg({ ...sweep, rows, values: rows.map(() => [0, 0]) })).toThrow(
      coded('option', '513 × 2', '512'),
    )
  })
})

it('the ink of a cell has a contrast of 4.5:1 on every fill', () => {
  const luminance = (hex: string) => {
    const linear = [1, 3, 5].map((at) => {
      const s = Number.parseInt(hex.slice(at, at + 2), 16) / 255
      return s <= 0.04045 ? s / 12.92 : ((s + 0.055) / 1.055) ** 2.4
    })
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
  }
  fc.assert(
    fc.property(
      fc.double({ min: -1.5, max: 1.5, noNaN: true }),
      fc.constantFrom('light' as const, 'dark' as const),
      (t, theme) => {
        const [a, b] = [luminance(div(t, theme)), luminance(onDiv(t, theme))]
        expect((Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05)).toBeGreaterThanOrEqual(4.5)
      },
    ),
  )
})

it('numbers in cells are short', () => {
  expect([0.62, -0.3, 1, -1.04, 0.0999, -0.05, 0, 12.3, -9.999].map(signedInCell)).toEqual([
    '.62',
    '−.30',
    '1.00',
    '−1.04',
    '',
    '',
    '',
    '12',
    '−10',
  ])
})
