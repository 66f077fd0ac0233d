import { fixed, signed } from 'heed/look'
import type { Measure } from '../../engine/words-measures'

/** A value as it is written: signed where the sign is free, angles in degrees. */
export function write(measure: Measure, value: number): string {
  if (measure === 'angular') return `${fixed((value * 180) / Math.PI, 1)}°`
  if (measure === 'manhattan') return fixed(value, 1)
  return measure === 'euclidean' ? fixed(value) : signed(value)
}

/** Whether a larger number means nearer. */
const isSimilarity = (measure: Measure): boolean => measure === 'cosine' || measure === 'dot'

/** Orders values, the nearest first. */
export const byNearness = (measure: Measure, a: number, b: number): number =>
  isSimilarity(measure) ? b - a : a - b

/** How far a value is, for bars where longer is farther: 1 − cosine, a distance; undefined of a dot product, which is none. */
export const farness = (measure: Measure, value: number): number | undefined =>
  measure === 'dot' ? undefined : measure === 'cosine' ? 1 - value : value

/** The place of the nearest. */
export const nearestOf = (measure: Measure, values: readonly number[]): number =>
  values.reduce((best, value, n) => (byNearness(measure, value, values[best]) < 0 ? n : best), 0)
