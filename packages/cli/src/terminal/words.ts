import { clip, displayWidth, visibleLine, wrap } from 'heed/look'
import {
  byNearness,
  type FoundWord,
  measureNames,
  measures,
  type Pair,
  type WordMeasure,
  writeValue,
} from '../similarity.js'
import type { Paint } from './color.js'
import { table } from './table.js'
import { fence, pad } from './text.js'

const LABEL = 16 // columns of the longest label of the matrix; longer words are clipped there and whole below it
const NARROWEST = 8 // columns of a cell: a number and a gap
const BAR = 20 // columns of a bar of cosine 1
const NO_BREAK = '\u00A0'

/** The ramp stands for cosines alone: other measures have no fixed end. */
const fills = (measure: WordMeasure) => measure === 'cosine'

function legend(columns: number, { depth, quiet, cell }: Paint): string[] {
  if (depth === 'none') return []
  const steps = Math.max(2, Math.min(17, columns - 11))
  const ramp = Array.from({ length: steps }, (_, i) => cell(i / (steps - 1), ' ')).join('')
  return [`${quiet('cosine')} 0 ${ramp} 1`, ...wrap('negative ones have no fill', columns).map(quiet)]
}

const folded = (first: number, last: number, of: number) =>
  first === last ? `column ${first} of ${of}` : `columns ${first}–${last} of ${of}`

/**
 * What a measure says of every pair, as a matrix with its legend. What is wider than the terminal is folded into blocks,
 * one below the other.
 */
export function renderMatrix(
  words: readonly string[],
  values: readonly (readonly number[])[],
  measure: WordMeasure,
  columns: number,
  style: Paint,
): string[] {
  const labels = words.map((word) =>
    clip(visibleLine(word), Math.min(LABEL, Math.max(4, Math.floor(columns / 3)))),
  )
  const gutter = Math.max(...labels.map(displayWidth))
  const widths = labels.map((label, j) =>
    Math.max(
      NARROWEST,
      displayWidth(label) + 1,
      ...values.map((row) => writeValue(measure, row[j]).length + 2),
    ),
  )
  const lines: string[] = []
  for (let from = 0, to; from < words.length; from = to) {
    let width = gutter + 1 + widths[from]
    for (to = from + 1; to < words.length && width + widths[to] <= columns; to++) width += widths[to]
    if (lines.length > 0) lines.push('')
    if (from > 0 || to < words.length)
      lines.push(style.quiet(clip(folded(from + 1, to, words.length), columns)))
    const places = Array.from({ length: to - from }, (_, n) => from + n)
    const head = places.map((j) => pad(fence(labels[j]), widths[j], 'right')).join('')
    lines.push(style.strong(`${' '.repeat(gutter + 1)}${head}`))
    labels.forEach((label, i) => {
      const cells = places.map((j) => {
        const number = pad(writeValue(measure, values[i][j]), widths[j], 'right')
        return fills(measure) ? style.cell(Math.max(0, values[i][j]), number) : number
      })
      lines.push(`${style.strong(pad(fence(label), gutter, 'right'))} ${cells.join('')}`)
    })
  }
  return fills(measure) ? [...lines, ...legend(columns, style)] : lines
}

/** Pairs of words with all that is measured; in each column that is a distance or cosine the nearest of them is bold. */
export function renderPairs(
  words: readonly string[],
  pairs: readonly Pair[],
  columns: number,
  style: Paint,
): string[] {
  const name = ({ a, b }: Pair) => visibleLine(`${words[a]} – ${words[b]}`)
  const nearest = measures.map(
    (measure) => pairs.map(({ values }) => values[measure]).sort(byNearness(measure))[0],
  )
  // A dot product is no distance: none of its values is the nearest.
  const isNearest = (row: number, column: number) =>
    pairs.length > 1 && measures[column] !== 'dot' && pairs[row].values[measures[column]] === nearest[column]
  const heads = ['', ...measures.map((measure) => measureNames[measure])]
  const rows = pairs.map((pair) => [
    name(pair),
    ...measures.map((measure) => writeValue(measure, pair.values[measure])),
  ])
  const widths = heads.map((head, j) => Math.max(...[head, ...rows.map((row) => row[j])].map(displayWidth)))
  if (widths.reduce((sum, width) => sum + width + 2, -2) <= columns)
    return table([heads, ...rows], {
      align: ['left', ...measures.map((): 'right' => 'right')],
      paint(text, row, column) {
        if (row === 0) return style.quiet(text)
        if (column === 0) return fence(text)
        return isNearest(row - 1, column - 1) ? style.strong(text) : text
      },
    })
  return rows.flatMap(([name, ...values]) => {
    const said = values.map((value, column) => `${heads[column + 1]}${NO_BREAK}${value}`).join(' · ')
    return [
      ...wrap(name, columns).map(fence),
      ...wrap(said, columns - 2).map((line) => `  ${style.quiet(line.replaceAll(NO_BREAK, ' '))}`),
    ]
  })
}

/** Found words with their values, and for cosines a bar whose length is the value. */
export function renderFound(
  found: readonly FoundWord[],
  measure: WordMeasure,
  columns: number,
  style: Paint,
): string[] {
  const widest = Math.max(0, ...found.map(({ word }) => displayWidth(word)))
  const room = Math.min(BAR, columns - widest - 12)
  const bar = (value: number) =>
    fills(measure) && room > 3 ? '━'.repeat(Math.round(room * Math.max(0, value))) : ''
  const rows = found.map(({ word, value }) => [word, writeValue(measure, value), bar(value)])
  return table(rows, {
    align: ['left', 'right'],
    paint: (text, _, column) => (column === 2 ? style.bar(text) : column === 0 ? fence(text) : text),
  }).map((line) => `  ${line}`)
}
