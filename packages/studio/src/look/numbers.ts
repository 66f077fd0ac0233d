/** Row i of a matrix whose rows have `width` numbers. */
export const rowOf = <A extends Float32Array | Float64Array>(matrix: A, i: number, width: number): A =>
  matrix.subarray(i * width, (i + 1) * width) as A

/** Where the largest is; the first of equals; 0 of none. */
export function argmax(list: ArrayLike<number>): number {
  let best = 0
  for (let i = 1; i < list.length; i++) if (list[i] > list[best]) best = i
  return best
}
