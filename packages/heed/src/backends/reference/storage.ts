import type { Storage } from '../../tensor/device.js'
import type { TypedArray } from '../../tensor/dtype.js'
import { sizeOf } from '../../tensor/shape.js'
import type { Tensor } from '../../tensor/tensor.js'

/** Memory of the reference backend: a typed array, empty once freed. */
export interface ReferenceStorage extends Storage {
  values: TypedArray
}

/** The whole array behind a tensor: for kernels that follow strides from `t.offset`. */
export function memory(t: Tensor): TypedArray {
  t.assertLive('kernel')
  return (t.storage as ReferenceStorage).values
}

/** The elements of a dense tensor; writing to them writes to the tensor. */
export const elements = (t: Tensor): TypedArray => memory(t).subarray(t.offset, t.offset + t.size)

/** The rows of a dense `rows × width` tensor, each a view of the tensor's elements. */
export function rowsOf(t: Tensor): TypedArray[] {
  const all = elements(t)
  const width = t.shape.at(-1) ?? 1
  return Array.from({ length: sizeOf(t.shape.slice(0, -1)) }, (_, r) =>
    all.subarray(r * width, (r + 1) * width),
  )
}
