import {
  checkMap,
  clip,
  displayWidth,
  graphemes,
  strongestLinks as linksBetweenWords,
  tokenLabels,
  visibleLine,
  weight2,
  weightInCell,
  wordsOf,
  wrap,
} from 'heed/look'
import type { DrawnMap, DrawnToken, Theme } from 'heed/look'
import { paint } from './color.js'
import type { ColorDepth, Paint } from './color.js'
import { fence, pad } from './text.js'

export interface TerminalMapOptions {
  /** Columns of the terminal; no line is longer, from 20 on. */
  columns: number
  color: ColorDepth
  theme: Theme
}

const NUMBERED = 4 // columns of a cell that holds ` .62`
const BLOCK = 2 // columns of a cell without a number: about as wide as high
const FLAT = 14 // widest cell under a column label that lies flat
const TALLEST = 12 // rows of a column label that stands upright
const GUTTER = 20 // columns of the longest row label
export const JOIN = '‿' // before a piece that goes on with a word

/** Without colour, a cell of two columns is a shade; each holds from its weight on. */
const SHADES = [
  ['█', 0.75],
  ['▓', 0.5],
  ['▒', 0.25],
  ['░', 0.05],
] as const
const SHADES_LEGEND = 'weight 0 … 1: blank below .05, ░ from .05, ▒ from .25, ▓ from .50, █ from .75'

/** Labels of tokens, the pieces of a word tied together. */
function tiedLabels(tokens: readonly DrawnToken[]): string[] {
  const labels = tokenLabels(tokens)
  for (const { start, end } of wordsOf(tokens))
    for (let i = start + 1; i < end; i++) labels[i] = JOIN + labels[i]
  return labels
}

export function cell(weight: number, width: number, style: Paint): string {
  if (style.depth !== 'none')
    return style.cell(
      weight,
      width < NUMBERED ? ' '.repeat(width) : pad(weightInCell(weight), width, 'center'),
    )
  if (width >= NUMBERED) return pad(weightInCell(weight) || '·', width, 'center')
  return (SHADES.find(([, from]) => weight >= from)?.[0] ?? ' ').repeat(width)
}

export function legend(width: number, columns: number, { depth, quiet, cell }: Paint): string[] {
  const written = 'weights from .10 are written'
  if (depth === 'none')
    return wrap(width < NUMBERED ? SHADES_LEGEND : `weight 0 … 1; ${written}, smaller ones are ·`, columns)
  const steps = Math.max(2, Math.min(17, columns - 11))
  const ramp = Array.from({ length: steps }, (_, i) => cell(i / (steps - 1), ' ')).join('')
  const line = `${quiet('weight')} 0 ${ramp} 1`
  if (width < NUMBERED) return [line]
  const room = columns - 11 - steps
  return written.length + 2 <= room
    ? [`${line}  ${quiet(written)}`]
    : [line, ...wrap(written, columns).map(quiet)]
}

/** Labels above their cells: flat when they fit, else one character a row, read downwards. */
function header(
  labels: readonly string[],
  keys: readonly DrawnToken[],
  width: number,
  style: Paint,
): string[] {
  const ink = (j: number, text: string) => (keys[j].special ? style.quiet : style.key)(text)
  if (labels.every((label) => displayWidth(label) < width))
    return [labels.map((label, j) => ink(j, pad(fence(label), width, 'center'))).join('')]
  const stacks = labels.map((label) => {
    const letters = graphemes(label)
    return letters.length > TALLEST ? [...letters.slice(0, TALLEST - 1), '⋮'] : letters
  })
  const height = Math.max(...stacks.map((stack) => stack.length))
  return Array.from({ length: height }, (_, row) =>
    stacks
      .map((stack, j) => {
        const letter = fence(stack[row - (height - stack.length)] ?? '')
        return ink(j, width >= NUMBERED ? pad(letter, width, 'center') : pad(letter, width))
      })
      .join(''),
  )
}

/** Columns of a cell: flat labels if the map then fits, else numbers if they fit, else blocks, folded if need be. */
function cellWidth(labels: readonly string[], room: number): number {
  const flat = Math.max(NUMBERED, Math.max(...labels.map(displayWidth)) + 1)
  if (flat <= FLAT && flat * labels.length <= room) return flat
  return NUMBERED * labels.length <= room ? NUMBERED : BLOCK
}

/**
 * A heat map for the terminal: title, rule, queries as rows, keys as columns, cells on the fixed ramp 0..1, legend.
 * All columns are shown: what is wider than the terminal is folded into blocks, one below the other.
 *
 * @throws HeedTypeError for weights that do not fit (see `checkMap`)
 */
export function renderMap(map: DrawnMap, { columns, color, theme }: TerminalMapOptions): string[] {
  checkMap(map)
  const style = paint(color, theme)
  const lines = wrap(visibleLine(map.title), columns).map(style.strong)
  if (map.note) lines.push(...wrap(visibleLine(map.note), columns).map(style.quiet))
  lines.push('')
  const [rows, total] = [map.queries.length, map.keys.length]
  if (rows === 0 || total === 0) return [...lines, `nothing to draw: ${rows} queries, ${total} keys`]

  const asks = visibleLine(map.rowLabel ?? 'asks')
  const answers = visibleLine(map.columnLabel ?? 'answers')
  const rowLabels = tiedLabels(map.queries)
  const longest = Math.max(...[asks, ...rowLabels].map(displayWidth))
  const gutter = Math.min(longest, GUTTER, Math.max(4, Math.floor(columns / 3)))
  const room = Math.max(BLOCK, columns - gutter - 1)
  const labels = tiedLabels(map.keys)
  const width = cellWidth(labels, room)
  const blocks = Math.ceil(total / Math.floor(room / width))
  const perBlock = Math.ceil(total / blocks)

  for (let from = 0; from < total; from += perBlock) {
    const to = Math.min(total, from + perBlock)
    const caption = `columns ${from + 1}–${to} of ${total}`
    if (blocks > 1) lines.push(style.quiet(clip(caption, columns)))
    lines.push(' '.repeat(gutter + 1) + style.key(clip(answers, room)))
    const heads = header(labels.slice(from, to), map.keys.slice(from, to), width, style)
    heads.forEach((line, i) => {
      const name = i === heads.length - 1 ? clip(asks, gutter) : ''
      lines.push(`${style.query(pad(name, gutter, 'right'))} ${line}`.trimEnd())
    })
    map.queries.forEach((query, i) => {
      const label = pad(fence(clip(rowLabels[i], gutter)), gutter, 'right')
      const row = Array.from({ length: to - from }, (_, j) =>
        cell(map.weights[i][from + j], width, style),
      ).join('')
      lines.push(`${(query.special ? style.quiet : style.query)(label)} ${row}`.trimEnd())
    })
    lines.push('')
  }
  lines.push(...legend(width, columns, style))
  const tied = [...rowLabels, ...labels].some((label) => label.startsWith(JOIN))
  return tied ? [...lines, ...wrap(`${JOIN} goes on with the word before`, columns).map(style.quiet)] : lines
}

/**
 * The strongest link of every query word, in reading order, as `Elefant → elephant 0.91`; of more than `limit` words
 * the `limit` strongest. A weight is the sum over the key word's pieces and the mean over the query word's; special
 * tokens are left out. Weights that would round to zero are written `<.01`.
 */
export function strongestLinks(map: DrawnMap, limit: number): string[] {
  return linksBetweenWords(map, { limit }).map(
    ({ query, key, weight }) => `${fence(query)} → ${fence(key)} ${weight2(weight)}`,
  )
}
