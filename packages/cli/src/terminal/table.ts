import { displayWidth, visibleLine, wrap } from 'heed/look'
import { pad } from './text.js'

export interface TableOptions {
  /** Columns of the terminal; the last column of the table wraps to fit. Default: no limit. */
  columns?: number
  /** Per column, default left. */
  align?: readonly ('left' | 'right')[]
  /** Styles a padded cell; it must add no visible character. */
  paint?: (text: string, row: number, column: number) => string
}

const GAP = 2
const NARROWEST = 12 // what the last column keeps; below, lines grow instead

/** Rows as aligned lines, two spaces between columns. The last column wraps onto lines of its own; nothing is cut. */
export function table(rows: readonly (readonly string[])[], options: TableOptions = {}): string[] {
  const { columns = Infinity, align = [], paint = (text: string) => text } = options
  const clean = rows.map((row) => row.map(visibleLine))
  const count = Math.max(0, ...clean.map((row) => row.length))
  const widths = Array.from({ length: count }, (_, j) =>
    Math.max(...clean.map((row) => displayWidth(row[j] ?? ''))),
  )
  const last = count - 1
  const before = widths.slice(0, -1).reduce((sum, width) => sum + width + GAP, 0)
  widths[last] = Math.min(widths[last], Math.max(NARROWEST, columns - before))
  return clean.flatMap((row, i) => {
    const tail = wrap(row[last] ?? '', widths[last])
    return Array.from({ length: Math.max(1, tail.length) }, (_, k) =>
      widths
        .map((width, j) => {
          const text = j === last ? (tail[k] ?? '') : k === 0 ? (row[j] ?? '') : ''
          // Padding after the last column would only be trailing space.
          const padded = j === last && align[j] !== 'right' ? text : pad(text, width, align[j])
          return padded.trim() === '' ? padded : paint(padded, i, j)
        })
        .join(' '.repeat(GAP))
        .trimEnd(),
    )
  })
}
