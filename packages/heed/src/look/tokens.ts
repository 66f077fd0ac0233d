/**
 * The look, as tokens: the one source of every colour, for the SVG writer, the terminal and the studio's CSS.
 * Three channels, never mixed: frame and letter say the role, fill says the number, ink says what you did.
 */

export type Theme = 'light' | 'dark'
/** query, key, value, weights, output */
export type Role = 'q' | 'k' | 'v' | 'w' | 'o'

/** `text` for words, `stroke` for brackets and marks, `line` for quiet frames, `soft` behind a chip. */
export interface RoleColours {
  readonly text: string
  readonly stroke: string
  readonly line: string
  readonly soft: string
}

/** All colours of one theme, as CSS colours; those of `seq`, `div`, `onSeq` and the roles are `#rrggbb`. */
export interface Palette {
  readonly page: string
  readonly card: string
  readonly sunk: string
  readonly hover: string
  /** Three strengths of text, each at least 4.5:1 on page, card, sunk and hover. */
  readonly ink: string
  readonly ink2: string
  readonly ink3: string
  readonly line: string
  readonly line2: string
  /** Text on ink. */
  readonly inv: string
  readonly roles: Readonly<Record<Role, RoleColours>>
  /** Right and wrong: the ends of the signed scale, always with a mark and a word. */
  readonly ok: string
  readonly okSoft: string
  readonly bad: string
  readonly badSoft: string
  /** Eight heads, never without the number of the head. */
  readonly heads: readonly string[]
  /** Weights 0..1 in nine equal steps (OKLab); the first is the card. */
  readonly seq: readonly string[]
  /** A number on a cell: `lo` up to `turn`, `hi` above. */
  readonly onSeq: { readonly lo: string; readonly hi: string; readonly turn: number }
  /** Signed numbers −1..1 in eleven stops; the middle one is the card. */
  readonly div: readonly string[]
  readonly shadow: string
  /** Hairline inside matrices; in the old notation, which every renderer of SVG knows. */
  readonly cell: string
  /** Brackets of what has no role: products, scores. */
  readonly neutral: string
}

export const palettes: Readonly<Record<Theme, Palette>> = {
  light: {
    page: '#fbfaf8',
    card: '#ffffff',
    sunk: '#f3f1ed',
    hover: '#eeebe6',
    ink: '#1b1a1f',
    ink2: '#4a4850',
    ink3: '#6a6872',
    line: '#e4e1db',
    line2: '#c9c5bd',
    inv: '#ffffff',
    roles: {
      q: { text: '#a75001', stroke: '#e26f04', line: '#f2ac81', soft: '#feece2' },
      k: { text: '#036eae', stroke: '#0080ca', line: '#86c5fa', soft: '#e4f2fe' },
      v: { text: '#0b764d', stroke: '#2ca470', line: '#82d2a8', soft: '#e0f7e9' },
      w: { text: '#6325a5', stroke: '#702abc', line: '#c7aff5', soft: '#f2edfe' },
      o: { text: '#1b1a1f', stroke: '#1b1a1f', line: '#8b8891', soft: '#efeeec' },
    },
    ok: '#0b6672',
    okSoft: '#e2f3f5',
    bad: '#a8382f',
    badSoft: '#fdebe8',
    heads: ['#1191eb', '#95521f', '#09786b', '#ce5ead', '#004b87', '#998f64', '#7950c1', '#3e4201'],
    seq: ['#ffffff', '#ecdcff', '#d9b9fc', '#c296f6', '#a774ec', '#8952e0', '#6832c7', '#4a1f9d', '#301172'],
    onSeq: { lo: '#000000', hi: '#ffffff', turn: 0.608 },
    div: [
      '#045668',
      '#027c8f',
      '#05a2b6',
      '#64c6d6',
      '#b1e5ef',
      '#ffffff',
      '#fed0cb',
      '#f99e96',
      '#e06c66',
      '#b64544',
      '#86262b',
    ],
    shadow: '0 1px 2px rgb(27 26 31 / .05), 0 8px 28px rgb(27 26 31 / .07)',
    cell: 'rgba(27, 26, 31, .07)',
    neutral: '#8b8891',
  },
  dark: {
    page: '#131316',
    card: '#1a1a1e',
    sunk: '#0e0e10',
    hover: '#242429',
    ink: '#eceaf0',
    ink2: '#b9b6c1',
    ink3: '#918e9b',
    line: '#2b2b31',
    line2: '#44434c',
    inv: '#121215',
    roles: {
      q: { text: '#f49752', stroke: '#f68c36', line: '#7c4a25', soft: '#3b2413' },
      k: { text: '#6ec4ff', stroke: '#43b2f6', line: '#235e83', soft: '#132d3e' },
      v: { text: '#71d6a3', stroke: '#5ed99e', line: '#236647', soft: '#133122' },
      w: { text: '#b688fe', stroke: '#9964e5', line: '#5f4c80', soft: '#2d253d' },
      o: { text: '#eceaf0', stroke: '#eceaf0', line: '#74717c', soft: '#2a2a2f' },
    },
    ok: '#63cbd8',
    okSoft: '#12292d',
    bad: '#f79285',
    badSoft: '#381d1b',
    heads: ['#3898e7', '#b15902', '#02cfb8', '#c072a7', '#b9dafe', '#e3c540', '#7059a3', '#969f3b'],
    seq: ['#1a1a1e', '#2c254b', '#423079', '#5e3ea5', '#7e54c9', '#9e70e3', '#bd90f3', '#d8b1fc', '#edd2ff'],
    onSeq: { lo: '#ffffff', hi: '#000000', turn: 0.542 },
    div: [
      '#94e3f1',
      '#4ebbcc',
      '#0691a3',
      '#006775',
      '#01414a',
      '#1a1a1e',
      '#582828',
      '#943b3b',
      '#ce5954',
      '#f18d85',
      '#fec4be',
    ],
    shadow: '0 1px 2px rgb(0 0 0 / .5), 0 8px 28px rgb(0 0 0 / .45)',
    cell: 'rgba(236, 234, 240, .08)',
    neutral: '#74717c',
  },
}

/**
 * Font stacks; the families named ship with the studio and the command, the others are everywhere. Static faces come
 * first, since the renderer of PNG files looks at the first family alone.
 */
export const fonts = {
  sans: 'Inter, "Inter Variable", system-ui, sans-serif',
  serif: '"Source Serif 4 Variable", Georgia, serif',
  mono: '"JetBrains Mono", "JetBrains Mono Variable", ui-monospace, monospace',
} as const

/** What no theme changes: type (size/line height on a 4 px grid, two weights), space, radii, motion, strokes. */
const measures: Readonly<Record<string, string>> = {
  't-11': '500 11px/16px var(--sans)',
  't-12': '400 12px/16px var(--sans)',
  't-13': '400 13px/20px var(--sans)',
  't-15': '400 15px/24px var(--sans)',
  't-17': '400 17px/28px var(--sans)',
  't-20': '600 20px/28px var(--sans)',
  't-28': '600 28px/36px var(--sans)',
  't-40': '600 40px/48px var(--sans)',
  't-read': '400 19px/32px var(--serif)',
  't-h1-read': '600 44px/52px var(--serif)',
  't-h2-read': '600 27px/36px var(--serif)',
  't-num': '400 12px/16px var(--mono)',
  't-num-s': '400 11px/16px var(--mono)',
  't-num-l': '500 15px/24px var(--mono)',
  't-num-xl': '500 28px/36px var(--mono)',
  regular: '400',
  strong: '600',
  's-1': '4px',
  's-2': '8px',
  's-3': '12px',
  's-4': '16px',
  's-5': '24px',
  's-6': '32px',
  's-7': '48px',
  's-8': '64px',
  's-9': '96px',
  'r-cell': '2px',
  'r-chip': '4px',
  'r-control': '6px',
  'r-card': '10px',
  fast: '90ms',
  move: '180ms',
  ease: 'cubic-bezier(.2, 0, 0, 1)',
  bracket: '2px',
  select: '2px',
  hair: '1px',
}

type Rgb = readonly [number, number, number]

const rgbOf = (hex: string): Rgb => {
  const n = Number.parseInt(hex.slice(1), 16)
  return [n >> 16, (n >> 8) & 255, n & 255]
}

const stops = (theme: Theme) => ({
  seq: palettes[theme].seq.map(rgbOf),
  div: palettes[theme].div.map(rgbOf),
})
const ramps = { light: stops('light'), dark: stops('dark') }

/** `t` in [0, 1] along the stops, straight lines between them in sRGB; what is outside takes the nearer end. */
function along(ramp: readonly Rgb[], t: number): number[] {
  const x = Math.min(1, Math.max(0, t)) * (ramp.length - 1)
  const i = Math.min(ramp.length - 2, Math.floor(x))
  return ramp[i].map((c, channel) => Math.round(c + (x - i) * (ramp[i + 1][channel] - c)))
}

const hex = (rgb: readonly number[]) => '#' + rgb.map((c) => c.toString(16).padStart(2, '0')).join('')

/** The fill of a weight or similarity `t` in [0, 1], as `#rrggbb`: 0 is the card, 1 the far end. */
export function seq(t: number, theme: Theme): string {
  return hex(along(ramps[theme].seq, t))
}

/** The same as red, green and blue, 0 to 255, for pixels. */
export function seqRgb(t: number, theme: Theme): number[] {
  return along(ramps[theme].seq, t)
}

/** The fill of a signed number `t` in [−1, 1], as `#rrggbb`: 0 is the card. */
export function div(t: number, theme: Theme): string {
  return hex(along(ramps[theme].div, (t + 1) / 2))
}

/** The ink of a number written on `seq(t, theme)`: at least 4.5:1 for every `t`. */
export function onSeq(t: number, theme: Theme): string {
  const { lo, hi, turn } = palettes[theme].onSeq
  return t > turn ? hi : lo
}

const numbered = (name: string, list: readonly string[]) =>
  list.map((value, i): [string, string] => [`${name}-${i}`, value])

function themeVariables(theme: Theme): [string, string][] {
  const p = palettes[theme]
  return [
    ['page', p.page],
    ['card', p.card],
    ['sunk', p.sunk],
    ['hover', p.hover],
    ['ink', p.ink],
    ['ink-2', p.ink2],
    ['ink-3', p.ink3],
    ['line', p.line],
    ['line-2', p.line2],
    ['inv', p.inv],
    ...Object.entries(p.roles).flatMap(([role, colours]) =>
      Object.entries(colours).map(([use, value]): [string, string] => [`${role}-${use}`, value]),
    ),
    ['ok', p.ok],
    ['ok-soft', p.okSoft],
    ['bad', p.bad],
    ['bad-soft', p.badSoft],
    ...numbered('head', p.heads),
    ...numbered('seq', p.seq),
    ['on-seq-lo', p.onSeq.lo],
    ['on-seq-hi', p.onSeq.hi],
    ['seq-turn', String(p.onSeq.turn)],
    ...numbered('div', p.div),
    ['neg', 'var(--div-2)'],
    ['pos', 'var(--div-8)'],
    ['shadow', p.shadow],
    ['cell', p.cell],
    ['n-stroke', p.neutral],
  ]
}

const lines = (entries: [string, string][]) =>
  entries.map(([name, value]) => `  --${name}: ${value};\n`).join('')

/**
 * The tokens as CSS custom properties: measures, the light theme, the dark theme for `data-theme="dark"` and for those
 * who set nothing but their system, and no motion for who prefers less. Font files are the page's own business.
 */
export function tokensCss(): string {
  const dark = `${lines(themeVariables('dark'))}  color-scheme: dark;\n`
  return [
    `:root {\n${lines([...Object.entries(fonts), ...Object.entries(measures)])}}\n`,
    `:root, [data-theme="light"] {\n${lines(themeVariables('light'))}  color-scheme: light;\n}\n`,
    `[data-theme="dark"] {\n${dark}}\n`,
    `@media (prefers-color-scheme: dark) { :root:not([data-theme]) {\n${dark}} }\n`,
    `@media (prefers-reduced-motion: reduce) { :root { --fast: 0ms; --move: 0ms; } }\n`,
  ].join('\n')
}
