/** Row i of a matrix whose rows have `width` numbers. */
export const rowOf = <A extends Float32Array | Float64Array>(matrix: A, i: number, width: number): A =>
  matrix.subarray(i * width, (i + 1) * width) as A

/** Where the largest is; the first of equals; 0 of none. */
export function argmax(list: ArrayLike<number>): number {
  let best = 0
  for (let i = 1; i < list.length; i++) if (list[i] > list[best]) best = i
  return best
}

/** `62%`; `<1%` of what is more than nothing. */
export const percent = (share: number): string =>
  share > 0 && share < 0.005 ? '<1%' : `${Math.round(100 * share)}%`
