import type { DrawnToken } from 'heed/look'
import { seq, type Theme } from '../../look/scale'

/** px of the largest and the smallest words of the sentence. */
const [LARGEST, SMALLEST] = [60, 20]
/** Mean width of a letter, and what stands round a word and between two, in parts of the type's size. */
const [LETTER, PADDING, PIECE_PADDING, GAP] = [0.55, 0.62, 0.25, 0.21]

/** The size at which the sentence stands on one line; the smallest, on several, where there is none. */
export function wordSize(
  tokens: readonly DrawnToken[],
  joined: readonly boolean[],
  labels: readonly string[],
  width: number,
): number {
  if (width <= 0) return SMALLEST
  const ems = tokens.reduce((sum, token, i) => {
    const letters = token.special ? labels[i].length * 0.17 : labels[i].length * LETTER
    const isPiece = joined[i] || joined[i + 1]
    return sum + Math.max(0.74, letters + (isPiece ? PIECE_PADDING + 0.15 : PADDING)) + (joined[i] ? 0 : GAP)
  }, 0)
  const largest = width < 640 ? 25 : LARGEST
  const smallest = width < 640 ? 25 : SMALLEST + 8
  const fits = Math.floor(Math.min(largest, width / ems))
  return fits < smallest ? (tokens.length > 60 ? SMALLEST : smallest) : fits
}

export interface Arc {
  key: number
  d: string
  stroke: string
  /** px */
  weight: number
}

/** Weights from here on are drawn. */
const DRAWN = 0.02

/** Arcs from the word that asks to the others, the strongest on top; 14 px wide is a weight of 1. */
export function arcs(
  centres: readonly number[],
  query: number,
  weights: ArrayLike<number>,
  top: number,
  theme: Theme,
): Arc[] {
  const from = centres[query]
  const far = Math.max(1, ...centres.map((x) => Math.abs(x - from)))
  return centres
    .map((x, key) => ({ x, key, weight: weights[key] }))
    .filter(({ key, weight }) => key !== query && weight >= DRAWN)
    .sort((a, b) => a.weight - b.weight)
    .map(({ x, key, weight }) => {
      const height = 130 - 24 - (120 * Math.abs(x - from)) / far
      return {
        key,
        d: `M${from} 130C${from} ${height} ${x} ${height} ${x} 130`,
        stroke: key === top ? 'var(--w-stroke)' : seq(0.22 + weight, theme),
        weight: Math.max(1, 14 * weight),
      }
    })
}
