// What heed/look has no picture for, drawn in its colours: strips of signed numbers, bars, arrows and a plane of words.
import { div, fixed, fonts, palettes } from 'heed/look'

const p = palettes.light
const escaped = (text) =>
  String(text).replace(/[&<>"]/g, (c) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[c])
const n = (x) => Math.round(x * 100) / 100
const tag = (name, attributes, content = '') =>
  `<${name}${Object.entries(attributes)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => ` ${key}="${typeof value === 'number' ? n(value) : escaped(value)}"`)
    .join('')}${content === '' ? '/>' : `>${content}</${name}>`}`
const text = (x, y, content, { mono = false, size = 13, fill = p.ink2, weight, anchor } = {}) =>
  tag(
    'text',
    {
      x,
      y,
      'font-size': size,
      fill,
      'font-weight': weight,
      'text-anchor': anchor,
      'font-family': mono ? fonts.mono : undefined,
    },
    escaped(content),
  )

const [WIDTH, EDGE] = [680, 24]
const frame = (title, description, height, parts) =>
  `${tag(
    'svg',
    {
      xmlns: 'http://www.w3.org/2000/svg',
      width: WIDTH,
      height,
      viewBox: `0 0 ${WIDTH} ${height}`,
      role: 'img',
      'font-family': fonts.sans,
    },
    `\n${[
      tag('title', {}, escaped(title)),
      tag('desc', {}, escaped(description)),
      tag('rect', { width: WIDTH, height, fill: p.card }),
      text(EDGE, 44, title, { size: 20, weight: 600, fill: p.ink }),
      ...parts,
    ].join('\n')}\n`,
  )}\n`

const [LEFT, RIGHT] = [132, 76]
const largest = (lists) => Math.max(...lists.flatMap((list) => [...list].map(Math.abs)))
/** Two figures that hold it. */
const end = (x) => {
  const unit = 10 ** (Math.floor(Math.log10(x)) - 1)
  return Number((Math.ceil(x / unit - 1e-9) * unit).toPrecision(2))
}

/** Vectors as rows of cells, all on one scale; `role` puts them in brackets of its colour, `note` stands behind them. */
export function strips({ title, description, rows, remark }) {
  const max = end(largest(rows.map(({ values }) => values)))
  const parts = []
  let y = 76
  for (const { label, values, role, note, gap = 0 } of rows) {
    y += gap
    const width = (WIDTH - LEFT - RIGHT) / values.length
    parts.push(
      text(LEFT - 16, y + 18, label, { mono: true, anchor: 'end', fill: role ? p.roles[role].text : p.ink2 }),
    )
    for (const [i, value] of [...values].entries())
      parts.push(
        tag('rect', {
          x: LEFT + i * width + 0.5,
          y: y + 0.5,
          width: width - 1,
          height: 25,
          rx: Math.min(2, width / 6),
          fill: div(value / max, 'light'),
          stroke: p.cell,
        }),
      )
    const [a, b, stroke] = [LEFT - 4, WIDTH - RIGHT + 4, role ? p.roles[role].stroke : p.neutral]
    for (const [x, inwards] of [
      [a, 5],
      [b, -5],
    ])
      parts.push(
        tag('path', {
          d: `M${x + inwards} ${y - 2}H${x}V${y + 28}h${inwards}`,
          fill: 'none',
          stroke,
          'stroke-width': 2,
        }),
      )
    if (note) parts.push(text(WIDTH - RIGHT + 16, y + 18, note, { mono: true, size: 12, fill: p.ink }))
    y += 36
  }
  parts.push(text(EDGE, y + 20, remark, { fill: p.ink3 }))
  parts.push(
    text(WIDTH - EDGE, y + 40, `number −${fixed(max, 1)} (blue-green) to +${fixed(max, 1)} (red)`, {
      fill: p.ink3,
      anchor: 'end',
    }),
  )
  return frame(title, description, y + 60, parts)
}

/** A row for each word: its columns are bars, or numbers alone where they have no `most`. */
export function ledger({ title, description, words, columns, asks, remark }) {
  const width = (WIDTH - LEFT - EDGE) / columns.length
  const parts = columns.map(({ name }, c) => text(LEFT + c * width, 82, name, { fill: p.ink3 }))
  const top = 96
  words.forEach((word, i) => {
    const y = top + 36 * i
    parts.push(tag('line', { x1: EDGE, x2: WIDTH - EDGE, y1: y, y2: y, stroke: p.line }))
    parts.push(text(EDGE, y + 23, word, { mono: true, size: 14, fill: i === asks ? p.roles.q.text : p.ink }))
    columns.forEach(({ values, write, least = 0, most }, c) => {
      const [x, room] = [LEFT + c * width, width - 88]
      if (most !== undefined) {
        const at = (value) => (room * (value - least)) / (most - least)
        const [from, to] = [at(Math.min(0, values[i])), at(Math.max(0, values[i]))]
        const fill = least < 0 ? (values[i] < 0 ? p.div[2] : p.div[8]) : p.roles.w.stroke
        if (to - from > 0.25)
          parts.push(tag('rect', { x: x + from, y: y + 11, width: to - from, height: 14, fill }))
        parts.push(tag('line', { x1: x + at(0), x2: x + at(0), y1: y + 6, y2: y + 30, stroke: p.line2 }))
      }
      parts.push(
        text(x + (most === undefined ? 0 : room + 8), y + 23, write(values[i]), { mono: true, fill: p.ink }),
      )
    })
  })
  const bottom = top + 36 * words.length
  parts.push(text(EDGE, bottom + 24, remark, { fill: p.ink3 }))
  return frame(title, description, bottom + 44, parts)
}

/** Arrows from one point of a plane, [x, y] each, without distortion. */
export function arrows({ title, description, list, remark }) {
  const [xs, ys] = [0, 1].map((axis) => [0, ...list.map(({ to }) => to[axis])])
  const [left, right, low, high] = [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)]
  const scale = Math.min((WIDTH - 240) / (right - left), 280 / (high - low))
  const at = ([x, y]) => [WIDTH / 2 + (x - (left + right) / 2) * scale, 92 + (high - y) * scale]
  const parts = list.flatMap(({ name, from = [0, 0], to, isDashed, isStrong }) => {
    const [[x1, y1], [x2, y2]] = [at(from), at(to)]
    const turn = Math.atan2(y2 - y1, x2 - x1)
    const stroke = isDashed ? p.ink3 : p.ink
    const barb = (by) => `${n(x2 - 10 * Math.cos(turn + by))} ${n(y2 - 10 * Math.sin(turn + by))}`
    const side = Math.cos(turn) < -0.2 ? 'end' : Math.cos(turn) > 0.2 ? undefined : 'middle'
    return [
      tag('path', {
        d: `M${n(x1)} ${n(y1)}L${n(x2)} ${n(y2)}`,
        stroke,
        'stroke-width': isStrong ? 2.5 : 1.5,
        'stroke-dasharray': isDashed ? '4 4' : undefined,
      }),
      ...(name
        ? [
            tag('path', {
              d: `M${barb(0.4)}L${n(x2)} ${n(y2)}L${barb(-0.4)}`,
              fill: 'none',
              stroke,
              'stroke-width': 1.5,
            }),
            text(x2 + (side === 'end' ? -12 : side ? 0 : 12), y2 + (side ? -12 : 5), name, {
              mono: true,
              anchor: side,
              fill: p.ink,
              weight: 500,
            }),
          ]
        : []),
    ]
  })
  const bottom = 92 + (high - low) * scale
  parts.push(text(EDGE, bottom + 52, remark, { fill: p.ink3 }))
  return frame(title, description, Math.ceil(bottom + 72), parts)
}

/** Words as dots of a plane, [x, y] each, some by name. */
export function plane({ title, description, dots, named, remark }) {
  const [xs, ys] = [0, 1].map((axis) => dots.map((dot) => dot[axis]))
  const [left, right, low, high] = [xs, ys].flatMap((list) => [
    list.reduce((a, b) => Math.min(a, b)),
    list.reduce((a, b) => Math.max(a, b)),
  ])
  const scale = Math.min((WIDTH - 2 * EDGE) / (right - left), 400 / (high - low))
  const at = ([x, y]) => [WIDTH / 2 + (x - (left + right) / 2) * scale, 72 + (high - y) * scale]
  const cloud = dots
    .map(
      (dot) =>
        `M${at(dot)
          .map((x) => Math.round(x))
          .join(' ')}h1`,
    )
    .join('')
  const parts = [tag('path', { d: cloud, stroke: p.line2, 'stroke-width': 1.5, fill: 'none' })]
  for (const { word, place } of named) {
    const [x, y] = at(place)
    parts.push(
      tag('circle', { cx: x, cy: y, r: 4, fill: p.ink }),
      tag(
        'text',
        {
          x: x + 10,
          y: y + 5,
          'font-size': 14,
          'font-weight': 600,
          'font-family': fonts.mono,
          fill: p.ink,
          stroke: p.card,
          'stroke-width': 4,
          'paint-order': 'stroke',
        },
        escaped(word),
      ),
    )
  }
  const bottom = 72 + (high - low) * scale
  parts.push(text(EDGE, bottom + 28, remark, { fill: p.ink3 }))
  return frame(title, description, Math.ceil(bottom + 48), parts)
}
