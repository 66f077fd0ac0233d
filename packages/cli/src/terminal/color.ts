import { Ansis } from 'ansis'
import { div, onDiv, onSeq, palettes, seq } from 'heed/look'
import type { Theme } from 'heed/look'
import { nearest256 } from './xterm.js'

export type ColorDepth = 'truecolor' | '256' | 'none'
export type Environment = Readonly<Record<string, string | undefined>>

/**
 * How many colours may be written to `stream`. NO_COLOR wins over FORCE_COLOR (0 none, 1 and 2 256, 3 truecolor,
 * otherwise what the terminal has); without either, a stream that is no terminal and TERM=dumb get none.
 */
export function supportsColor(stream: { readonly isTTY?: boolean }, env: Environment): ColorDepth {
  if (env.NO_COLOR) return 'none'
  const forced = env.FORCE_COLOR
  if (forced === '0' || forced === 'false') return 'none'
  if (forced === '1' || forced === '2') return '256'
  if (forced === '3') return 'truecolor'
  const depth = terminalDepth(env)
  if (forced !== undefined) return depth === 'none' ? '256' : depth
  return stream.isTTY ? depth : 'none'
}

function terminalDepth(env: Environment): ColorDepth {
  const term = env.TERM ?? ''
  if (term === 'dumb') return 'none'
  if (/^(truecolor|24bit)$/i.test(env.COLORTERM ?? '') || env.WT_SESSION || env.OS === 'Windows_NT')
    return 'truecolor'
  if (/-direct$|-truecolor$|kitty|ghostty|alacritty|wezterm|foot/.test(term)) return 'truecolor'
  if (/^(iTerm\.app|vscode|WezTerm|ghostty)$/.test(env.TERM_PROGRAM ?? '')) return 'truecolor'
  return /256|^xterm|^screen|^tmux|^rxvt/.test(term) ? '256' : 'none'
}

/** The terminal's ground as far as COLORFGBG tells (`15;0`: white on black); dark where nothing is known. */
export function terminalTheme(env: Environment): Theme {
  const ground = /;(\d+)$/.exec(env.COLORFGBG ?? '')?.[1]
  return ground !== undefined && (Number(ground) === 7 || Number(ground) > 8) ? 'light' : 'dark'
}

/** The styles of all that the command draws; each takes plain text and leaves it plain without colours. */
export interface Paint {
  depth: ColorDepth
  strong: (text: string) => string
  quiet: (text: string) => string
  query: (text: string) => string
  key: (text: string) => string
  /** A cell: the ramp at `weight` behind `text`. */
  cell: (weight: number, text: string) => string
  /** The same for a number from −1 to 1, on the signed ramp. */
  signedCell: (value: number, text: string) => string
  /** A bar whose length is the number. */
  bar: (text: string) => string
}

const STEPS = palettes.light.seq.length - 1
/** From zero to either end. */
const SIGNED_STEPS = (palettes.light.div.length - 1) / 2

export function paint(depth: ColorDepth, theme: Theme): Paint {
  const ansi = new Ansis(depth === 'truecolor' ? 3 : depth === '256' ? 2 : 0)
  const fg = (hex: string) => (depth === '256' ? ansi.fg(nearest256(hex)) : ansi.hex(hex))
  const filled = (ground: string, ink: string, text: string) =>
    depth === '256'
      ? ansi.bg(nearest256(ground)).fg(nearest256(ink))(text)
      : ansi.bgHex(ground).hex(ink)(text)
  const { roles, ink3 } = palettes[theme]
  return {
    depth,
    strong: ansi.bold,
    quiet: fg(ink3),
    query: fg(roles.q.text),
    key: fg(roles.k.text),
    bar: fg(roles.w.stroke),
    // Between its stops the ramp's nearest xterm colours sway from pink to blue, so 256 colours take the stops alone.
    cell(weight, text) {
      const t = depth === '256' ? Math.round(weight * STEPS) / STEPS : weight
      return filled(seq(t, theme), onSeq(t, theme), text)
    },
    signedCell(value, text) {
      const t = depth === '256' ? Math.round(value * SIGNED_STEPS) / SIGNED_STEPS : value
      return filled(div(t, theme), onDiv(t, theme), text)
    },
  }
}
