export {
  type DType,
  type KeptArray,
  type NarrowDType,
  type TypedArray,
  bytesPerElement,
  isFloat,
  isNarrow,
  newArray,
} from './dtype.js'
export { fromHalf, toHalf } from './half.js'
export type { Device, Storage } from './device.js'
export { type Shape, checkShape, denseStrides, isDense, sameShape, show, sizeOf } from './shape.js'
export { scope, tensorsIn } from './scope.js'
export { Tensor, forEachOffset, liveTensors } from './tensor.js'
