import { backendOf } from '../backends/current.js'
import type { TypedArray } from '../tensor/dtype.js'
import type { Tensor } from '../tensor/tensor.js'

/*
 * For the ops that compute in TypeScript, on the memory of whichever backend: those that serve experiments on short
 * inputs and are not worth a kernel.
 */

/** The elements of a dense tensor of no narrow dtype, in place; take them anew after an allocation. */
export const elementsOf = (t: Tensor): TypedArray =>
  backendOf(t)
    .view(t.storage)
    .subarray(t.offset, t.offset + t.size)

/** Calls `visit` with each row (the last dimension) of dense tensors of one shape, in place. */
export function forEachRow(tensors: readonly Tensor[], visit: (...rows: TypedArray[]) => void): void {
  const width = tensors[0].shape.at(-1) ?? 1
  const all = tensors.map(elementsOf)
  for (let at = 0; at < tensors[0].size; at += width)
    visit(...all.map((elements) => elements.subarray(at, at + width)))
}
