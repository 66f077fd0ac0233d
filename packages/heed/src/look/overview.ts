import { HeedTypeError } from '../errors.js'
import { pixelMap, ramp, text } from './parts.js'
import type { Box } from './parts.js'
import { heading, MARGIN, picture, remarkLines } from './picture.js'
import { fonts, palettes } from './tokens.js'
import type { Palette, Theme } from './tokens.js'
import { element } from './xml.js'

/** A map of a long input, pooled so that it fits a screen. */
export interface DrawnOverview {
  /** The finding in one line. */
  title: string
  note?: string
  /** `[height, width]`, row-major: of each block of the map its mean or its largest weight, in [0, 1]. */
  values: ArrayLike<number>
  height: number
  width: number
  /** Tokens on either side of the whole map. */
  queries: number
  keys: number
  /** What one value is of its block; a block of one cell is the weight itself. */
  pooled: 'mean' | 'max'
}

/**
 * How a weight becomes a place on the ramp: `linear` as everywhere, `sqrt` its square root, `log` its decades from 10⁻⁶
 * to 1. A scale never depends on the data, so pictures compare.
 */
export type OverviewScale = 'linear' | 'sqrt' | 'log'

export interface OverviewSvgOptions {
  /** Default 'light', which is also what print wants. */
  theme?: Theme
  /** Default 'linear'. The legend names any other. */
  scale?: OverviewScale
}

/** The longest side of an overview, in values. */
export const MAX_OVERVIEW = 2048
/** Where the decades of the `log` scale begin: a mean over a million keys is still seen. */
const DECADES = 6
const SIDE = 640
const LEGEND = 192

interface Scale {
  level: (weight: number) => number
  /** Weights named under the ramp. */
  marks: readonly [weight: number, label: string][]
  name: string
}

const scales: Record<OverviewScale, Scale> = {
  linear: { level: (w) => w, marks: [], name: '' },
  sqrt: {
    level: Math.sqrt,
    marks: [
      [0.01, '.01'],
      [0.1, '.1'],
      [0.5, '.5'],
    ],
    name: 'square-root axis',
  },
  log: {
    level: (w) => Math.max(0, 1 + Math.log10(w) / DECADES),
    marks: [
      [1e-4, '10⁻⁴'],
      [1e-2, '10⁻²'],
    ],
    name: 'logarithmic axis',
  },
}

/** Where a weight stands on the ramp, from 0 to 1, on a scale. */
export const overviewLevel = (scale: OverviewScale): ((weight: number) => number) => scales[scale].level

// A pooled mean of float32 weights may pass 1 by rounding.
const SLACK = 1e-4

function check({ values, height, width, queries, keys }: DrawnOverview, scale: OverviewScale): void {
  if (!Object.hasOwn(scales, scale))
    throw new HeedTypeError('option', `scale is ${String(scale)}; it must be linear, sqrt or log`)
  if (!(height > 0 && width > 0) || values.length !== height * width)
    throw new HeedTypeError(
      'shape',
      `an overview of ${height} × ${width} needs as many values; got ${values.length}`,
    )
  if (Math.max(height, width) > MAX_OVERVIEW)
    throw new HeedTypeError(
      'option',
      `an overview has at most ${MAX_OVERVIEW} values a side; this one has ${height} × ${width}: pool more`,
    )
  if (height > queries || width > keys)
    throw new HeedTypeError('shape', `${height} × ${width} values are more than ${queries} × ${keys} weights`)
  for (let i = 0; i < values.length; i++)
    if (!(values[i] >= 0 && values[i] <= 1 + SLACK))
      throw new HeedTypeError('input', `values[${i}] is ${values[i]}; a weight lies in [0, 1]`)
}

const count = (n: number) => n.toLocaleString('en')

/** Round token numbers on an axis of `tokens`: at most five besides 0. */
function ticks(tokens: number): number[] {
  const rough = tokens / 5
  const power = 10 ** Math.floor(Math.log10(rough))
  const step = Math.max(
    1,
    [1, 2, 5, 10].map((n) => n * power).find((step) => step >= rough)!,
  )
  return Array.from({ length: Math.ceil(tokens / step) }, (_, i) => i * step)
}

/** Token numbers on both axes, with the names of what they count. */
function axes({ queries, keys }: DrawnOverview, box: Box, p: Palette): string[] {
  const number = { size: 11, family: fonts.mono, fill: p.ink3 }
  const across = ticks(keys).map((n) => {
    const x = box.x + ((n + 0.5) / keys) * box.width
    const label = text(x, box.y - 10, count(n), { ...number, anchor: n === 0 ? undefined : 'middle' })
    return element('path', { d: `M${x} ${box.y - 5}v4`, stroke: p.line2 }) + label
  })
  const down = ticks(queries).map((n) => {
    const y = box.y + ((n + 0.5) / queries) * box.height
    const label = text(box.x - 10, y + 4, count(n), { ...number, anchor: 'end' })
    return element('path', { d: `M${box.x - 5} ${y}h4`, stroke: p.line2 }) + label
  })
  return [
    ...across,
    ...down,
    text(box.x - 10, box.y - 30, 'asks', { size: 12, fill: p.roles.q.text, anchor: 'end' }),
    text(box.x, box.y - 30, 'answers', { size: 12, fill: p.roles.k.text }),
  ]
}

/** The ramp with its ends, and with weights below it where places are not weights. */
function legend(right: number, y: number, kind: OverviewScale, name: string, theme: Theme): string {
  const p = palettes[theme]
  const { level, marks } = scales[kind]
  const end = { size: 12, fill: p.ink2, family: fonts.mono }
  const x = right - 16 - LEGEND
  const start = kind === 'log' ? `≤10⁻⁶` : '0'
  return [
    text(x - 8 - start.length * 7.3 - 12, y, name, { size: 13, fill: p.ink3, anchor: 'end' }),
    text(x - 8, y, start, { ...end, anchor: 'end' }),
    ramp({ x, y: y - 9, width: LEGEND, height: 8 }, theme),
    text(right, y, '1', { ...end, anchor: 'end' }),
    ...marks.map(([weight, label]) => {
      const at = x + level(weight) * LEGEND
      const ink = { size: 11, fill: p.ink3, family: fonts.mono, anchor: 'middle' as const }
      return element('path', { d: `M${at} ${y}v4`, stroke: p.line2 }) + text(at, y + 16, label, ink)
    }),
  ].join('\n')
}

/**
 * The map of a long input as a standalone SVG: an image of one pixel a value, in the ramp's exact colours, axes numbered
 * in tokens, how values were pooled, and the legend. Means of many weights are small; whoever wants to see them chooses
 * another scale, and the legend says so: nothing is stretched to the data.
 *
 * @throws HeedTypeError `shape` for values that do not fill the picture, `input` for a value outside [0, 1], `option` for
 *   an unknown scale or a side of more than `MAX_OVERVIEW`
 */
export function overviewSvg(
  map: DrawnOverview,
  { theme = 'light', scale = 'linear' }: OverviewSvgOptions = {},
): string {
  check(map, scale)
  const p = palettes[theme]
  const { level, name } = scales[scale]
  const { values, height, width, queries, keys, pooled } = map
  // Whole pixels for every value, so that the picture stays sharp.
  const zoom = Math.max(1, Math.floor(SIDE / Math.max(height, width)))
  const left = MARGIN + Math.max(48, count(queries).length * 7 + 16)
  const page = Math.max(left + width * zoom + MARGIN, 560)
  const title = heading(map.title, page, p)
  const box = { x: left, y: title.bottom + 60, width: width * zoom, height: height * zoom }
  const bottom = box.y + box.height

  const [tall, wide] = [Math.ceil(queries / height), Math.ceil(keys / width)]
  const whole = tall === 1 && wide === 1
  const what = whole ? 'weight' : `${pooled === 'mean' ? 'mean' : 'largest'} weight`
  const block = whole
    ? 'Each cell is one weight.'
    : `Each cell is the ${pooled === 'mean' ? 'mean' : 'largest'} of up to ${count(tall)} × ${count(wide)} weights.`
  const remarks = [
    ...(map.note ? [map.note] : []),
    `${count(queries)} queries by ${count(keys)} keys. ${block}`,
  ]
  const said = remarkLines(remarks, bottom + 56, page - 2 * MARGIN, p)
  const frame = { ...box, fill: 'none', stroke: p.line2 }
  return picture(
    { title: map.title, description: remarks.join(' '), width: page, bottom: said.bottom, theme },
    [
      ...title.parts,
      ...axes(map, box, p),
      pixelMap(width, height, (cell) => level(values[cell]), box, theme),
      element('rect', frame),
      legend(page - MARGIN, bottom + 28, scale, name ? `${what}, ${name}` : what, theme),
      ...said.parts,
    ],
  )
}
