import { type DrawnOverview, type Theme, visibleLine, wrap } from 'heed/look'
import { type ColorDepth, paint } from './color.js'
import { cell, legend } from './heatmap.js'
import { pad } from './text.js'

export interface TerminalOverviewOptions {
  /** Columns of the terminal; no line is longer, from 24 on. */
  columns: number
  color: ColorDepth
  theme: Theme
}

/** Columns of a cell, about as wide as high, and of the numbers of tokens at its left. */
const [CELL, GUTTER] = [2, 7]
/** Rows at most: what one screen shows without scrolling. */
const MOST_ROWS = 32

/** How many cells an overview may have, [rows, cols], of a map of so many queries and keys. */
export function overviewSize(queries: number, keys: number, columns: number): [rows: number, cols: number] {
  const cols = Math.max(1, Math.min(keys, Math.floor((columns - GUTTER - 1) / CELL), 2 * MOST_ROWS))
  // As high as wide where the map is square.
  return [Math.max(1, Math.min(queries, MOST_ROWS, Math.ceil((cols * queries) / keys))), cols]
}

/** The first token of a part of `count` tokens, as people write large numbers. */
const place = (part: number, of: number, count: number) =>
  Math.floor((part * count) / of).toLocaleString('en-US')

/** An overview for the terminal: queries go down, keys to the right, each counted in tokens. */
export function renderOverview(
  { title, note, values, height, width, queries, keys, pooled }: DrawnOverview,
  { columns, color, theme }: TerminalOverviewOptions,
): string[] {
  const style = paint(color, theme)
  const lines = wrap(visibleLine(title), columns).map(style.strong)
  const what = `${queries.toLocaleString('en-US')} × ${keys.toLocaleString('en-US')} weights, each cell the ${pooled === 'max' ? 'largest' : 'mean'} of its part; numbers count tokens`
  for (const line of [note, what]) if (line) lines.push(...wrap(visibleLine(line), columns).map(style.quiet))
  lines.push('')
  const [right, left] = [(keys - 1).toLocaleString('en-US'), '0']
  const room = Math.max(0, width * CELL - left.length - right.length)
  lines.push(`${style.query(pad('asks', GUTTER, 'right'))} ${style.key('answers')}`)
  lines.push(style.key(' '.repeat(GUTTER + 1) + left + ' '.repeat(room) + right))
  for (let r = 0; r < height; r++) {
    const label = r % 4 === 0 ? place(r, height, queries) : ''
    const cells = Array.from({ length: width }, (_, c) => cell(values[r * width + c], CELL, style)).join('')
    lines.push(`${style.query(pad(label, GUTTER, 'right'))} ${cells}`.trimEnd())
  }
  return [...lines, '', ...legend(CELL, columns, style)]
}
