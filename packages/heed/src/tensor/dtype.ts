/** What a tensor holds. `float64` exists on the `reference` backend only, for gradient checks; `bool` is for masks. */
export type DType = 'float32' | 'float64' | 'int32' | 'bool'

export type TypedArray = Float32Array | Float64Array | Int32Array | Uint8Array

export const bytesPerElement: Record<DType, number> = { float32: 4, float64: 8, int32: 4, bool: 1 }

/** A new zeroed array that holds `length` elements of `dtype`. */
export function newArray(dtype: DType, length: number): TypedArray {
  switch (dtype) {
    case 'float32':
      return new Float32Array(length)
    case 'float64':
      return new Float64Array(length)
    case 'int32':
      return new Int32Array(length)
    case 'bool':
      return new Uint8Array(length)
  }
}

export const isFloat = (dtype: DType): boolean => dtype === 'float32' || dtype === 'float64'
