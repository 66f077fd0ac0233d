import { HeedTypeError } from '../errors.js'
import { text } from './parts.js'
import { fonts, palettes } from './tokens.js'
import type { Palette, Theme } from './tokens.js'
import { visibleLine } from './visible.js'
import { wrap } from './width.js'
import { element, escapeXml } from './xml.js'

/** What every picture has round it, in px. */
export const MARGIN = 24
/** Mean px of a letter of the title (20 px semibold) and of a remark (13 px), for the widest font of the stack. */
const TITLE_LETTER = 12
export const REMARK_LETTER = 7

/** Parts drawn one below the other, and where the next may begin. */
export interface Block {
  parts: string[]
  bottom: number
}

/** The title, from the top margin on, in lines that fit the picture's `width`. */
export function heading(title: string, width: number, p: Palette): Block {
  const lines = wrap(visibleLine(title), Math.floor((width - 2 * MARGIN) / TITLE_LETTER))
  const ink = { size: 20, weight: 600, fill: p.ink }
  return {
    parts: lines.map((line, i) => text(MARGIN, MARGIN + 20 + 28 * i, line, ink)),
    bottom: MARGIN + 28 * lines.length,
  }
}

/** A remark begins with a capital and ends with a stop, whoever wrote it. */
const sentence = (remark: string) =>
  remark.replace(/^\p{Ll}/u, (letter) => letter.toUpperCase()) + (/[.!?…]$/u.test(remark) ? '' : '.')

/** Remarks from `y` down, each a sentence in lines that fit into `room` px. */
export function remarkLines(remarks: readonly string[], y: number, room: number, p: Palette): Block {
  const lines = remarks.flatMap((remark) =>
    wrap(sentence(visibleLine(remark)), Math.floor(room / REMARK_LETTER)),
  )
  return {
    parts: lines.map((line, i) => text(MARGIN, y + 14 + 20 * i, line, { size: 13, fill: p.ink3 })),
    bottom: y + 20 * lines.length,
  }
}

interface Frame {
  title: string
  /** What those hear who cannot see the picture. */
  description: string
  width: number
  /** Where the last part ends; the margin comes below. */
  bottom: number
  theme: Theme
}

/** The standalone SVG of a picture's parts. */
export function picture(
  { title, description, width, bottom, theme }: Frame,
  parts: readonly string[],
): string {
  const [w, h] = [Math.ceil(width), Math.ceil(bottom + MARGIN)]
  const frame = { xmlns: 'http://www.w3.org/2000/svg', width: w, height: h, viewBox: `0 0 ${w} ${h}` }
  const body = [
    element('title', {}, escapeXml(visibleLine(title))),
    element('desc', {}, escapeXml(visibleLine(description))),
    element('rect', { width: w, height: h, fill: palettes[theme].card }),
    ...parts,
  ].join('\n')
  return element('svg', { ...frame, role: 'img', 'font-family': fonts.sans }, `\n${body}\n`) + '\n'
}

/** A remark in the place of a picture of nothing. */
export function nothing(title: string, what: string, theme: Theme): string {
  const p = palettes[theme]
  const width = 448
  const head = heading(title, width, p)
  const said = remarkLines([`Nothing to draw: ${what}.`], head.bottom + 16, width - 2 * MARGIN, p)
  const frame = { title, description: `Nothing to draw: ${what}.`, width, bottom: said.bottom, theme }
  return picture(frame, [...head.parts, ...said.parts])
}

/** @throws HeedTypeError `option` when there are more tokens on a side than the picture can show */
export function checkSides(what: string, rows: number, columns: number, most: number, instead: string): void {
  if (Math.max(rows, columns) > most)
    throw new HeedTypeError(
      'option',
      `${what} has at most ${most} tokens a side; this map is ${rows} × ${columns}: ${instead}`,
    )
}

/** @throws HeedTypeError `option` when `query` is no row of a map of `rows` */
export function checkQuery(query: number | undefined, rows: number): void {
  if (query !== undefined && !(Number.isInteger(query) && query >= 0 && query < rows))
    throw new HeedTypeError('option', `there is no query ${query}; queries are 0 to ${rows - 1}`)
}
