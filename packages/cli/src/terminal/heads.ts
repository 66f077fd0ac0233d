import { type HeadRow, type MeasureName, measures } from 'heed/lens'
import { clip, displayWidth, visibleLine, weight2, wrap } from 'heed/look'
import { measureNames, writeMeasure } from '../heads.js'
import type { Paint } from './color.js'
import { table } from './table.js'
import { fence } from './text.js'

const GAP = 2

/** Heads as a table: the measure they are sorted by first, then as many others as fit; what does not is named. */
export function renderHeads(
  rows: readonly HeadRow[],
  by: MeasureName,
  columns: number,
  style: Paint,
): string[] {
  const cells = new Map(
    measureNames.map((name) => [name, rows.map(({ means }) => writeMeasure(name, means[name]))]),
  )
  const width = (title: string, texts: readonly string[]) => Math.max(...[title, ...texts].map(displayWidth))
  const names = rows.map(({ site, head }) => [site, String(head)])
  let left =
    columns -
    width(
      'site',
      rows.map(({ site }) => site),
    ) -
    GAP -
    width(
      'head',
      names.map(([, n]) => n),
    )
  const has = (name: MeasureName) => rows.some(({ means }) => means[name] !== undefined)
  const shown = [by, ...measureNames.filter((name) => name !== by && has(name))].filter((name, n) => {
    left -= GAP + width(name, cells.get(name)!)
    return n === 0 || left >= 0
  })
  const shares = new Set(measures.filter(({ unit }) => unit === 'share').map(({ name }) => name))
  const lines = table(
    [
      ['site', 'head', ...shown],
      ...names.map((name, n) => [...name, ...shown.map((measure) => cells.get(measure)![n])]),
    ],
    {
      align: ['left', 'right', ...shown.map((): 'right' => 'right')],
      paint(text, row, column) {
        const measure = shown[column - 2]
        if (row === 0) return measure === by ? style.strong(text) : style.quiet(text)
        const value = measure && rows[row - 1].means[measure]
        return value !== undefined && shares.has(measure) ? style.cell(Math.min(1, value), text) : text
      },
    },
  )
  const hidden = measureNames.filter((name) => has(name) && !shown.includes(name))
  const note = `no room for ${hidden.join(', ')}: --json and --csv have all, --sort shows one first`
  return hidden.length > 0 ? [...lines, ...wrap(note, columns).map(style.quiet)] : lines
}

/** The texts that rank highest for a head, each with its strongest link. */
export function renderTexts(
  { site, head, top }: HeadRow,
  texts: readonly string[],
  by: MeasureName,
  most: string,
  columns: number,
  style: Paint,
): string[] {
  const title = `${site} head ${head}: ${most} ${by} in`
  return [
    ...wrap(title, columns).map(style.strong),
    ...top.flatMap(({ text, value, link }) => {
      const label = `  ${writeMeasure(by, value)}  line ${text + 1}  `
      const line = fence(clip(visibleLine(texts[text]), Math.max(12, columns - displayWidth(label))))
      const piece = (token: { text: string }) => visibleLine(token.text.trim() || '␣')
      const strongest = link && `${piece(link.query)} → ${piece(link.key)} ${weight2(link.weight)}`
      return [`${label}${line}`, ...(strongest ? [style.quiet(clip(`    ${strongest}`, columns))] : [])]
    }),
  ]
}
