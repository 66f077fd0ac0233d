import { div, palettes, seq, type Theme } from 'heed/look'

export { div, seq, type Theme }

/** Strips and bars: the signed ramp from .3 on, so that short bars stay visible; their legend shows the same. */
export const divBar = (t: number, theme: Theme): string =>
  t === 0 ? palettes[theme].card : div(Math.sign(t) * (0.3 + 0.7 * Math.min(1, Math.abs(t))), theme)

/** The ink of words and numbers on a weight: the text's own as long as the cell is pale. */
export const onWeight = (t: number, theme: Theme): string => {
  const { ink, onSeq } = palettes[theme]
  return t <= 0.35 ? ink : t > onSeq.turn ? onSeq.hi : onSeq.lo
}

/** The end of a scale that holds all of these numbers: rounded up to two figures. Not for weights, whose scale is 0 to 1. */
export function roundUp(most: number): number {
  if (!(most > 0) || !Number.isFinite(most)) return 1
  const unit = 10 ** (Math.floor(Math.log10(most)) - 1)
  return Number((Math.ceil(most / unit - 1e-9) * unit).toPrecision(2))
}

/** The largest size in any of these lists. */
export function largest(...lists: ArrayLike<number>[]): number {
  let most = 0
  for (const list of lists)
    for (let i = 0; i < list.length; i++)
      if (Number.isFinite(list[i])) most = Math.max(most, Math.abs(list[i]))
  return most
}

/** An end of a scale as it is written: `2.6`, `24`. */
export const endOf = (most: number): string => String(Number(most.toPrecision(2)))

/** A gradient with exact stops, for legends. */
export function gradient(colour: (t: number) => string, from: number, to: number, stops = 9): string {
  const at = (i: number) => from + ((to - from) * i) / (stops - 1)
  return `linear-gradient(90deg, ${Array.from({ length: stops }, (_, i) => colour(at(i))).join(', ')})`
}
