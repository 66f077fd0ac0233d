import type { Storage } from '../../tensor/device.js'
import type { KeptArray, TypedArray } from '../../tensor/dtype.js'
import { fromHalf } from '../../tensor/half.js'
import { fromInt8 } from '../../tensor/int8.js'
import { sizeOf } from '../../tensor/shape.js'
import type { Tensor } from '../../tensor/tensor.js'

/** Memory of the reference backend: a typed array, empty once freed. */
export interface ReferenceStorage extends Storage {
  values: KeptArray
}

/** The whole array behind a tensor, which is not narrow: for kernels that follow strides from `t.offset`. */
export const memory = (t: Tensor): TypedArray => kept(t) as TypedArray

function kept(t: Tensor): KeptArray {
  t.assertLive('kernel')
  return (t.storage as ReferenceStorage).values
}

/** The elements of a dense tensor; writing to them writes to the tensor. */
export const elements = (t: Tensor): TypedArray => memory(t).subarray(t.offset, t.offset + t.size)

/** The numbers of dense weights, float16 and int8 as the floats they stand for. */
export function widened(t: Tensor): TypedArray {
  const values = kept(t).subarray(t.offset, t.offset + t.size)
  if (values instanceof Uint16Array) return fromHalf(values)
  if (!(values instanceof Int8Array)) return values
  return fromInt8(values, elements(t.scales!) as Float32Array, t.shape, t.scales!.shape)
}

/** The rows of a dense `rows × width` tensor, each a view of the tensor's elements. */
export function rowsOf(t: Tensor): TypedArray[] {
  const all = elements(t)
  const width = t.shape.at(-1) ?? 1
  return Array.from({ length: sizeOf(t.shape.slice(0, -1)) }, (_, r) =>
    all.subarray(r * width, (r + 1) * width),
  )
}
