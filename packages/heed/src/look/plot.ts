import { HeedTypeError } from '../errors.js'
import { fixed, superscript } from './numbers.js'
import { text } from './parts.js'
import { fonts, palettes } from './tokens.js'
import type { Palette, Role, Theme } from './tokens.js'
import { visibleLine } from './visible.js'
import { displayWidth, wrap } from './width.js'
import { element, escapeXml } from './xml.js'

/** A value at x, with the range that several runs spanned. What is not finite leaves a gap, which the panel names. */
export interface PlotPoint {
  x: number
  y: number
  low?: number
  high?: number
}

export interface PlotSeries {
  name: string
  points: readonly PlotPoint[]
  /** A role, for what is a query's, key's or value's; else one of the eight numbered colours. Default: by position. */
  colour?: Role | number
}

export interface PlotAxis {
  label: string
  /** Logarithmic: what is not positive has no place on it. */
  log?: boolean
  /** What the axis spans at least; data outside widen it, so that nothing is cut off. */
  range?: readonly [from: number, to: number]
  /** Where numbers stand; those outside the span are left out. Default: round numbers, at most five. */
  ticks?: readonly number[]
}

export interface PlotPanel {
  title: string
  x: PlotAxis
  y: PlotAxis
  series: readonly PlotSeries[]
}

export interface Plot {
  /** The finding, in one line. */
  title: string
  /** How it was measured. */
  note?: string
  /** From left to right, then down. */
  panels: readonly PlotPanel[]
}

export interface PlotOptions {
  /** Default 'light', which is also what print wants. */
  theme?: Theme
  /** Panels side by side. Default 2. */
  columns?: number
}

const MARGIN = 24
const GAP = 40
/** px of the part of a panel where lines are, and of what stands left, above and below it. */
const [WIDE, HIGH] = [280, 176]
const [LEFT, HEAD, FOOT] = [48, 52, 40]
/** From the end of a line to its label, and from label to label. */
const [LEADER, LABEL] = [20, 16]
/** Mean px of a letter of 20 px semibold, 13 px and 12 px, for the widest font of the stack. */
const [TITLE_LETTER, REMARK_LETTER, LABEL_LETTER] = [12, 7, 6.8]

/** Positions along an axis, from 0 to 1. */
export interface PlotScale {
  /** Undefined for what has no place: what is not finite, or on a logarithmic axis not positive. */
  place: (value: number) => number | undefined
  /** Where numbers stand. */
  lines: { at: number; label: string; zero: boolean }[]
}

/** Steps of 1, 2 or 5 times a power of ten: the finest of which at most `most` fall into the range. */
function stepOf(from: number, to: number, most: number): number {
  const power = 10 ** Math.floor(Math.log10((to - from) / most))
  return (
    power * [1, 2, 5, 10].find((n) => Math.floor(to / (n * power)) - Math.ceil(from / (n * power)) < most)!
  )
}

/** The scale of an axis that holds all of these values, with at most five lines across it. */
export function plotScale(axis: PlotAxis, values: readonly number[]): PlotScale {
  const { log = false, range = [] } = axis
  const turn = (value: number) => (log ? Math.log10(value) : value)
  const known = [...values, ...range].map(turn).filter(Number.isFinite)
  let [from, to] = known.length > 0 ? [Math.min(...known), Math.max(...known)] : [0, 1]
  if (!(to - from > 1e-9 * Math.max(Math.abs(from), Math.abs(to)))) [from, to] = [from - 0.5, to + 0.5]
  const at = (value: number) => (turn(value) - from) / (to - from)
  const ticks = axis.ticks ?? roundNumbers(from, to, log)
  const shown = ticks.filter((tick) => at(tick) >= -1e-9 && at(tick) <= 1 + 1e-9)
  return {
    place: (value) => (Number.isFinite(turn(value)) ? at(value) : undefined),
    lines: shown.map((tick) => ({ at: at(tick), label: tickLabel(tick, ticks, log), zero: tick === 0 })),
  }
}

/** At most five, where there is room for that: of a logarithmic axis 1, 2 and 5, or 1 and 3, or 1 times powers of ten. */
function roundNumbers(from: number, to: number, log: boolean): number[] {
  if (!log) {
    const step = stepOf(from, to, 5)
    return between(from / step, to / step).map((n) => Number((n * step).toPrecision(12)))
  }
  for (const digits of [[1, 2, 5], [1, 3], [1]]) {
    const ticks = between(Math.floor(from), to).flatMap((power) => digits.map((d) => Number(`${d}e${power}`)))
    const inside = ticks.filter((tick) => Math.log10(tick) > from - 1e-9 && Math.log10(tick) < to + 1e-9)
    // A span that holds less than two of them is short enough to be nearly linear.
    if (inside.length < 2) return roundNumbers(10 ** from, 10 ** to, false).filter((tick) => tick > 0)
    if (inside.length <= 5) return inside
  }
  const step = stepOf(from, to, 5)
  return between(from / step, to / step).map((n) => Number(`1e${n * step}`))
}

/** The whole numbers of a range. */
function between(from: number, to: number): number[] {
  const first = Math.ceil(from - 1e-9)
  return Array.from({ length: Math.floor(to + 1e-9) - first + 1 }, (_, n) => first + n)
}

/** With as many decimals as the tick needs, on a linear axis as the finest of them needs. */
function tickLabel(tick: number, ticks: readonly number[], log: boolean): string {
  const power = Math.log10(Math.abs(tick))
  if (log && Number.isInteger(power) && Math.abs(power) > 3) return `10${superscript(power)}`
  const decimals = (x: number) => (/e-(\d+)$/.test(String(x)) ? 6 : (String(x).split('.')[1] ?? '').length)
  const places = log ? decimals(tick) : Math.max(...ticks.map(decimals))
  return places > 0 ? fixed(tick, Math.min(6, places)) : tick.toLocaleString('en').replace('-', '\u2212')
}

const px = (x: number) => String(Number(x.toFixed(1)))

const colourOf = ({ colour }: PlotSeries, index: number, p: Palette): string =>
  typeof colour === 'string' ? p.roles[colour].stroke : p.heads[(colour ?? index) % p.heads.length]

/** The places of a series in a panel whose lower left corner is (0, 0), as runs without a gap. */
function runsOf(
  series: PlotSeries,
  x: PlotScale,
  y: PlotScale,
): { x: number; y: number; low: number; high: number }[][] {
  const runs: ReturnType<typeof runsOf> = [[]]
  for (const point of series.points) {
    const [at, middle] = [x.place(point.x), y.place(point.y)]
    if (at === undefined || middle === undefined) {
      runs.push([])
      continue
    }
    const edge = (value: number | undefined) => (value === undefined ? middle : (y.place(value) ?? middle))
    const [low, high] = [edge(point.low), edge(point.high)]
    runs[runs.length - 1].push({ x: at * WIDE, y: middle * HIGH, low: low * HIGH, high: high * HIGH })
  }
  return runs.filter((run) => run.length > 0)
}

/** Moves positions apart to at least `LABEL`, in their order, and none below `bottom` while there is room above. */
export function spreadApart(wanted: readonly number[], bottom: number): number[] {
  const order = [...wanted.keys()].sort((a, b) => wanted[a] - wanted[b])
  const placed = [...wanted]
  order.forEach((at, n) => n > 0 && (placed[at] = Math.max(placed[at], placed[order[n - 1]] + LABEL)))
  let limit = bottom
  for (const at of order.reverse()) {
    placed[at] = Math.min(placed[at], limit)
    limit = placed[at] - LABEL
  }
  return placed
}

const labelRoom = (panel: PlotPanel): number =>
  LEADER + 4 + Math.ceil(Math.max(0, ...panel.series.map(({ name }) => displayWidth(name))) * LABEL_LETTER)

const axisLabel = ({ label, log }: PlotAxis) => visibleLine(log ? `${label} (logarithmic)` : label)

/** What a panel must say below itself: values that have no place. */
function gapsOf(panel: PlotPanel): string[] {
  return panel.series.flatMap(({ name, points }) => {
    const count = (missing: (value: number, axis: PlotAxis) => boolean) =>
      points.filter(({ x, y }) => missing(x, panel.x) || missing(y, panel.y)).length
    const infinite = count((value) => !Number.isFinite(value))
    const low = count((value, { log }) => Boolean(log) && value <= 0)
    return [
      ...(infinite > 0 ? [`${name}: ${infinite} of ${points.length} values are not finite.`] : []),
      ...(low > 0
        ? [`${name}: ${low} of ${points.length} values are zero or less, which has no logarithm.`]
        : []),
    ]
  })
}

/** One panel with its upper left corner at (left, top). */
function panelSvg(panel: PlotPanel, left: number, top: number, p: Palette): string[] {
  const all = (axis: 'x' | 'y') =>
    panel.series.flatMap(({ points }) =>
      points.flatMap((point) =>
        axis === 'x' ? [point.x] : [point.y, point.low ?? point.y, point.high ?? point.y],
      ),
    )
  const [x, y] = [plotScale(panel.x, all('x')), plotScale(panel.y, all('y'))]
  const [x0, bottom] = [left + LEFT, top + HEAD + HIGH]
  const quiet = { size: 12, fill: p.ink3 }
  const number = { size: 11, fill: p.ink3, family: fonts.mono }
  const parts = [
    text(left, top + 14, visibleLine(panel.title), { size: 13, weight: 600, fill: p.ink }),
    text(left, top + 34, axisLabel(panel.y), quiet),
    text(x0 + WIDE, bottom + 34, axisLabel(panel.x), { ...quiet, anchor: 'end' }),
  ]
  for (const { at, label, zero } of y.lines) {
    const line = bottom - at * HIGH
    const d = `M${x0} ${px(line)}h${WIDE}`
    parts.push(element('path', { d, stroke: zero ? p.line2 : p.line }))
    parts.push(text(x0 - 8, Number(px(line + 4)), label, { ...number, anchor: 'end' }))
  }
  for (const { at, label } of x.lines)
    parts.push(text(Number(px(x0 + at * WIDE)), bottom + 18, label, { ...number, anchor: 'middle' }))

  const drawn = panel.series.map((series) => runsOf(series, x, y))
  const at = (point: { x: number }, height: number) => `${px(x0 + point.x)} ${px(bottom - height)}`
  const ends: { name: string; fill: string; x: number; y: number }[] = []
  drawn.forEach((runs, n) => {
    const fill = colourOf(panel.series[n], n, p)
    for (const run of runs.filter((run) => run.some(({ low, high }) => low !== high))) {
      const outline = [...run.map((q) => at(q, q.high)), ...[...run].reverse().map((q) => at(q, q.low))]
      parts.push(element('path', { d: `M${outline.join('L')}z`, fill, 'fill-opacity': 0.16 }))
    }
    for (const run of runs) {
      const [last] = run.slice(-1)
      const d = run.length > 1 ? `M${run.map((q) => at(q, q.y)).join('L')}` : `M${at(last, last.y)}h.01`
      const line = { d, fill: 'none', stroke: fill, 'stroke-width': run.length > 1 ? 1.75 : 5 }
      parts.push(element('path', { ...line, 'stroke-linejoin': 'round', 'stroke-linecap': 'round' }))
    }
    const last = runs.at(-1)?.at(-1)
    if (last) ends.push({ name: panel.series[n].name, fill, x: x0 + last.x, y: bottom - last.y })
  })
  // The label's leader is its key: it has the colour of the line that it comes from.
  spreadApart(
    ends.map((end) => end.y),
    bottom,
  ).forEach((height, n) => {
    const { name, fill, x, y } = ends[n]
    const turn = x0 + WIDE + 6
    const d = `M${px(x)} ${px(y)}L${px(turn)} ${px(y)}L${px(turn + 6)} ${px(height)}h${LEADER - 14}`
    parts.push(element('path', { d, fill: 'none', stroke: fill, 'stroke-width': 1.25 }))
    parts.push(
      text(x0 + WIDE + LEADER + 2, Number(px(height + 4)), visibleLine(name), { size: 12, fill: p.ink2 }),
    )
  })
  return parts
}

function description(plot: Plot): string {
  const said = ({ x, y }: PlotPoint) => `${Number(y.toPrecision(3))} at ${Number(x.toPrecision(6))}`
  return plot.panels
    .map(({ title, series }) => {
      const ends = series
        .filter(({ points }) => points.length > 0)
        .map(({ name, points }) => `${name} from ${said(points[0])} to ${said(points[points.length - 1])}`)
      return `${title}: ${ends.join('; ')}.`
    })
    .join(' ')
}

/**
 * Line charts as a standalone SVG, fit for a paper: the finding as the title, panels under it, a line for each series
 * with its name at its end, a band where its points have a range, at most five hairlines. An axis never cuts data off,
 * and says when it is logarithmic; values that have no place on it are counted below their panel. Text stays text; the
 * same plot gives the same bytes.
 *
 * @throws HeedTypeError `input` for a plot without panels, `option` when `columns` is no whole number from 1 up
 */
export function plotSvg(plot: Plot, { theme = 'light', columns = 2 }: PlotOptions = {}): string {
  if (plot.panels.length === 0) throw new HeedTypeError('input', 'plot: there is no panel to draw')
  if (!(Number.isSafeInteger(columns) && columns >= 1))
    throw new HeedTypeError('option', `plot: columns must be a whole number from 1 up, got ${columns}`)
  const p = palettes[theme]
  const across = Math.min(columns, plot.panels.length)
  const cell = LEFT + WIDE + Math.max(...plot.panels.map(labelRoom))
  const width = Math.ceil(2 * MARGIN + across * cell + (across - 1) * GAP)
  const letters = (size: number) => Math.floor((width - 2 * MARGIN) / size)

  let y = MARGIN
  const parts: string[] = []
  for (const line of wrap(visibleLine(plot.title), letters(TITLE_LETTER))) {
    parts.push(text(MARGIN, y + 20, line, { size: 20, weight: 600, fill: p.ink }))
    y += 28
  }
  for (const line of plot.note ? wrap(visibleLine(plot.note), letters(REMARK_LETTER)) : []) {
    parts.push(text(MARGIN, y + 14, line, { size: 13, fill: p.ink3 }))
    y += 20
  }
  for (let n = 0; n < plot.panels.length; n += across) {
    y += 24
    const row = plot.panels.slice(n, n + across)
    const gaps = row.map((panel) =>
      gapsOf(panel).flatMap((gap) => wrap(visibleLine(gap), Math.floor(cell / REMARK_LETTER))),
    )
    row.forEach((panel, c) => {
      const left = MARGIN + c * (cell + GAP)
      parts.push(...panelSvg(panel, left, y, p))
      gaps[c].forEach((gap, line) =>
        parts.push(text(left, y + HEAD + HIGH + FOOT + 16 * (line + 1), gap, { size: 12, fill: p.ink3 })),
      )
    })
    y += HEAD + HIGH + FOOT + 16 * Math.max(...gaps.map((gap) => gap.length))
  }

  const height = Math.ceil(y + MARGIN)
  const frame = { xmlns: 'http://www.w3.org/2000/svg', width, height, viewBox: `0 0 ${width} ${height}` }
  const body = [
    element('title', {}, escapeXml(visibleLine(plot.title))),
    element('desc', {}, escapeXml(visibleLine(description(plot)))),
    element('rect', { width, height, fill: p.card }),
    ...parts,
  ].join('\n')
  return element('svg', { ...frame, role: 'img', 'font-family': fonts.sans }, `\n${body}\n`) + '\n'
}
