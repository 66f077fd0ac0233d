import { HeedTypeError } from '../errors.js'
import { fixed } from './numbers.js'
import { text } from './parts.js'
import { MAX_SIDE } from './svg.js'
import { div, fonts, palettes } from './tokens.js'
import type { Theme } from './tokens.js'
import { visibleLine } from './visible.js'
import { clip, displayWidth, wrap } from './width.js'
import { element, escapeXml } from './xml.js'

/** A table of signed numbers around −1 to 1, such as what each patch restores, ready to be drawn. */
export interface DrawnSweep {
  /** The finding in one line. */
  title: string
  /** How it was measured, in one line. */
  note?: string
  /** What the numbers are: `restored`. */
  name: string
  rowLabel: string
  columnLabel: string
  rows: readonly string[]
  columns: readonly string[]
  /** [rows][columns]; cells beyond ±1 take the end's colour. */
  values: readonly ArrayLike<number>[]
}

/** From here on, of either sign, a number is written in its cell. */
const WRITTEN = 0.1

/** A signed number in a dense cell: `.62`, `−.30`, `1.04`, and nothing within ±.10. */
export const signedInCell = (x: number): string =>
  Math.abs(x) < WRITTEN ? '' : fixed(x, Math.abs(x) < 9.995 ? 2 : 0).replace(/^(\u2212?)0\./, '$1.')

/** What those numbers that are left out are, and how far the colours go. */
export const SWEEP_REMARK =
  '0 is the corrupt outcome, 1 the clean one. Numbers from .10 on are written; colours end at ±1.'

/** The ink of a number written on `div(t, theme)`: whichever of black and white has more contrast, always above 4.5:1. */
export function onDiv(t: number, theme: Theme): string {
  const hex = Number.parseInt(div(t, theme).slice(1), 16)
  const linear = [hex >> 16, (hex >> 8) & 255, hex & 255].map((c) => {
    const s = c / 255
    return s <= 0.04045 ? s / 12.92 : ((s + 0.055) / 1.055) ** 2.4
  })
  // Relative luminance of WCAG 2; black and white are equally readable at √(0.05 · 1.05) − 0.05.
  const luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
  return luminance > Math.sqrt(0.0525) - 0.05 ? '#000000' : '#ffffff'
}

/**
 * Checks that there is a finite number for every row and column.
 *
 * @throws HeedTypeError `shape` for rows that do not fit, `input` for a number that is not finite, `option` for more
 *   than 512 rows or columns
 */
export function checkSweep({ rows, columns, values }: DrawnSweep): void {
  if (values.length !== rows.length || values.some((row) => row.length !== columns.length))
    throw new HeedTypeError(
      'shape',
      `a sweep of ${rows.length} rows and ${columns.length} columns needs a number for each; got ${values.length} rows of ${values[0]?.length ?? 0}`,
    )
  for (const [i, row] of values.entries())
    for (let j = 0; j < row.length; j++)
      if (!Number.isFinite(row[j])) throw new HeedTypeError('input', `values[${i}][${j}] is ${row[j]}`)
  if (Math.max(rows.length, columns.length) > MAX_SIDE)
    throw new HeedTypeError(
      'option',
      `a drawing has at most ${MAX_SIDE} rows and columns; this one is ${rows.length} × ${columns.length}: sweep a part of it`,
    )
}

const MARGIN = 24
const [CELL_WIDTH, CELL_HEIGHT] = [44, 28]
/** px of a mono letter of 12 px, of a letter of the title and of a remark, for the widest fonts of the stacks. */
const [MONO, TITLE_LETTER, REMARK_LETTER] = [7.3, 12, 7]
const LABEL_COLUMNS = 32

/**
 * A sweep as a standalone SVG: rows and columns with their labels, fill on the signed ramp −1..1, numbers, the legend.
 * The same sweep gives the same bytes.
 *
 * @throws HeedTypeError as `checkSweep`
 */
export function sweepSvg(sweep: DrawnSweep, { theme = 'light' }: { theme?: Theme } = {}): string {
  checkSweep(sweep)
  const p = palettes[theme]
  const label = (of: string) => clip(visibleLine(of), LABEL_COLUMNS)
  const room = (of: readonly string[]) => Math.max(0, ...of.map((one) => displayWidth(label(one)))) * MONO
  const left = MARGIN + Math.max(room(sweep.rows), displayWidth(sweep.rowLabel) * REMARK_LETTER) + 12
  const turned = room(sweep.columns) > CELL_WIDTH - 4
  const right = left + sweep.columns.length * CELL_WIDTH
  const width = Math.max(right, left + 184, 560) + MARGIN
  const parts: string[] = []
  let y = MARGIN
  const lines = (of: string, letter: number) =>
    wrap(visibleLine(of), Math.floor((width - 2 * MARGIN) / letter))
  for (const line of lines(sweep.title, TITLE_LETTER)) {
    parts.push(text(MARGIN, y + 20, line, { size: 20, weight: 600, fill: p.ink }))
    y += 28
  }
  const quiet = { size: 12, fill: p.ink3 }
  const ink = { size: 12, weight: 500, fill: p.ink2, family: fonts.mono }
  const top = y + 44 + (turned ? room(sweep.columns) : 16)
  parts.push(text(left, y + 28, visibleLine(sweep.columnLabel), quiet))
  parts.push(text(left - 10, top - 10, visibleLine(sweep.rowLabel), { ...quiet, anchor: 'end' }))
  sweep.columns.forEach((name, j) => {
    const x = left + (j + 0.5) * CELL_WIDTH
    const place = turned ? ({ turn: true } as const) : ({ anchor: 'middle' } as const)
    parts.push(text(turned ? x + 4 : x, top - 10, label(name), { ...ink, ...place }, p.ink3))
  })
  sweep.rows.forEach((name, i) => {
    const middle = top + (i + 0.5) * CELL_HEIGHT
    parts.push(text(left - 10, middle + 4, label(name), { ...ink, anchor: 'end' }, p.ink3))
  })
  parts.push(...cells(sweep, left, top, theme))
  y = top + sweep.rows.length * CELL_HEIGHT + 28
  parts.push(legend(Math.max(right, left + 184), y, sweep.name, theme))
  y += 16
  for (const line of [
    ...(sweep.note ? lines(sweep.note, REMARK_LETTER) : []),
    ...lines(SWEEP_REMARK, REMARK_LETTER),
  ]) {
    parts.push(text(MARGIN, y + 14, line, { size: 13, fill: p.ink3 }))
    y += 20
  }
  const height = y + MARGIN
  const frame = { xmlns: 'http://www.w3.org/2000/svg', width, height, viewBox: `0 0 ${width} ${height}` }
  const body = [
    element('title', {}, escapeXml(visibleLine(sweep.title))),
    element('desc', {}, escapeXml(description(sweep))),
    element('rect', { width, height, fill: p.card }),
    ...parts,
  ].join('\n')
  return element('svg', { ...frame, role: 'img', 'font-family': fonts.sans }, `\n${body}\n`) + '\n'
}

function cells({ values }: DrawnSweep, left: number, top: number, theme: Theme): string[] {
  const boxes: string[] = []
  const figures: string[] = []
  values.forEach((row, i) => {
    for (let j = 0; j < row.length; j++) {
      const [x, y] = [left + j * CELL_WIDTH, top + i * CELL_HEIGHT]
      const box = { x: x + 0.5, y: y + 0.5, width: CELL_WIDTH - 1, height: CELL_HEIGHT - 1, rx: 2 }
      boxes.push(element('rect', { ...box, fill: div(row[j], theme) }))
      const figure = signedInCell(row[j])
      const place = [x + CELL_WIDTH / 2, y + CELL_HEIGHT / 2 + 4] as const
      if (figure) figures.push(text(...place, figure, { fill: onDiv(row[j], theme) }))
    }
  })
  const type = { 'font-family': fonts.mono, 'font-size': 11, 'text-anchor': 'middle' }
  return [
    element('g', { stroke: palettes[theme].cell }, boxes.join('\n')),
    element('g', type, figures.join('\n')),
  ]
}

/** `restored −1 ▬▬▬ 1`; steps instead of a gradient, which would need an id. */
function legend(right: number, y: number, name: string, theme: Theme): string {
  const p = palettes[theme]
  const end = { size: 12, fill: p.ink2, family: fonts.mono }
  const x = right - 16 - 96
  const steps = Array.from({ length: 48 }, (_, i) => {
    const place = { x: x + 2 * i, y: y - 9, width: 2, height: 8, 'shape-rendering': 'crispEdges' }
    return element('rect', { ...place, fill: div((2 * i) / 47 - 1, theme) })
  }).join('')
  return (
    text(x - 32, y, name, { size: 13, fill: p.ink3, anchor: 'end' }) +
    text(x - 8, y, '−1', { ...end, anchor: 'end' }) +
    steps +
    element('rect', { x: x - 0.5, y: y - 9.5, width: 97, height: 9, fill: 'none', stroke: p.line2 }) +
    text(right, y, '1', { ...end, anchor: 'end' })
  )
}

function description({ rows, columns, values, name, rowLabel, columnLabel }: DrawnSweep): string {
  const all = values.flatMap((row, i) => Array.from(row, (value, j) => ({ value, i, j })))
  const largest = all.sort((a, b) => Math.abs(b.value) - Math.abs(a.value)).slice(0, 5)
  const listed = largest.map(
    ({ value, i, j }) => `${visibleLine(rows[i])}, ${visibleLine(columns[j])}: ${fixed(value)}`,
  )
  return `Heat map of ${name}, ${rows.length} rows (${rowLabel}) by ${columns.length} columns (${columnLabel}).${listed.length > 0 ? ` Largest: ${listed.join('; ')}.` : ''}`
}
