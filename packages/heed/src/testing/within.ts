import { Tensor } from '../tensor/tensor.js'

/** How far a is from b at the worst place, as a multiple of max(1e-3, max|b|); NaN in one alone is infinitely far. */
export function distance(a: ArrayLike<number>, b: ArrayLike<number>): { worst: number; at: number } {
  let [worst, at, largest] = [0, 0, 1e-3]
  for (let i = 0; i < b.length; i++) {
    if (Number.isFinite(b[i])) largest = Math.max(largest, Math.abs(b[i]))
    if (Object.is(a[i], b[i]) || a[i] === b[i]) continue
    const difference = Math.abs(a[i] - b[i])
    if (!(difference <= worst)) [worst, at] = [Number.isNaN(difference) ? Infinity : difference, i]
  }
  return { worst: worst / largest, at }
}

/** Whether two tensors' elements agree within ε: max|a − b| ≤ ε · max(1e-3, max|b|). */
export const within = (a: ArrayLike<number>, b: ArrayLike<number>, eps: number): boolean =>
  a.length === b.length && distance(a, b).worst <= eps

/** Throws, with the place and both values, unless the elements agree within ε. Tensors are read. */
export async function expectWithin(
  a: Tensor | ArrayLike<number>,
  b: Tensor | ArrayLike<number>,
  eps: number,
  what = 'values',
): Promise<void> {
  const [x, y] = [await read(a), await read(b)]
  if (x.length !== y.length) throw new Error(`${what}: ${x.length} elements, expected ${y.length}`)
  const { worst, at } = distance(x, y)
  if (!(worst <= eps))
    throw new Error(
      `${what}: off by ${worst} (allowed ${eps}), worst at ${at}: got ${x[at]}, expected ${y[at]}`,
    )
}

const read = async (t: Tensor | ArrayLike<number>) => (t instanceof Tensor ? t.data() : t)
