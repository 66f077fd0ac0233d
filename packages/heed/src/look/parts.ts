import { tokenLabels, wordsOf } from './map.js'
import type { DrawnMap, DrawnToken, Link } from './map.js'
import { weight2, weightInCell } from './numbers.js'
import { pngAddress } from './png.js'
import { fonts, onSeq, palettes, seq, seqRgb } from './tokens.js'
import type { Palette, Theme } from './tokens.js'
import { clip, displayWidth } from './width.js'
import { element, escapeXml } from './xml.js'

/** px per column of 12 px mono, for the widest font of the stack */
export const MONO = 7.3
/** Longer labels are clipped with `…`. */
export const LABEL_COLUMNS = 24
/** Cells of this size hold a number of 11 px, those of `ROUNDED` a gap. */
export const NUMBERED = 24
const ROUNDED = 16

export const LIST_WIDTH = 272
export const LIST_HEAD = 44
export const LIST_ROW = 24

/** Two decimals, as `element` writes them. */
const px = (x: number) => Math.round(x * 100) / 100

export interface Ink {
  fill: string
  size?: number
  weight?: number
  family?: string
  anchor?: 'middle' | 'end'
  turn?: boolean
}

/** Text at its baseline; `turn` reads upwards. Middle dots stand for spaces and are paler than the text. */
export function text(x: number, y: number, content: string, ink: Ink, dot?: string): string {
  const body = escapeXml(content)
  return element(
    'text',
    {
      x,
      y,
      'font-family': ink.family,
      'font-size': ink.size,
      'font-weight': ink.weight,
      fill: ink.fill,
      'text-anchor': ink.anchor,
      transform: ink.turn ? `rotate(-90 ${x} ${y})` : undefined,
    },
    dot ? body.replace(/·+/g, (dots) => element('tspan', { fill: dot }, dots)) : body,
  )
}

export interface Axis {
  labels: string[]
  cell: number
  /** Every `step`th token is labelled. */
  step: number
  /** px of the longest label */
  room: number
}

export function axis(tokens: readonly DrawnToken[], cell: number): Axis {
  const labels = tokenLabels(tokens).map((label) => clip(label, LABEL_COLUMNS))
  const step = [1, 2, 5, 10, 20, 50, 100].find((step) => step * cell >= 12) ?? 200
  return { labels, cell, step, room: Math.ceil(Math.max(0, ...labels.map(displayWidth)) * MONO) }
}

/** Whole cells when they are large, else a mosaic. */
export function cells(map: DrawnMap, x: number, y: number, across: Axis, down: Axis, theme: Theme): string[] {
  const { cell: hairline } = palettes[theme]
  const [w, h] = [across.cell, down.cell]
  if (Math.min(w, h) >= ROUNDED) {
    const boxes: string[] = []
    const figures: string[] = []
    map.weights.forEach((row, i) => {
      for (let j = 0; j < row.length; j++) {
        const fill = seq(row[j], theme)
        const [left, top] = [x + j * w, y + i * h]
        boxes.push(element('rect', { x: left + 0.5, y: top + 0.5, width: w - 1, height: h - 1, rx: 2, fill }))
        const figure = Math.min(w, h) >= NUMBERED ? weightInCell(row[j]) : ''
        if (figure) figures.push(text(left + w / 2, top + h / 2 + 4, figure, { fill: onSeq(row[j], theme) }))
      }
    })
    const type = { 'font-family': fonts.mono, 'font-size': 11, 'text-anchor': 'middle' }
    return [element('g', { stroke: hairline }, boxes.join('\n')), element('g', type, figures.join('\n'))]
  }
  const size = { width: w * map.keys.length, height: h * map.queries.length }
  return [
    mosaic(map.weights, { x, y, ...size }, theme),
    element('rect', { x, y, ...size, fill: 'none', stroke: palettes[theme].line2 }),
  ]
}

export interface Box {
  x: number
  y: number
  width: number
  height: number
}

/** Cells that fill a box without gaps: one path per colour, so that 200 × 200 stays small. Zero is left to the card. */
export function mosaic(weights: readonly ArrayLike<number>[], box: Box, theme: Theme): string {
  const { card } = palettes[theme]
  const h = box.height / weights.length
  const paths = new Map<string, string>()
  weights.forEach((row, i) => {
    const w = box.width / row.length
    for (let j = 0, end; j < row.length; j = end) {
      const fill = seq(row[j], theme)
      end = j + 1
      while (end < row.length && seq(row[end], theme) === fill) end++
      const run = `M${px(box.x + j * w)} ${px(box.y + i * h)}h${px((end - j) * w)}v${px(h)}h${px((j - end) * w)}z`
      if (fill !== card) paths.set(fill, (paths.get(fill) ?? '') + run)
    }
  })
  return Array.from(paths, ([fill, d]) => element('path', { d, fill, 'shape-rendering': 'crispEdges' })).join(
    '\n',
  )
}

/** Cells as an image of a pixel each, in the ramp's exact colours: for more of them than paths can hold. */
export function pixelMap(
  width: number,
  height: number,
  level: (cell: number) => number,
  box: Box,
  theme: Theme,
): string {
  const rgb = new Uint8Array(3 * width * height)
  for (let cell = 0; cell < width * height; cell++) rgb.set(seqRgb(level(cell), theme), 3 * cell)
  return element('image', {
    ...box,
    href: pngAddress({ width, height, rgb }),
    preserveAspectRatio: 'none',
    // The attribute for renderers that know SVG 1.1 alone, the style for all others.
    'image-rendering': 'optimizeSpeed',
    style: 'image-rendering:pixelated',
  })
}

/** Labels of one axis, with a quiet line along the pieces of a word. `x`, `y`: the matrix's corner. */
export function labels(
  tokens: readonly DrawnToken[],
  axis: Axis,
  x: number,
  y: number,
  on: 'rows' | 'columns' | 'turned',
  p: Palette,
): string[] {
  const role = on === 'rows' ? p.roles.q : p.roles.k
  const words = axis.labels.map((label, i) => {
    if (i % axis.step !== 0) return ''
    const middle = (i + 0.5) * axis.cell
    const ink: Ink = tokens[i].special
      ? { size: 11, fill: p.ink3, family: fonts.sans }
      : { size: 12, weight: 500, fill: role.text, family: fonts.mono }
    if (on === 'rows') return text(x - 10, y + middle + 4, label, { ...ink, anchor: 'end' }, p.ink3)
    if (on === 'columns') return text(x + middle, y - 10, label, { ...ink, anchor: 'middle' }, p.ink3)
    return text(x + middle + 4, y - 10, label, { ...ink, turn: true }, p.ink3)
  })
  const joints = wordsOf(tokens)
    .filter(({ start, end }) => end - start > 1)
    .map(({ start, end }) => {
      const from = start * axis.cell + Math.min(4, axis.cell / 4)
      const to = end * axis.cell - Math.min(4, axis.cell / 4)
      const d = on === 'rows' ? `M${x - 4.5} ${y + from}V${y + to}` : `M${x + from} ${y - 4.5}H${x + to}`
      return element('path', { d, fill: 'none', stroke: role.line, 'stroke-width': 1.5 })
    })
  return [...words, ...joints].filter((part) => part !== '')
}

/** The ramp from 0 to 1 in a frame; steps instead of a gradient, which would need an id. */
export function ramp({ x, y, width, height }: Box, theme: Theme): string {
  const steps = Array.from({ length: width / 2 }, (_, i) =>
    element('rect', {
      x: x + 2 * i,
      y,
      width: 2,
      height,
      fill: seq(i / (width / 2 - 1), theme),
      'shape-rendering': 'crispEdges',
    }),
  ).join('')
  const frame = { x: x - 0.5, y: y - 0.5, width: width + 1, height: height + 1, fill: 'none' }
  return steps + element('rect', { ...frame, stroke: palettes[theme].line2 })
}

/** `weight 0 ▬▬▬ 1`, or what else is named, its right end at `right`. */
export function legend(right: number, y: number, theme: Theme, name = 'weight'): string {
  const p = palettes[theme]
  const end = { size: 12, fill: p.ink2, family: fonts.mono }
  const x = right - 16 - 96
  return (
    text(x - 24, y, name, { size: 13, fill: p.ink3, anchor: 'end' }) +
    text(x - 8, y, '0', { ...end, anchor: 'end' }) +
    ramp({ x, y: y - 9, width: 96, height: 8 }, theme) +
    text(right, y, '1', { ...end, anchor: 'end' })
  )
}

/** Half of the list's width, less the arrow and the weight. */
const LINK_COLUMNS = Math.floor((LIST_WIDTH - 72) / MONO / 2)

const linkWord = (word: string, fill: string) =>
  element('tspan', { fill, 'font-weight': 500 }, escapeXml(clip(word, LINK_COLUMNS)))

export function linkList(
  links: readonly Link[],
  caption: string,
  x: number,
  y: number,
  p: Palette,
): string[] {
  // In the other family, since the fonts of PNG files have the arrow there.
  const arrow = element('tspan', { fill: p.ink3, 'font-family': fonts.sans }, '→')
  return [
    text(x, y + 14, 'Strongest links', { size: 13, weight: 600, fill: p.ink }),
    text(x, y + 34, caption, { size: 12, fill: p.ink3 }),
    ...links.map(({ query, key, weight }, i) => {
      const base = y + LIST_HEAD + i * LIST_ROW
      const words = `${linkWord(query, p.roles.q.text)} ${arrow} ${linkWord(key, p.roles.k.text)}`
      return (
        element('path', { d: `M${x} ${base + 0.5}H${x + LIST_WIDTH}`, stroke: p.line }) +
        element('text', { x, y: base + 16, 'font-family': fonts.mono, 'font-size': 12 }, words) +
        text(x + LIST_WIDTH, base + 16, weight2(weight), {
          size: 12,
          fill: p.ink,
          family: fonts.mono,
          anchor: 'end',
        })
      )
    }),
  ]
}
