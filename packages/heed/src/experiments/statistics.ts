/** The middle value; of an even number of values, the mean of the two in the middle. NaN of none. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}

export const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length

/** Median and range of what several seeds gave. */
export interface Spread {
  median: number
  low: number
  high: number
}

/** Where any value is NaN, all is: a run that broke is not left out. */
export const spread = (values: readonly number[]): Spread =>
  values.some(Number.isNaN)
    ? { median: NaN, low: NaN, high: NaN }
    : { median: median(values), low: Math.min(...values), high: Math.max(...values) }
