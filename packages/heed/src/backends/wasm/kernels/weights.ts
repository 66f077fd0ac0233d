import type { DType } from '../../../tensor/dtype.js'
import type { Fn } from '../emit/function.js'
import { type I32, type V128, v128, v128i } from '../emit/values.js'

/** What weights may be kept as: a kernel that takes them is built once for each. */
export const weightTypes = ['float32', 'float16', 'int8'] as const satisfies DType[]
export type WeightType = (typeof weightTypes)[number]

/** One of something for each type of weights. */
export const forWeights = <T>(make: (type: WeightType) => T): Record<WeightType, T> =>
  Object.fromEntries(weightTypes.map((type) => [type, make(type)])) as Record<WeightType, T>

export interface WeightReader {
  /** Bytes of an element. */
  bytes: number
  /** Four weights from this address and `element` elements on, as floats: of int8 the whole numbers. */
  read4(at: I32, element?: number): V128
}

/** How a function reads weights. It may read 8 bytes that belong to others. */
export function weightReader(f: Fn, type: WeightType): WeightReader {
  switch (type) {
    case 'float32':
      return { bytes: 4, read4: (at, element = 0) => at.v128(4 * element) }
    case 'float16':
      return halfReader(f)
    case 'int8':
      return { bytes: 1, read4: (at, element = 0) => at.bytes8(element).extendLow16().itoF32() }
  }
}

/**
 * Halves with their exponent and fraction where float32 has them are the same numbers times 2⁻¹¹², exactly, the subnormal
 * ones too. Not so infinity and NaN, which no weight is: loading refuses them, because telling them apart here would make
 * a step of decoding a third slower.
 */
function halfReader(f: Fn): WeightReader {
  const [parts, scale] = [f.v128(v128i(0x8fffe000 | 0)), f.v128(v128(2 ** 112))]
  return {
    bytes: 2,
    read4: (at, element = 0) =>
      at
        .shorts4(2 * element)
        .ishl(13)
        .and(parts)
        .mul(scale),
  }
}
