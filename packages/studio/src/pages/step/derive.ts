/** The terms of a dot product, so that one can see which of them are large. */
export const terms = (q: ArrayLike<number>, k: ArrayLike<number>): Float64Array =>
  Float64Array.from({ length: q.length }, (_, c) => q[c] * k[c])

export const sum = (list: ArrayLike<number>): number => Array.from(list).reduce((a, b) => a + b, 0)

/** What has been added up so far, from left to right. */
export function running(list: ArrayLike<number>): Float64Array {
  let so = 0
  return Float64Array.from(list, (x) => (so += x))
}

/** The `count` largest by size, largest first. */
export const largestTerms = (list: ArrayLike<number>, count: number): number[] =>
  [...Array(list.length).keys()].sort((a, b) => Math.abs(list[b]) - Math.abs(list[a])).slice(0, count)

/**
 * Places for labels of a width that want to stand at `wanted` (sorted), kept apart and within [0, room]; undefined for
 * those there is no room for.
 */
export function spread(wanted: readonly number[], width: number, room: number): (number | undefined)[] {
  const fitting = Math.floor(room / width)
  const places = wanted.slice(0, fitting)
  const half = width / 2
  for (let i = 0; i < places.length; i++)
    places[i] = Math.max(places[i], i > 0 ? places[i - 1] + width : half)
  for (let i = places.length - 1; i >= 0; i--)
    places[i] = Math.min(places[i], i < places.length - 1 ? places[i + 1] - width : room - half)
  return wanted.map((_, i) => places[i])
}
