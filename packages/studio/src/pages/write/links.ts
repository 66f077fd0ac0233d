import { DRAWN_FROM } from 'heed/look'
import type { Unit } from '../../engine/translate'
import { seq, type Theme } from '../../look/scale'

/** px of a line whose weight is 1. */
const WIDEST = 9
/** Type of words on one line, from the largest that is taken to the smallest; below it the words stand in columns. */
const [LARGEST, SMALLEST] = [30, 17]
/** Mean width of a letter, and what stands round a word and between two, in parts of the type’s size. */
const [LETTER, PADDING, GAP] = [0.57, 0.62, 0.25]

/** The size at which both sentences stand on one line each; undefined: there is none. */
export function lineSize(sides: readonly (readonly Unit[])[], width: number): number | undefined {
  const most = Math.max(...sides.map(emsOf), 1)
  const size = Math.floor(Math.min(LARGEST, width / most))
  return size >= SMALLEST ? size : undefined
}

const emsOf = (units: readonly Unit[]): number =>
  units.reduce((sum, { label, special, joined }) => {
    const letters = [...label].length
    return sum + (special ? 1.8 : letters * LETTER + PADDING) + (joined ? 0 : GAP)
  }, 0)

export interface Place {
  x: number
  y: number
}

export interface Line {
  target: number
  source: number
  weight: number
}

/** The links of a map [target, source] that are drawn, the strongest last, so that they lie on top. */
export function linesOf(weights: ArrayLike<number>, targets: number, sources: number): Line[] {
  const lines: Line[] = []
  for (let target = 0; target < targets; target++)
    for (let source = 0; source < sources; source++) {
      const weight = weights[target * sources + source]
      if (weight >= DRAWN_FROM) lines.push({ target, source, weight: Math.min(1, weight) })
    }
  return lines.sort((a, b) => a.weight - b.weight)
}

/** From a source word to a target word, leaving and reaching both at right angles. */
export const curve = (from: Place, to: Place, isUpright: boolean): string =>
  isUpright
    ? `M${from.x} ${from.y}C${from.x} ${(from.y + to.y) / 2} ${to.x} ${(from.y + to.y) / 2} ${to.x} ${to.y}`
    : `M${from.x} ${from.y}C${(from.x + to.x) / 2} ${from.y} ${(from.x + to.x) / 2} ${to.y} ${to.x} ${to.y}`

/** The ramp from .3 on, so that thin lines stay visible. */
export const lineColour = (weight: number, theme: Theme): string => seq(0.3 + 0.7 * weight, theme)
export const lineWidth = (weight: number): number => WIDEST * weight
