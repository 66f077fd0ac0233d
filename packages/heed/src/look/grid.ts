import { HeedTypeError } from '../errors.js'
import { checkWeights } from './map.js'
import { fixed } from './numbers.js'
import { legend, mosaic, pixelMap, text } from './parts.js'
import type { Box } from './parts.js'
import { heading, MARGIN, nothing, picture, remarkLines } from './picture.js'
import { pool } from './pool.js'
import { fonts, palettes } from './tokens.js'
import type { Theme } from './tokens.js'
import { visibleLine } from './visible.js'
import { element, escapeXml } from './xml.js'

/** One head of the grid. */
export interface DrawnHead {
  /** Its layer's number and its own. */
  layer: number
  head: number
  /** Its short name under the thumbnail: 'e2·3'. */
  name: string
  /** `[rows][columns]`, each in [0, 1]: the map, or a pooled one. What a thumbnail cannot hold is pooled by its largest. */
  weights: readonly ArrayLike<number>[]
  /** What the bar shows, from 0 to the measure's `max`; a head without it has no bar. */
  value?: number
}

/** Heads of one kind: 'Encoder, reads itself'. */
export interface HeadGroup {
  name: string
  /** A pattern of their sites: 'encoder.*.self'. */
  site?: string
  heads: readonly DrawnHead[]
}

/** Layers × heads. */
export interface DrawnGrid {
  title: string
  note?: string
  groups: readonly HeadGroup[]
  /** What the bars measure; `max` (default 1) is a full bar. */
  measure?: { name: string; max?: number }
}

export interface GridSvgOptions {
  /** Default 'light', which is also what print wants. */
  theme?: Theme
  /** 'layer' (default): a row per layer in every group. 'measure': all heads in one group, the largest value first. */
  order?: 'layer' | 'measure'
}

/** More heads than this are drawn in parts. */
export const MAX_HEADS = 4096
/** px: what all groups of a row fill, between groups, a group's name, its numbers. */
const WIDTH = 1152
const GROUP = 40
const HEAD = 24
const NUMBERS = 16
/** A thumbnail of more cells becomes an image. */
const PATHS = 24

/** Thumbnails by the number of heads, and how many stand in a row when they are ordered by the measure. */
const sizes = [
  { upTo: 48, side: 64, gap: 12, under: 28, row: 12 },
  { upTo: 144, side: 40, gap: 12, under: 30, row: 12 },
  { upTo: Infinity, side: 24, gap: 6, under: 8, row: 24 },
]

type Size = (typeof sizes)[number]

function check({ groups, measure }: DrawnGrid, count: number): void {
  if (count > MAX_HEADS)
    throw new HeedTypeError(
      'option',
      `a grid has at most ${MAX_HEADS} heads; these are ${count}: draw some layers`,
    )
  const max = measure?.max ?? 1
  if (!(max > 0 && Number.isFinite(max)))
    throw new HeedTypeError('option', `a full bar is ${max}; it must be above 0`)
  for (const { name, weights, value } of groups.flatMap(({ heads }) => heads)) {
    checkWeights(weights, `head ${name}`)
    if (value !== undefined && !(value >= 0 && value <= max))
      throw new HeedTypeError('input', `the value of head ${name} is ${value}; bars go from 0 to ${max}`)
  }
}

/** The map of a head in its square. */
function thumbnail(weights: DrawnHead['weights'], box: Box, theme: Theme): string {
  // At two pixels a cell, so that pictures of double size show them all.
  const rows = pool(weights, 2 * box.width, 'max')
  const [height, width] = [rows.length, rows[0]?.length ?? 0]
  if (height === 0 || width === 0) return ''
  if (Math.max(height, width) <= PATHS) return mosaic(rows, box, theme)
  return pixelMap(width, height, (cell) => rows[Math.floor(cell / width)][cell % width], box, theme)
}

function head(drawn: DrawnHead, x: number, y: number, size: Size, grid: DrawnGrid, theme: Theme): string {
  const p = palettes[theme]
  const { side } = size
  const box = { x, y, width: side, height: side }
  const named = side > 24
  // The bar stands beside the name where both fit, else above it.
  const width = side >= 64 ? 30 : side
  const bar = { x: x + side - width, y: y + side + (side >= 64 ? 11 : 4), height: 4 }
  const { name: measure, max = 1 } = grid.measure ?? { name: '' }
  const { name, value } = drawn
  const says = value === undefined ? name : `${name}: ${measure} ${fixed(value)}`
  const parts = [
    element('title', {}, escapeXml(visibleLine(says))),
    element('rect', { ...box, fill: p.card }),
    thumbnail(drawn.weights, box, theme),
    element('rect', {
      x: x - 0.5,
      y: y - 0.5,
      width: side + 1,
      height: side + 1,
      rx: 3,
      fill: 'none',
      stroke: p.line,
    }),
    named
      ? text(x, y + side + (side >= 64 ? 17 : 22), visibleLine(name), {
          size: 11,
          weight: 500,
          family: fonts.mono,
          fill: p.ink3,
        })
      : '',
  ]
  if (value !== undefined) {
    parts.push(element('rect', { ...bar, width, fill: p.line }))
    if (value > 0)
      parts.push(element('rect', { ...bar, width: Math.max(1, (width * value) / max), fill: p.ink2 }))
  }
  return element('g', {}, parts.filter((part) => part !== '').join(''))
}

/** The heads in rows: one per layer, or as many as fit. */
function rowsOf({ heads }: HeadGroup, perRow: number | undefined): DrawnHead[][] {
  if (perRow !== undefined)
    return Array.from({ length: Math.ceil(heads.length / perRow) }, (_, i) =>
      heads.slice(i * perRow, (i + 1) * perRow),
    )
  const layers = [...new Set(heads.map(({ layer }) => layer))].sort((a, b) => a - b)
  return layers.map((layer) => heads.filter((head) => head.layer === layer).sort((a, b) => a.head - b.head))
}

/** All heads as one group, the largest value first; of equal ones the earlier. */
function byMeasure(groups: readonly HeadGroup[], name: string): HeadGroup[] {
  const heads = groups.flatMap(({ heads }) => heads)
  return [
    { name: `by ${name}, the largest first`, heads: heads.sort((a, b) => (b.value ?? -1) - (a.value ?? -1)) },
  ]
}

interface Laid {
  group: HeadGroup
  rows: DrawnHead[][]
  columns: number
  /** Where it stands, below the title. */
  x: number
  y: number
}

/** Groups side by side, as many as fit. */
function layOut(groups: readonly HeadGroup[], size: Size, sorted: boolean, left: number) {
  const laid: Laid[] = []
  let [x, y, tallest] = [0, 0, 0]
  for (const group of groups) {
    const rows = rowsOf(group, sorted ? size.row : undefined)
    const columns = sorted ? size.row : 1 + Math.max(...group.heads.map(({ head }) => head))
    const width = left + columns * (size.side + size.gap) - size.gap
    if (x > 0 && x + width > WIDTH) [x, y, tallest] = [0, y + tallest + GROUP, 0]
    laid.push({ group, rows, columns, x: MARGIN + x + left, y })
    tallest = Math.max(tallest, HEAD + (left > 0 ? NUMBERS : 0) + rows.length * (size.side + size.under))
    x += width + GROUP
  }
  const right = Math.max(...laid.map(({ x, columns }) => x + columns * (size.side + size.gap) - size.gap))
  return { laid, right, height: y + tallest }
}

/** A group's name, its numbers where heads have no names, and its heads. */
function block(
  { group, rows, columns, x, y }: Laid,
  top: number,
  size: Size,
  left: number,
  grid: DrawnGrid,
  sorted: boolean,
  theme: Theme,
): string[] {
  const p = palettes[theme]
  const pitch = size.side + size.gap
  const right = x + columns * pitch - size.gap
  const number = { size: 11, fill: p.ink3, family: fonts.mono }
  const parts = [text(x - left, top + y + 14, visibleLine(group.name), { size: 12, fill: p.ink3 })]
  const said = group.name.length * 6.2 + (group.site?.length ?? 0) * 6.7 + 12
  if (group.site && said < right - x)
    parts.push(text(right, top + y + 14, visibleLine(group.site), { ...number, anchor: 'end' }))
  let down = top + y + HEAD
  if (left > 0) {
    for (let c = 0; c < columns; c++)
      parts.push(text(x + c * pitch + size.side / 2, down + 10, String(c), { ...number, anchor: 'middle' }))
    down += NUMBERS
  }
  for (const row of rows) {
    if (left > 0)
      parts.push(text(x - 8, down + size.side / 2 + 4, String(row[0].layer), { ...number, anchor: 'end' }))
    parts.push(
      ...row.map((drawn, c) => head(drawn, x + (sorted ? c : drawn.head) * pitch, down, size, grid, theme)),
    )
    down += size.side + size.under
  }
  return parts
}

/**
 * The heads of a model as a standalone SVG: a thumbnail of each map on the fixed ramp 0..1, a row per layer, a bar under
 * each for a chosen measure, and the legends of both. Thumbnails are 64 px up to 48 heads, 40 px up to 144, 24 px above
 * (then rows and columns are numbered instead of names).
 *
 * @throws HeedTypeError `shape` or `input` for weights that do not fit, `input` for a value that its bar cannot hold,
 *   `option` for more than `MAX_HEADS` heads, or an order by a measure that there is not
 */
export function gridSvg(grid: DrawnGrid, { theme = 'light', order = 'layer' }: GridSvgOptions = {}): string {
  const count = grid.groups.reduce((sum, { heads }) => sum + heads.length, 0)
  check(grid, count)
  if (order === 'measure' && !grid.measure)
    throw new HeedTypeError('option', 'there is no measure to order heads by; give the grid one')
  if (count === 0) return nothing(grid.title, '0 heads', theme)
  const p = palettes[theme]
  const size = sizes.find(({ upTo }) => count <= upTo)!
  const sorted = order === 'measure'
  const left = size.side <= 24 && !sorted ? 24 : 0
  const groups = sorted
    ? byMeasure(grid.groups, grid.measure!.name)
    : grid.groups.filter(({ heads }) => heads.length > 0)
  const { laid, right, height } = layOut(groups, size, sorted, left)
  const width = Math.max(right + MARGIN, 448)
  const title = heading(grid.title, width, p)
  const bottom = title.bottom + 8 + height

  const { note, measure } = grid
  const most = measure?.max ?? 1
  const isPooled = ({ weights }: DrawnHead) =>
    Math.max(weights.length, weights[0]?.length ?? 0) > 2 * size.side
  const remarks = [
    ...(note ? [note] : []),
    ...(measure ? [`Bar: ${measure.name}, 0 to ${fixed(most, Number.isInteger(most) ? 0 : 2)}.`] : []),
    ...(left > 0 ? ['Rows are layers, columns are heads.'] : []),
    ...(groups.some(({ heads }) => heads.some(isPooled))
      ? ['Each pixel is the largest of the weights that it stands for.']
      : []),
  ]
  const said = remarkLines(remarks, bottom + 28, width - 2 * MARGIN, p)
  const kinds = grid.groups.map(({ name, heads }) => `${name}: ${heads.length}`).join('; ')
  const description = `Maps of ${count} heads, weights from 0 to 1. ${kinds}.`
  return picture({ title: grid.title, description, width, bottom: said.bottom, theme }, [
    ...title.parts,
    ...laid.flatMap((group) => block(group, title.bottom + 8, size, left, grid, sorted, theme)),
    legend(width - MARGIN, bottom + 16, theme),
    ...said.parts,
  ])
}
