import { HeedTypeError } from '../errors.js'
import { legend, MONO, text } from './parts.js'
import { heading, MARGIN, picture, remarkLines } from './picture.js'
import { fonts, onSeq, palettes, seq } from './tokens.js'
import type { Palette, Theme } from './tokens.js'
import { visibleLine } from './visible.js'
import { clip, displayWidth } from './width.js'
import { element } from './xml.js'

/** A point of a plane. */
export type Place = readonly [x: number, y: number]

/** Words as vectors, ready to be drawn: what a measure says of every pair, and where they lie on a plane. */
export interface DrawnWords {
  /** The finding in one line: 'dog and cat are nearest'. */
  title: string
  /** The rule behind the numbers, in one line. */
  note?: string
  words: readonly string[]
  /** Name of the measure: 'cosine'. */
  measure: string
  /** `[n][n]`, what the measure says of each pair of words. */
  values: readonly ArrayLike<number>[]
  /** How a value is written. */
  write: (value: number) => string
  /** Whether the values are similarities up to 1, which fill their cells on the ramp 0..1; negative ones stay empty. */
  filled: boolean
  /** A projection of the words, `[n]`. */
  places: readonly Place[]
  /** Further words on the same plane, drawn paler: neighbours. */
  others?: readonly { text: string; place: Place }[]
  /** Share of the spread that the plane holds, in [0, 1], and of how many dimensions. */
  share: number
  dimensions: number
}

/** More words have their map, but no matrix. */
export const MAX_MATRIX = 12
/** More marks than this are neither seen nor named. */
export const MAX_WORDS = 512

const GAP = 48
const FIGURE = 1216
const CELL = { width: 60, height: 36 }
const MAP = { width: 480, height: 360 }
const LABEL_COLUMNS = 20
/** px per column of 14 px mono, for the widest font of the stack. */
const LARGE = 8.5

/** left, top, right, bottom */
type Box = readonly [number, number, number, number]

const meet = (a: Box, b: Box) => a[0] < b[2] && a[2] > b[0] && a[1] < b[3] && a[3] > b[1]

/** @throws HeedTypeError `shape` for values or places that do not fit the words, `option` for too many words */
function check({ words, values, places, others = [] }: DrawnWords): void {
  const n = words.length
  if (values.length !== n || places.length !== n || values.some((row) => row.length !== n))
    throw new HeedTypeError(
      'shape',
      `a picture of ${n} words needs ${n} × ${n} values and ${n} places; got ${values.length} rows and ${places.length}`,
    )
  if (n + others.length > MAX_WORDS)
    throw new HeedTypeError(
      'option',
      `a picture has at most ${MAX_WORDS} words; these are ${n + others.length}: draw some of them`,
    )
}

/** Every pair of words as a cell with its number; `left` is where cells begin. */
function matrix(drawn: DrawnWords, left: number, top: number, theme: Theme): string[] {
  const p = palettes[theme]
  const label = { size: 12, weight: 500, fill: p.ink, family: fonts.mono }
  const names = drawn.words.map((word) => clip(visibleLine(word), LABEL_COLUMNS))
  const turned = names.some((name) => displayWidth(name) * MONO > CELL.width - 4)
  const boxes: string[] = []
  const numbers: string[] = []
  drawn.values.forEach((row, i) => {
    for (let j = 0; j < row.length; j++) {
      const [x, y] = [left + j * CELL.width, top + i * CELL.height]
      const t = drawn.filled ? Math.min(1, Math.max(0, row[j])) : 0
      const box = { x: x + 0.5, y: y + 0.5, width: CELL.width - 1, height: CELL.height - 1, rx: 2 }
      boxes.push(element('rect', { ...box, fill: seq(t, theme) }))
      const ink = { fill: drawn.filled ? onSeq(t, theme) : p.ink }
      numbers.push(text(x + CELL.width / 2, y + CELL.height / 2 + 4, drawn.write(row[j]), ink))
    }
  })
  const type = { 'font-family': fonts.mono, 'font-size': 12, 'text-anchor': 'middle' }
  return [
    ...names.map((name, i) =>
      text(left - 10, top + (i + 0.5) * CELL.height + 4, name, { ...label, anchor: 'end' }),
    ),
    ...names.map((name, j) => {
      const middle = left + (j + 0.5) * CELL.width
      return turned
        ? text(middle + 4, top - 10, name, { ...label, turn: true })
        : text(middle, top - 10, name, { ...label, anchor: 'middle' })
    }),
    element('g', { stroke: p.cell }, boxes.join('\n')),
    element('g', type, numbers.join('\n')),
  ]
}

/** The places in px, one scale for both axes, so that lengths on paper compare. */
function fit(all: readonly Place[], left: number, top: number): Place[] {
  const [xs, ys] = [all.map(([x]) => x), all.map(([, y]) => y)]
  const [x0, x1, y0, y1] = [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)]
  const scale = Math.min((MAP.width - 176) / (x1 - x0), (MAP.height - 64) / (y1 - y0))
  const px = Number.isFinite(scale) ? scale : 0
  return all.map(([x, y]) => [
    left + MAP.width / 2 + (x - (x0 + x1) / 2) * px,
    top + MAP.height / 2 - (y - (y0 + y1) / 2) * px,
  ])
}

interface Drawing {
  parts: string[]
  /** Words without a name, because there was no room. */
  unnamed: number
}

/** Words as marks with their names; of up to three words each pair is linked, and its true value stands on the link. */
function plane(drawn: DrawnWords, left: number, top: number, p: Palette): Drawing {
  const others = drawn.others ?? []
  const at = fit([...drawn.places, ...others.map(({ place }) => place)], left, top)
  const n = drawn.words.length
  const taken: Box[] = at.map(([x, y]) => [x - 6, y - 6, x + 6, y + 6])
  const links: string[] = []
  const values: string[] = []
  if (n <= 3)
    for (let i = 0; i < n; i++)
      for (let j = i + 1; j < n; j++) {
        const [[ax, ay], [bx, by]] = [at[i], at[j]]
        links.push(element('path', { d: `M${ax} ${ay}L${bx} ${by}`, stroke: p.ink, 'stroke-width': 1.25 }))
        const [dx, dy] = [bx - ax, by - ay]
        const length = Math.hypot(dx, dy)
        // Names keep off the link, which begins outside of its marks.
        for (let t = 12; t < length - 12; t += 6) {
          const [x, y] = [ax + (t / length) * dx, ay + (t / length) * dy]
          taken.push([x - 2, y - 2, x + 2, y + 2])
        }
        const label = drawn.write(drawn.values[i][j])
        const half = (displayWidth(label) * MONO) / 2 + 6
        if (length < 2 * half + 24) continue // it would hide both marks; the matrix has the number
        const [x, y] = [(ax + bx) / 2, (ay + by) / 2]
        const frame = { x: x - half, y: y - 10, width: 2 * half, height: 20, rx: 4 }
        const ink = { size: 12, weight: 500, fill: p.ink, family: fonts.mono, anchor: 'middle' as const }
        values.push(element('rect', { ...frame, fill: p.card, stroke: p.ink }) + text(x, y + 4, label, ink))
        taken.push([x - half, y - 10, x + half, y + 10])
      }
  let unnamed = 0
  const name = (word: string, [x, y]: Place, given: boolean): string => {
    const [size, column] = given ? [14, LARGE] : [12, MONO]
    const label = clip(visibleLine(word), LABEL_COLUMNS)
    const width = displayWidth(label) * column
    const room: Box = [left, top, left + MAP.width, top + MAP.height]
    for (const [dx, dy] of [
      [10, 0],
      [-10 - width, 0],
      [-width / 2, -16],
      [-width / 2, 16],
      [8, -14],
      [8, 14],
      [-8 - width, -14],
      [-8 - width, 14],
    ]) {
      const box: Box = [x + dx, y + dy - size * 0.6, x + dx + width, y + dy + size * 0.6]
      const inside = box[0] >= room[0] && box[1] >= room[1] && box[2] <= room[2] && box[3] <= room[3]
      if (!inside || taken.some((other) => meet(box, other))) continue
      taken.push(box)
      const ink = { size, weight: given ? 600 : 400, fill: given ? p.ink : p.ink2, family: fonts.mono }
      return text(x + dx, y + dy + size * 0.35, label, ink)
    }
    unnamed++
    return ''
  }
  const names = [
    ...drawn.words.map((word, i) => name(word, at[i], true)),
    ...others.map(({ text: word }, i) => name(word, at[n + i], false)),
  ]
  const marks = at.map(([cx, cy], i) =>
    i < n
      ? element('circle', { cx, cy, r: 5, fill: p.ink })
      : element('circle', { cx, cy, r: 4, fill: p.card, stroke: p.ink3 }),
  )
  return { parts: [...links, ...marks, ...values, ...names].filter((part) => part !== ''), unnamed }
}

function description({ words, measure, values, write }: DrawnWords): string {
  const pairs = words.flatMap((word, i) =>
    words.slice(i + 1).map((other, j) => `${word} and ${other} ${write(values[i][i + 1 + j])}`),
  )
  const said =
    pairs.length > 10 ? `${pairs.slice(0, 10).join('; ')}; and ${pairs.length - 10} more` : pairs.join('; ')
  return `${words.length} words by ${measure}${said ? `: ${said}` : ''}.`
}

/**
 * Words as vectors in a standalone SVG: the matrix of what the measure says of every pair (of two up to `MAX_MATRIX` words), and
 * the words on a plane, with how much of the spread that plane holds. The same words give the same bytes.
 *
 * @throws HeedTypeError `shape` for values or places that do not fit the words, `option` for more than `MAX_WORDS`
 */
export function wordsSvg(drawn: DrawnWords, { theme = 'light' }: { theme?: Theme } = {}): string {
  check(drawn)
  const p = palettes[theme]
  const n = drawn.words.length
  const remarks = drawn.note ? [drawn.note] : []
  const withMatrix = n > 1 && n <= MAX_MATRIX

  // Where things stand, from left to right …
  const longest = Math.max(
    0,
    ...drawn.words.map((word) => displayWidth(clip(visibleLine(word), LABEL_COLUMNS))),
  )
  const cellsLeft = MARGIN + Math.ceil(longest * MONO) + 12
  const matrixRight = withMatrix ? Math.max(cellsLeft + n * CELL.width, cellsLeft + 184) : MARGIN
  const beside = !withMatrix || matrixRight + GAP + MAP.width + MARGIN <= FIGURE
  const mapLeft = withMatrix && beside ? matrixRight + GAP : MARGIN
  const width = Math.max(matrixRight, mapLeft + MAP.width) + MARGIN

  // … and from top to bottom.
  const title = heading(drawn.title, width, p)
  const parts = title.parts
  const head = title.bottom + 16
  let bottom = head
  if (withMatrix) {
    const turned = longest * MONO > CELL.width - 4
    const top = head + (turned ? Math.ceil(longest * MONO) : 16) + 12
    parts.push(...matrix(drawn, cellsLeft, top, theme))
    bottom = top + n * CELL.height
    if (drawn.filled) parts.push(legend(matrixRight, bottom + 28, theme, drawn.measure))
    else parts.push(text(matrixRight, bottom + 28, drawn.measure, { size: 13, fill: p.ink3, anchor: 'end' }))
    bottom += 36
    if (drawn.filled && drawn.values.some((row) => Array.from(row).some((value) => value < 0)))
      remarks.push('Negative numbers have no fill.')
  } else if (n > 1) remarks.push(`The matrix of ${n} words is left out; it is drawn up to ${MAX_MATRIX}.`)
  if (n > 0) {
    const mapTop = beside ? head : bottom + GAP / 2
    const { parts: map, unnamed } = plane(drawn, mapLeft, mapTop, p)
    const share = `two directions of ${drawn.dimensions}; they hold ${Math.round(100 * drawn.share)}% of the spread`
    parts.push(...map)
    parts.push(
      text(mapLeft + MAP.width, mapTop + MAP.height + 20, share, { size: 13, fill: p.ink3, anchor: 'end' }),
    )
    bottom = Math.max(bottom, mapTop + MAP.height + 28)
    if (unnamed > 0)
      remarks.push(`${unnamed} ${unnamed === 1 ? 'mark has' : 'marks have'} no room for a name.`)
  } else remarks.push('Nothing to draw: 0 words.')
  const said = remarkLines(remarks, bottom + 8, width - 2 * MARGIN, p)
  parts.push(...said.parts)
  return picture(
    { title: drawn.title, description: description(drawn), width, bottom: said.bottom, theme },
    parts,
  )
}
