import { visibleLine, wrap } from 'heed/look'
import { paint, supportsColor, terminalTheme } from './color.js'
import { outputColumns } from './columns.js'

/** Standard output as results are written to it: its width, its colours, and lines that fit it. */
export function screen() {
  const [columns, color, theme] = [
    outputColumns(),
    supportsColor(process.stdout, process.env),
    terminalTheme(process.env),
  ]
  const style = paint(color, theme)
  return {
    columns,
    color,
    theme,
    style,
    strong: (line: string) => wrap(visibleLine(line), columns).map(style.strong),
    quiet: (line: string) => wrap(visibleLine(line), columns).map(style.quiet),
  }
}
