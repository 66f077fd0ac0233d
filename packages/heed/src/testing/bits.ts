import type { TypedArray } from '../tensor/dtype.js'
import type { Tensor } from '../tensor/tensor.js'

/** The elements of all, in order. */
export const dataOf = (tensors: readonly Tensor[]): Promise<TypedArray[]> =>
  Promise.all(tensors.map((t) => t.data()))

/** The first place where two lists of results differ in any bit, as 'output 1 at byte 8', or undefined. */
export function difference(a: readonly TypedArray[], b: readonly TypedArray[]): string | undefined {
  if (a.length !== b.length) return `${a.length} outputs and ${b.length}`
  for (const [output, x] of a.entries()) {
    const [xs, ys] = [x, b[output]].map(
      (data) => new Uint8Array(data.buffer, data.byteOffset, data.byteLength),
    )
    const at = xs.findIndex((byte, i) => byte !== ys[i])
    if (at >= 0 || xs.length !== ys.length) return `output ${output} at byte ${at < 0 ? xs.length : at}`
  }
  return undefined
}
