import { HeedTypeError } from '../errors.js'
import { strongestOf } from './lines.js'
import { checkMap, tokenLabels } from './map.js'
import type { DrawnMap, DrawnToken } from './map.js'
import { weight2 } from './numbers.js'
import { legend, text } from './parts.js'
import { checkQuery, heading, MARGIN, nothing, picture, remarkLines } from './picture.js'
import { fonts, onSeq, palettes, seq } from './tokens.js'
import type { Palette, Theme } from './tokens.js'
import { displayWidth } from './width.js'
import { element } from './xml.js'

export interface TextSvgOptions {
  /** Default 'light', which is also what print wants. */
  theme?: Theme
  /** The query whose row is shown, by number. Default: of each key, the mean weight it gets from all queries. */
  query?: number
  /** px of a line (default 720). */
  width?: number
}

/** More tokens than this are no picture any more. */
export const MAX_TEXT = 4096

/** A token is a box of 16 px mono; `COLUMN` is its px per column, for the widest font of the stack. */
const COLUMN = 9.75
const BOX = { height: 32, pad: 7 }
/** px of one figure of 11 px mono. */
const FIGURE = 6.7
/** Between words, and from line to line: box, number, air. */
const GAP = 5
const LINE = 68

/** Numbers begin where two decimals show them. */
const WRITTEN = 0.005

/** A token's box on its line. */
interface Placed {
  left: number
  line: number
  width: number
}

/** Words in their order; the pieces of a word touch, and go to the next line together when they fit on one. */
function place(tokens: readonly DrawnToken[], labels: readonly string[], room: number): Placed[] {
  const widths = tokens.map((token, i) => {
    const columns = displayWidth(labels[i])
    if (token.special) return columns * 6.6 + 2 * BOX.pad
    const alone = token.startsWord && (tokens[i + 1]?.startsWord ?? true)
    return Math.max(columns * COLUMN + 2 * (alone ? BOX.pad : 4), 14)
  })
  const placed: Placed[] = []
  let [x, line] = [0, 0]
  for (let start = 0, end; start < tokens.length; start = end) {
    end = start + 1
    while (end < tokens.length && !tokens[end].special && !tokens[start].special && !tokens[end].startsWord)
      end++
    const word = widths.slice(start, end).reduce((sum, width) => sum + width, 0)
    if (x > 0 && x + word > room) [x, line] = [0, line + 1]
    for (let i = start; i < end; i++) {
      if (x > 0 && x + widths[i] > room) [x, line] = [0, line + 1]
      placed.push({ left: x, line, width: widths[i] })
      x += widths[i]
    }
    x += GAP
  }
  return placed
}

/** The mean of every column: what a key gets from all queries. */
function received({ weights, keys }: DrawnMap): number[] {
  return keys.map((_, j) => weights.reduce((sum, row) => sum + row[j], 0) / weights.length)
}

function token(
  at: Placed,
  y: number,
  label: string,
  { special }: DrawnToken,
  weight: number,
  theme: Theme,
): string {
  const p = palettes[theme]
  const [x, middle] = [MARGIN + at.left, MARGIN + at.left + at.width / 2]
  const frame = special ? { stroke: p.line2, 'stroke-dasharray': '3 2' } : { stroke: p.cell }
  const box = { x: x + 0.5, y: y + 0.5, width: at.width - 1, height: BOX.height - 1, rx: 3 }
  const fill = onSeq(weight, theme)
  const ink = special
    ? { size: 11, family: fonts.sans, fill }
    : { size: 16, family: fonts.mono, fill, weight: 500 }
  const figure = weight < WRITTEN ? '' : weight2(weight).replace(/^0(?=\.)/, '')
  return [
    element('rect', { ...box, fill: seq(weight, theme), ...frame }),
    text(middle, y + BOX.height / 2 + (special ? 4 : 5.5), label, { ...ink, anchor: 'middle' }),
    figure !== '' && figure.length * FIGURE <= at.width + 2
      ? text(middle, y + BOX.height + 15, figure, {
          size: 11,
          family: fonts.mono,
          fill: p.ink3,
          anchor: 'middle',
        })
      : '',
  ].join('')
}

/** A frame in the query's colour, and what the box does, above it. */
function frame(at: Placed, y: number, says: string, role: Palette['roles']['q']): string {
  const x = MARGIN + at.left
  return (
    element('rect', {
      x,
      y,
      width: at.width,
      height: BOX.height,
      rx: 3,
      fill: 'none',
      stroke: role.stroke,
      'stroke-width': 2,
    }) + text(x + at.width / 2, y - 5, says, { size: 11, fill: role.text, anchor: 'middle' })
  )
}

/** What the brightness is, in one line. */
function meaning({ queries }: DrawnMap, query: number | undefined): string {
  if (query !== undefined) return `What ${tokenLabels(queries)[query]} attends to.`
  return `The mean weight that a token gets from all ${queries.length} queries.`
}

/**
 * A text with brightness, a standalone SVG: the keys of a map as words in their order, wrapped into lines, each with its
 * weight as the fill behind it, on the fixed ramp 0..1, and as a number below where there is room. Weights are the row of
 * one query, framed where the sequence reads itself (`map.queries === map.keys`), or the mean that each key gets.
 *
 * @throws HeedTypeError `shape` or `input` for weights that do not fit (see `checkMap`), `option` for more than `MAX_TEXT`
 *   keys, a query that is not there, or a width under 200
 */
export function textSvg(map: DrawnMap, { theme = 'light', query, width = 720 }: TextSvgOptions = {}): string {
  checkMap(map)
  const [rows, columns] = [map.queries.length, map.keys.length]
  if (columns > MAX_TEXT)
    throw new HeedTypeError('option', `a text has at most ${MAX_TEXT} tokens; this map has ${columns} keys`)
  if (!(width >= 200))
    throw new HeedTypeError('option', `a text needs a width of 200 px or more; got ${width}`)
  if (rows === 0 || columns === 0) return nothing(map.title, `${rows} queries, ${columns} keys`, theme)
  checkQuery(query, rows)
  const p = palettes[theme]
  const weights = query === undefined ? received(map) : Array.from(map.weights[query])
  const labels = tokenLabels(map.keys)
  const placed = place(map.keys, labels, width)
  const page = Math.max(448, ...placed.map(({ left, width }) => Math.ceil(left + width) + 2 * MARGIN))
  const title = heading(map.title, page, p)
  const top = title.bottom + 32
  const y = (i: number) => top + placed[i].line * LINE
  const bottom = y(columns - 1) + BOX.height + 24

  const strongest = strongestOf(weights)
  const asked = query !== undefined && map.queries === map.keys
  const frames: string[] = []
  if (query !== undefined && strongest !== undefined && !(asked && strongest === query))
    frames.push(
      text(MARGIN + placed[strongest].left + placed[strongest].width / 2, y(strongest) - 5, 'answers', {
        size: 11,
        fill: p.roles.k.text,
        anchor: 'middle',
      }),
    )
  if (asked) frames.push(frame(placed[query], y(query), 'asks', p.roles.q))
  const remarks = [
    `${meaning(map, query)} Weights from .01 are written, where there is room.`,
    ...(map.note ? [map.note] : []),
  ]
  const said = remarkLines(remarks, bottom + 28, page - 2 * MARGIN, p)
  const best = strongest === undefined ? '' : ` Most: ${labels[strongest]}, ${weight2(weights[strongest])}.`
  const description = `A text of ${columns} tokens with brightness. ${meaning(map, query)}${best}`
  return picture({ title: map.title, description, width: page, bottom: said.bottom, theme }, [
    ...title.parts,
    ...map.keys.map((key, i) => token(placed[i], y(i), labels[i], key, weights[i], theme)),
    ...frames,
    legend(page - MARGIN, bottom + 16, theme),
    ...said.parts,
  ])
}
