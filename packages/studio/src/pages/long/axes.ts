/** px of a label's line: where a token has as much, every token is labelled. */
const LINE = 12
/** px between two numbers at least. */
const APART = 64

/** What is written along an axis: tokens by name where they have room, else round numbers of tokens. */
export interface Tick {
  token: number
  isNumber: boolean
}

/** Labels of an axis that shows the tokens from `from` to `to`, `zoom` px each. */
export function ticks(from: number, to: number, zoom: number): Tick[] {
  const isNumber = zoom < LINE
  const step = isNumber ? roundStep(APART / zoom) : 1
  const found: Tick[] = []
  for (let token = Math.ceil(Math.max(0, Math.floor(from)) / step) * step; token < to; token += step)
    found.push({ token, isNumber })
  return found
}

/** The least of 1, 2, 5, 10, 20 … that is no smaller. */
function roundStep(least: number): number {
  const power = 10 ** Math.floor(Math.log10(least))
  return [1, 2, 5, 10].map((n) => n * power).find((step) => step >= least - 1e-9)!
}
