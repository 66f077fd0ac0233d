import { displayWidth } from 'heed/look'
import { describe, expect, it } from 'vitest'
import { paint } from './color.js'
import { renderSweep } from './sweep.js'

const sweep = {
  title: '“dog / cat” restores the most: 1.20',
  note: 'logit of “Der” less “Die”',
  name: 'restored',
  rowLabel: 'clean / corrupt',
  columnLabel: 'encoder.N.output',
  rows: ['The', 'dog / cat'],
  columns: ['0', '1', '2'],
  values: [
    [0.33, 0.81, 0.95],
    [0.5, -0.14, 0.01],
  ],
}
const plain = paint('none', 'dark')

describe('renderSweep', () => {
  it('writes a row a line, and says what it leaves out', () => {
    expect(renderSweep(sweep, 80, plain)).toEqual([
      '“dog / cat” restores the most: 1.20',
      'logit of “Der” less “Die”',
      '',
      '                encoder.N.output',
      'clean / corrupt      0     1     2',
      '            The    .33   .81   .95',
      '      dog / cat    .50  −.14     ·',
      '',
      '0 is the corrupt outcome, 1 the clean one. Numbers from .10 on are written;',
      'smaller ones are ·.',
    ])
  })

  it('folds columns that are wider than the terminal, and shows all', () => {
    const columns = Array.from({ length: 30 }, (_, i) => String(i))
    const wide = { ...sweep, columns, values: [columns.map(() => 0.5), columns.map(() => 1)] }
    for (const width of [24, 40, 80]) {
      const lines = renderSweep(wide, width, plain)
      expect(Math.max(...lines.map(displayWidth))).toBeLessThanOrEqual(width)
      expect(lines.join('\n').match(/\.50/g)).toHaveLength(30)
    }
  })

  it('fills cells and draws the ramp where there are colours', () => {
    for (const depth of ['truecolor', '256'] as const) {
      const lines = renderSweep(sweep, 80, paint(depth, 'light'))
      expect(lines.some((line) => /\x1b\[48;[25];/.test(line) && line.includes('.81'))).toBe(true) // eslint-disable-line no-control-regex
      expect(lines.some((line) => line.includes('restored') && line.endsWith(' 1'))).toBe(true)
    }
  })
})
