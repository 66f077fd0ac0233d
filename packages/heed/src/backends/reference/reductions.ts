export function sumOf(row: Iterable<number>): number {
  let sum = 0
  for (const x of row) sum += x
  return sum
}

/** −∞ for an empty row; NaN when there is one. */
export function maxOf(row: Iterable<number>): number {
  let max = -Infinity
  for (const x of row) max = Math.max(max, x)
  return max
}

export function dot(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i]
  return sum
}
