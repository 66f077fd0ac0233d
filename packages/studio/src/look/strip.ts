import { divBar, type Theme } from './scale'

export interface StripShape {
  /** px for the bars. */
  width: number
  height: number
  /** What fills the half of the height. */
  max: number
  factor: number
  theme: Theme
}

/** Colours that bars are drawn in, of each sign: so many paths a strip has at most. */
const SHADES = 24

/**
 * The bars of a signed vector as one path per shade. Where there is less than a pixel and a half for each, several
 * components share a bar, which shows the largest of them: `per` says how many.
 */
export function bars(
  values: ArrayLike<number>,
  { width, height, max, factor, theme }: StripShape,
): { paths: { fill: string; d: string }[]; count: number; per: number } {
  const per = Math.max(1, Math.ceil((1.5 * values.length) / Math.max(1, width)))
  const count = Math.ceil(values.length / per)
  if (!(width > 0)) return { paths: [], count, per }
  const pitch = width / Math.max(1, count)
  const gap = pitch > 5 ? 1 : pitch > 2.4 ? 0.6 : 0
  const middle = height / 2
  const byShade = new Map<number, string>()
  for (let bar = 0; bar < count; bar++) {
    let value = 0
    for (let i = bar * per; i < Math.min(values.length, (bar + 1) * per); i++)
      if (Math.abs(values[i]) > Math.abs(value)) value = values[i]
    const t = Math.max(-1, Math.min(1, (value * factor) / max))
    if (t === 0) continue
    const length = Math.max(0.5, Math.abs(t) * (middle - 3))
    const y = t > 0 ? middle - length : middle
    const shade = Math.sign(t) * Math.ceil(Math.abs(t) * SHADES)
    const d = `M${px(bar * pitch + gap / 2)} ${px(y)}h${px(pitch - gap)}v${px(length)}h${px(gap - pitch)}z`
    byShade.set(shade, (byShade.get(shade) ?? '') + d)
  }
  const paths = [...byShade].map(([shade, d]) => ({ fill: divBar(shade / SHADES, theme), d }))
  return { paths, count, per }
}

const px = (x: number) => Math.round(x * 100) / 100

/** The component at a bar (a fraction counts as the bar it is in), within those there are. */
export const barAt = (bar: number, length: number, per: number): number =>
  Math.max(0, Math.min(length - 1, Math.floor(bar) * per))
