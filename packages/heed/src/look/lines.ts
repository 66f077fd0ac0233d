import { checkMap } from './map.js'
import type { DrawnMap, DrawnToken } from './map.js'
import { weight2 } from './numbers.js'
import { axis, MONO, text } from './parts.js'
import type { Axis, Ink } from './parts.js'
import { checkQuery, checkSides, heading, MARGIN, nothing, picture, remarkLines } from './picture.js'
import { fonts, palettes, seq } from './tokens.js'
import type { Palette, Theme } from './tokens.js'
import { visibleLine } from './visible.js'
import { displayWidth } from './width.js'
import { element } from './xml.js'

export interface LinesSvgOptions {
  /** Default 'light', which is also what print wants. */
  theme?: Theme
  /** The query whose links are lit, by number; those of others stay hairlines. Default: all are lit. */
  query?: number
  /** 'vertical' (default): two columns, queries on the left. 'horizontal': two rows, queries above. */
  layout?: 'vertical' | 'horizontal'
}

/** The longest side that is drawn: beyond it lines hide one another. */
export const MAX_LINES = 128
/** Thinner links are not drawn, and the picture says so. */
export const DRAWN_FROM = 0.02

/** px of a line whose weight is 1. */
const WIDEST = 9
/** How far apart queries and keys stand. */
const SPAN = 240
const WIDTH = 1152

/** The ramp from .3 on, so that thin lines stay visible. */
const colour = (weight: number, theme: Theme) => seq(0.3 + 0.7 * weight, theme)

interface Place {
  x: number
  y: number
}

/** Where links begin and end, and the picture's measures. */
interface Layout {
  query: (i: number) => Place
  key: (j: number) => Place
  width: number
  bottom: number
  labels: string[]
}

/** The ink of a token's label: a special one is quiet, the one that asks or answers most has its role's colour. */
function ink(token: DrawnToken, lit: string | undefined, p: Palette): Ink {
  if (token.special)
    return { size: 11, family: fonts.sans, fill: lit ?? p.ink3, weight: lit ? 600 : undefined }
  return { size: 12, family: fonts.mono, fill: lit ?? p.ink2, weight: lit ? 700 : 500 }
}

interface Lit {
  query?: number
  /** The strongest key of that query. */
  key?: number
}

function vertical(map: DrawnMap, { query, key }: Lit, top: number, p: Palette): Layout {
  const [rows, columns] = [map.queries.length, map.keys.length]
  const most = Math.max(rows, columns)
  const pitch = most <= 16 ? 41 : most <= 32 ? 28 : 18
  const [asks, answers] = [axis(map.queries, pitch), axis(map.keys, pitch)]
  const { rowLabel = 'asks', columnLabel = 'answers' } = map
  const left = MARGIN + Math.max(asks.room, displayWidth(rowLabel) * MONO) + 12
  const right = left + SPAN
  const at = (x: number) => (i: number) => ({ x, y: top + 24 + (i + 0.5) * pitch })
  const head = { size: 12, anchor: 'end' as const }
  return {
    query: at(left),
    key: at(right),
    width: right + 12 + Math.max(answers.room, displayWidth(columnLabel) * MONO) + MARGIN,
    bottom: top + 24 + most * pitch,
    labels: [
      text(left - 10, top + 12, visibleLine(rowLabel), { ...head, fill: p.roles.q.text }),
      text(right + 10, top + 12, visibleLine(columnLabel), { size: 12, fill: p.roles.k.text }),
      ...map.queries.map((token, i) =>
        text(
          left - 10,
          at(0)(i).y + 4,
          asks.labels[i],
          {
            ...ink(token, i === query ? p.roles.q.text : undefined, p),
            anchor: 'end',
          },
          p.ink3,
        ),
      ),
      ...map.keys.map((token, j) =>
        text(
          right + 10,
          at(0)(j).y + 4,
          answers.labels[j],
          ink(token, j === key ? p.roles.k.text : undefined, p),
          p.ink3,
        ),
      ),
    ],
  }
}

function horizontal(map: DrawnMap, { query, key }: Lit, top: number, p: Palette): Layout {
  const [rows, columns] = [map.queries.length, map.keys.length]
  const most = Math.max(rows, columns)
  const room = Math.max(axis(map.queries, 1).room, axis(map.keys, 1).room)
  const turned = (room + 12) * most > WIDTH
  const pitch = turned ? Math.max(18, Math.min(28, Math.floor(WIDTH / most))) : Math.max(28, room + 12)
  const height = turned ? room : 12
  const { rowLabel = 'asks', columnLabel = 'answers' } = map
  const left = MARGIN + Math.ceil(Math.max(displayWidth(rowLabel), displayWidth(columnLabel)) * MONO) + 12
  const upper = top + height + 10
  const lower = upper + SPAN
  const at = (y: number) => (i: number) => ({ x: left + (i + 0.5) * pitch, y })
  const label = (
    tokens: readonly DrawnToken[],
    { labels }: Axis,
    y: number,
    lit: number | undefined,
    role: string,
  ) =>
    tokens.map((token, i) => {
      const { x } = at(0)(i)
      const own = ink(token, i === lit ? role : undefined, p)
      const above = y < lower
      if (!turned) return text(x, above ? y - 10 : y + 20, labels[i], { ...own, anchor: 'middle' }, p.ink3)
      return text(
        x + 4,
        above ? y - 10 : y + 10,
        labels[i],
        { ...own, turn: true, anchor: above ? undefined : 'end' },
        p.ink3,
      )
    })
  return {
    query: at(upper),
    key: at(lower),
    width: left + most * pitch + MARGIN,
    bottom: lower + 10 + height,
    labels: [
      text(MARGIN, upper + 4, visibleLine(rowLabel), { size: 12, fill: p.roles.q.text }),
      text(MARGIN, lower + 4, visibleLine(columnLabel), { size: 12, fill: p.roles.k.text }),
      ...label(map.queries, axis(map.queries, pitch), upper, query, p.roles.q.text),
      ...label(map.keys, axis(map.keys, pitch), lower, key, p.roles.k.text),
    ],
  }
}

/** The links that are drawn, the strongest last, so that they lie on top. */
function links(map: DrawnMap): { i: number; j: number; weight: number }[] {
  return map.weights
    .flatMap((row, i) => Array.from(row, (weight, j) => ({ i, j, weight: Math.min(1, weight) })))
    .filter(({ weight }) => weight >= DRAWN_FROM)
    .sort((a, b) => a.weight - b.weight)
}

/** Three lines as they are drawn, with their weights. */
function legend(right: number, y: number, theme: Theme): string {
  const p = palettes[theme]
  const samples = [0.1, 0.5, 1]
  const x = (k: number) => right - 64 * (samples.length - k)
  return [
    text(x(0) - 4, y, 'weight', { size: 13, fill: p.ink3, anchor: 'end' }),
    ...samples.flatMap((weight, k) => [
      element('path', {
        d: `M${x(k) + 8} ${y - 4.5}h24`,
        stroke: colour(weight, theme),
        'stroke-width': WIDEST * weight,
      }),
      text(x(k) + 38, y, String(weight).replace(/^0/, ''), { size: 12, fill: p.ink2, family: fonts.mono }),
    ]),
  ].join('\n')
}

/** The number of the largest of `row`, or undefined where all is zero. */
export function strongestOf(row: ArrayLike<number>): number | undefined {
  let best: number | undefined
  for (let j = 0; j < row.length; j++) if (row[j] > (best === undefined ? 0 : row[best])) best = j
  return best
}

/**
 * One map as lines between tokens, a standalone SVG: the width of a line is its weight (9 px = 1), its colour the ramp
 * from .3 on. Links under .02 are not drawn, and the picture says so. Text stays text; the same map gives the same bytes.
 *
 * @throws HeedTypeError `shape` or `input` for weights that do not fit (see `checkMap`), `option` for a side of more
 *   than `MAX_LINES` tokens or a query that is not there
 */
export function linesSvg(
  map: DrawnMap,
  { theme = 'light', query, layout = 'vertical' }: LinesSvgOptions = {},
): string {
  checkMap(map)
  const [rows, columns] = [map.queries.length, map.keys.length]
  checkSides('a picture of lines', rows, columns, MAX_LINES, 'draw a heat map, or a part of it')
  if (rows === 0 || columns === 0) return nothing(map.title, `${rows} queries, ${columns} keys`, theme)
  checkQuery(query, rows)
  const p = palettes[theme]
  const key = query === undefined ? undefined : strongestOf(map.weights[query])
  const place = (top: number) => (layout === 'vertical' ? vertical : horizontal)(map, { query, key }, top, p)
  const width = Math.max(place(0).width, 480)
  const title = heading(map.title, width, p)
  const { query: from, key: to, labels, bottom } = place(title.bottom + 12)

  const drawn = links(map)
  const line = (i: number, j: number) => {
    const [a, b] = [from(i), to(j)]
    return layout === 'vertical'
      ? `M${a.x} ${a.y}C${(a.x + b.x) / 2} ${a.y} ${(a.x + b.x) / 2} ${b.y} ${b.x} ${b.y}`
      : `M${a.x} ${a.y}C${a.x} ${(a.y + b.y) / 2} ${b.x} ${(a.y + b.y) / 2} ${b.x} ${b.y}`
  }
  const isLit = (i: number) => query === undefined || i === query
  const quiet = drawn.filter(({ i }) => !isLit(i)).map(({ i, j }) => line(i, j))
  const lit = drawn
    .filter(({ i }) => isLit(i))
    .map(({ i, j, weight }) =>
      element('path', { d: line(i, j), stroke: colour(weight, theme), 'stroke-width': WIDEST * weight }),
    )
  const remarks = [
    ...(map.note ? [map.note] : []),
    ...(query === undefined ? [] : ['Links of other queries are hairlines.']),
    'Width is the weight. Links under .02 are not drawn.',
  ]
  const said = remarkLines(remarks, bottom + 40, width - 2 * MARGIN, p)
  const hairlines = quiet.length > 0 ? [element('path', { d: quiet.join(''), stroke: p.line2 })] : []
  const strongest =
    query === undefined || key === undefined
      ? ''
      : ` Lit: ${map.queries[query].text.trim()}, most to ${map.keys[key].text.trim()}, ${weight2(map.weights[query][key])}.`
  const description = `Lines from ${rows} queries to ${columns} keys, ${drawn.length} of weight .02 and more.${strongest}`
  return picture({ title: map.title, description, width, bottom: said.bottom, theme }, [
    ...title.parts,
    element('g', { fill: 'none' }, [...hairlines, ...lit].join('\n')),
    ...labels,
    legend(width - MARGIN, bottom + 28, theme),
    ...said.parts,
  ])
}
