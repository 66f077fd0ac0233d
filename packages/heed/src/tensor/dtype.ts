/**
 * What a tensor holds. `float64` exists on the `reference` backend only, for gradient checks; `bool` is for masks.
 * `float16` and `int8` are forms in which weights are kept (`isNarrow`): `linear` and `embedding` widen them as they read
 * and compute in the backend's float, and no other op takes them.
 */
export type DType = 'float32' | 'float64' | 'int32' | 'bool' | NarrowDType

/** `int8` has a scale for every channel beside it (int8.ts). */
export type NarrowDType = 'float16' | 'int8'

/** Numbers as they are read and written. */
export type TypedArray = Float32Array | Float64Array | Int32Array | Uint8Array

/** Elements as memory holds them: of float16 the bits. */
export type KeptArray = TypedArray | Uint16Array | Int8Array

export const bytesPerElement: Record<DType, number> = {
  float32: 4,
  float64: 8,
  int32: 4,
  bool: 1,
  float16: 2,
  int8: 1,
}

/** A new zeroed array that holds `length` elements of `dtype`. */
export function newArray(dtype: DType, length: number): KeptArray {
  switch (dtype) {
    case 'float32':
      return new Float32Array(length)
    case 'float64':
      return new Float64Array(length)
    case 'int32':
      return new Int32Array(length)
    case 'bool':
      return new Uint8Array(length)
    case 'float16':
      return new Uint16Array(length)
    case 'int8':
      return new Int8Array(length)
  }
}

export const isFloat = (dtype: DType): boolean => dtype === 'float32' || dtype === 'float64'

export const isNarrow = (dtype: DType): dtype is NarrowDType => dtype === 'float16' || dtype === 'int8'
