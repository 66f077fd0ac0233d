import { checkMap, strongestLinks } from './map.js'
import type { DrawnMap, Link } from './map.js'
import { weight2 } from './numbers.js'
import {
  axis,
  cells,
  labels,
  legend,
  linkList,
  LIST_HEAD,
  LIST_ROW,
  LIST_WIDTH,
  NUMBERED,
  text,
} from './parts.js'
import type { Axis } from './parts.js'
import { checkSides, heading, MARGIN, nothing, picture, REMARK_LETTER, remarkLines } from './picture.js'
import { palettes } from './tokens.js'
import type { Theme } from './tokens.js'
import { visibleLine } from './visible.js'
import { displayWidth } from './width.js'

export interface MapSvgOptions {
  /** Default 'light', which is also what print wants. */
  theme?: Theme
  /** How many strongest links between words are listed beside the map (default 12); 0 leaves the list out. */
  links?: number
}

/** The longest side that is drawn: more cells than this are neither seen nor printed. */
export const MAX_SIDE = 512

const GAP = 24
/** What a matrix may fill, as long as its cells keep 4 px; the list stands beside it in figures up to `FIGURE`. */
const MATRIX = 720
const FIGURE = 960

/** Flat labels need cells of 64 px that hold them all; else they turn, and the cells become square. */
function axes(map: DrawnMap): { across: Axis; down: Axis; turned: boolean } {
  const [rows, columns] = [map.queries.length, map.keys.length]
  const wide = axis(map.keys, Math.min(72, Math.floor(MATRIX / columns)))
  const turned = wide.cell < 64 || wide.room > wide.cell - 4
  const square = Math.max(4, Math.min(40, Math.floor(MATRIX / Math.max(rows, columns))))
  const height = turned ? square : Math.max(4, Math.min(40, Math.floor(MATRIX / rows)))
  return { across: turned ? axis(map.keys, square) : wide, down: axis(map.queries, height), turned }
}

const nth = (step: number) => (step === 2 ? '2nd' : `${step}th`)

function remarks(map: DrawnMap, across: Axis, down: Axis): string[] {
  const list = map.note ? [map.note] : []
  if (Math.min(across.cell, down.cell) >= NUMBERED) list.push('Weights from .10 are written.')
  const thinned = [down.step > 1 && `${nth(down.step)} row`, across.step > 1 && `${nth(across.step)} column`]
  const named = thinned.filter((part) => part !== false)
  if (named.length > 0) list.push(`Every ${named.join(' and ')} is labelled.`)
  return list
}

function description(map: DrawnMap, links: readonly Link[]): string {
  const size = `${map.queries.length} queries (rows) by ${map.keys.length} keys (columns)`
  const strongest = [...links].sort((a, b) => b.weight - a.weight).slice(0, 5)
  const listed = strongest.map(({ query, key, weight }) => `${query} → ${key} ${weight2(weight)}`).join('; ')
  return `Heat map of attention weights from 0 to 1, ${size}.${listed ? ` Strongest links: ${listed}.` : ''}`
}

/**
 * A heat map as a standalone SVG, fit for a paper: the title as the finding, tokens on both axes, fill on the fixed
 * ramp 0..1, weights from .10 written where cells have room, the legend, the rule that chose the map, and the strongest
 * links between words. Text stays text; the same map gives the same bytes.
 *
 * @throws HeedTypeError `shape` or `input` for weights that do not fit (see `checkMap`), `option` for a side of more
 *   than `MAX_SIDE` tokens
 */
export function mapSvg(map: DrawnMap, { theme = 'light', links: limit = 12 }: MapSvgOptions = {}): string {
  checkMap(map)
  const [rows, columns] = [map.queries.length, map.keys.length]
  checkSides('a drawing', rows, columns, MAX_SIDE, 'draw a part of it')
  if (rows === 0 || columns === 0) return nothing(map.title, `${rows} queries, ${columns} keys`, theme)
  const p = palettes[theme]
  const links = strongestLinks(map)

  // Where things stand, from left to right …
  const { across, down, turned } = axes(map)
  const { rowLabel = 'asks', columnLabel = 'answers' } = map
  const left = MARGIN + Math.max(down.room, displayWidth(rowLabel) * REMARK_LETTER) + 12
  const right = left + columns * across.cell
  const zone = Math.max(right - MARGIN, 400) // px of the matrix and what is written under it
  const listed = Math.min(limit, links.length) > 0
  const beside = listed && MARGIN + zone + GAP + LIST_WIDTH + MARGIN <= FIGURE
  const width = MARGIN + zone + (beside ? GAP + LIST_WIDTH : 0) + MARGIN

  // … and from top to bottom.
  const title = heading(map.title, width, p)
  const head = title.bottom + 16
  const top = head + 24 + (turned ? across.room : 16) + 12
  const bottom = top + rows * down.cell
  const said = remarkLines(remarks(map, across, down), bottom + 44, zone, p)
  const parts = [
    ...title.parts,
    text(left - 10, top - 10, visibleLine(rowLabel), { size: 12, fill: p.roles.q.text, anchor: 'end' }),
    text(left, head + 14, visibleLine(columnLabel), { size: 12, fill: p.roles.k.text }),
    ...cells(map, left, top, across, down, theme),
    ...labels(map.queries, down, left, top, 'rows', p),
    ...labels(map.keys, across, left, top, turned ? 'turned' : 'columns', p),
    legend(Math.max(right, left + 184), bottom + 28, theme),
    ...said.parts,
  ]
  let y = said.bottom
  if (listed) {
    const listTop = beside ? head : y + GAP
    const room = beside ? Math.max(5, Math.floor((bottom - listTop - LIST_HEAD) / LIST_ROW)) : limit
    const shown = strongestLinks(map, { limit: Math.min(limit, room) })
    const caption =
      shown.length < links.length
        ? `the ${shown.length} strongest of ${links.length} words`
        : 'of every word; special tokens left out'
    parts.push(...linkList(shown, caption, beside ? MARGIN + zone + GAP : MARGIN, listTop, p))
    y = Math.max(y, listTop + LIST_HEAD + shown.length * LIST_ROW)
  }

  return picture({ title: map.title, description: description(map, links), width, bottom: y, theme }, parts)
}
