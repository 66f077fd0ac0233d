import type { Measure, MeasureKey } from '../../engine/heads'
import { fixed, signed } from 'heed/look'
import { largest, roundUp } from '../../look/scale'

/** Where the numbers of a measure lie: its own bounds, so that texts and models compare; of `matters`, which has none, those here. */
export interface MeasureScale {
  from: number
  to: number
  /** Both signs: 0 is in the middle. */
  isSigned: boolean
}

export function scaleOf(
  name: MeasureKey,
  measures: readonly Measure[],
  keys: number,
  values: readonly number[],
): MeasureScale {
  const end = Math.max(1, keys - 1)
  if (name === 'matters') {
    const most = roundUp(largest(values))
    return { from: -most, to: most, isSigned: true }
  }
  if (name === 'offset') return { from: -end, to: end, isSigned: true }
  switch (measures.find((measure) => measure.name === name)?.unit) {
    case 'nats':
      return { from: 0, to: Math.log(Math.max(2, keys)), isSigned: false }
    case 'keys':
      return { from: 1, to: Math.max(2, keys), isSigned: false }
    case 'tokens':
      return { from: 0, to: end, isSigned: false }
    default:
      return { from: 0, to: 1, isSigned: false }
  }
}

/** 0 to 1 along a scale; a signed one −1 to 1. */
export function placeOn({ from, to, isSigned }: MeasureScale, value: number): number {
  if (isSigned) return Math.max(-1, Math.min(1, value / to))
  return Math.max(0, Math.min(1, (value - from) / (to - from)))
}

/** A number of a measure as it is written: worth and offsets with their sign. */
export function written(name: MeasureKey, value: number): string {
  if (name === 'matters') return signed(value, 3)
  if (name === 'offset') return signed(value, 1)
  return name === 'effective' || name === 'distance' ? fixed(value, 1) : fixed(value)
}

/** Round numbers from `from` to `to`, at most `most`. */
export function ticks(from: number, to: number, most = 5): number[] {
  const rough = (to - from) / most
  const power = 10 ** Math.floor(Math.log10(rough))
  const step = [1, 2, 5, 10].map((n) => n * power).find((step) => step >= rough - 1e-9)!
  const first = Math.ceil(from / step - 1e-9)
  const count = Math.floor(to / step + 1e-9) - first + 1
  return Array.from({ length: count }, (_, n) => Number(((first + n) * step).toPrecision(12)) || 0)
}

/** Of fewer heads a correlation says nothing. */
const FEWEST = 8

/** Spearman's: the correlation of ranks, equal numbers sharing theirs. Undefined where a side is constant or too short. */
export function rankCorrelation(xs: readonly number[], ys: readonly number[]): number | undefined {
  if (xs.length < FEWEST) return undefined
  const [a, b] = [ranks(xs), ranks(ys)]
  const middle = (xs.length - 1) / 2
  let [product, first, second] = [0, 0, 0]
  a.forEach((x, i) => {
    product += (x - middle) * (b[i] - middle)
    first += (x - middle) ** 2
    second += (b[i] - middle) ** 2
  })
  return first > 0 && second > 0 ? product / Math.sqrt(first * second) : undefined
}

function ranks(values: readonly number[]): number[] {
  const order = [...values.keys()].sort((a, b) => values[a] - values[b])
  const found = Array<number>(values.length)
  for (let start = 0, end; start < order.length; start = end) {
    end = start + 1
    while (end < order.length && values[order[end]] === values[order[start]]) end++
    for (let at = start; at < end; at++) found[order[at]] = (start + end - 1) / 2
  }
  return found
}
