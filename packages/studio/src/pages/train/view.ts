import type { DrawnToken } from 'heed/look'
import type { Shot } from '../../engine/train-probe'
import { rowOf } from '../../look/numbers'

/** One head's weights of [heads, cells], or the mean of all. */
export function headWeights(weights: Float32Array, heads: number, head: number | undefined): Float32Array {
  const cells = weights.length / heads
  if (head !== undefined && head < heads) return weights.slice(head * cells, (head + 1) * cells)
  const mean = new Float32Array(cells)
  for (let at = 0; at < weights.length; at++) mean[at % cells] += weights[at] / heads
  return mean
}

/** The last moment up to a step; the first where there is none yet. */
export const momentAt = <M extends { step: number }>(moments: readonly M[], step: number): M | undefined =>
  moments.findLast((moment) => moment.step <= step) ?? moments[0]

/**
 * The key with the largest weight of a row by size (those of some normalisers may be negative), and whether it stands out: a
 * row is flat where none has 1.5 times the even share.
 */
export function strongest(row: ArrayLike<number>): { key: number; weight: number; isFlat: boolean } {
  let key = 0
  for (let j = 1; j < row.length; j++) if (Math.abs(row[j]) > Math.abs(row[key])) key = j
  return { key, weight: row[key], isFlat: Math.abs(row[key]) < 1.5 / row.length }
}

/** Where a query looks most, in the mean of the heads. */
export function looksAt(shot: Shot, query: number, heads: number): number {
  const length = shot.said.length
  const mean = headWeights(shot.weights, heads, undefined)
  return strongest(rowOf(mean, query, length)).key
}

/** The weight of one link over the steps whose maps are kept. */
export const weightOver = (
  moments: readonly { step: number; weights: Float32Array }[],
  heads: number,
  head: number | undefined,
  cell: number,
): { x: number; y: number }[] =>
  moments.map(({ step, weights }) => {
    const cells = weights.length / heads
    if (head !== undefined && head < heads) return { x: step, y: weights[head * cells + cell] }
    let sum = 0
    for (let h = 0; h < heads; h++) sum += weights[h * cells + cell]
    return { x: step, y: sum / heads }
  })

/** Tokens of a run's file as they are drawn. */
export const asDrawn = (tokens: readonly string[]): DrawnToken[] =>
  tokens.map((text) => ({
    text: text.replace(/^ (?=\S)/, ''),
    special: /^<.*>$|^\[.*\]$/.test(text),
    startsWord: true,
  }))
