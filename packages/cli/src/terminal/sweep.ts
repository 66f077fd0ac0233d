import { checkSweep, clip, displayWidth, signedInCell, SWEEP_REMARK, visibleLine, wrap } from 'heed/look'
import type { DrawnSweep } from 'heed/look'
import type { Paint } from './color.js'
import { fence, pad } from './text.js'

const GUTTER = 28 // columns of the longest row label
const NARROWEST = 6 // columns of a cell: ` −.62 `

/**
 * A sweep for the terminal: title, a row a line, numbers on the signed ramp, legend. What is wider than the terminal is
 * folded into blocks of columns, one below the other.
 */
export function renderSweep(sweep: DrawnSweep, columns: number, style: Paint): string[] {
  checkSweep(sweep)
  const lines = wrap(visibleLine(sweep.title), columns).map(style.strong)
  if (sweep.note) lines.push(...wrap(visibleLine(sweep.note), columns).map(style.quiet))
  const labels = sweep.rows.map((row) => clip(visibleLine(row), GUTTER))
  const gutter = Math.min(
    Math.max(...[sweep.rowLabel, ...labels].map(displayWidth)),
    Math.max(4, Math.floor(columns / 2)),
  )
  const names = sweep.columns.map(visibleLine)
  const width = Math.max(NARROWEST, Math.min(16, Math.max(...names.map(displayWidth)) + 1))
  const perBlock = Math.max(1, Math.floor((columns - gutter - 1) / width))
  for (let from = 0; from < names.length; from += perBlock) {
    const to = Math.min(names.length, from + perBlock)
    const place = ' '.repeat(gutter + 1)
    lines.push('', place + style.quiet(clip(sweep.columnLabel, Math.max(1, columns - gutter - 1))))
    const heads = names.slice(from, to).map((name) => pad(clip(name, width - 1), width, 'right'))
    lines.push(
      `${style.quiet(pad(clip(sweep.rowLabel, gutter), gutter, 'right'))} ${style.quiet(heads.join(''))}`,
    )
    sweep.values.forEach((row, i) => {
      const cells = Array.from({ length: to - from }, (_, j) => cell(row[from + j], width, style)).join('')
      lines.push(`${pad(fence(clip(labels[i], gutter)), gutter, 'right')} ${cells}`.trimEnd())
    })
  }
  return [...lines, '', ...legend(sweep.name, style), ...wrap(remark(style), columns).map(style.quiet)]
}

const remark = ({ depth }: Paint) =>
  depth === 'none' ? SWEEP_REMARK.replace(/; colours.*/, '; smaller ones are ·.') : SWEEP_REMARK

function cell(value: number, width: number, style: Paint): string {
  const figure = signedInCell(value)
  if (style.depth === 'none') return pad(figure || '·', width, 'right')
  return style.signedCell(value, pad(figure, width - 1, 'right') + ' ')
}

function legend(name: string, { depth, quiet, signedCell }: Paint): string[] {
  if (depth === 'none') return []
  const steps = 17
  const ramp = Array.from({ length: steps }, (_, i) => signedCell((2 * i) / (steps - 1) - 1, ' ')).join('')
  return [`${quiet(name)} −1 ${ramp} 1`]
}
