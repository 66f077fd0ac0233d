import { HeedError, HeedTypeError } from '../errors.js'
import { fromHalf, toHalf } from '../tensor/half.js'

/** Bytes per element, in the order in which the reference implementation lays tensors out (the last first). */
export const dtypeBytes = {
  BOOL: 1,
  U8: 1,
  I8: 1,
  F8_E5M2: 1,
  F8_E4M3: 1,
  I16: 2,
  U16: 2,
  F16: 2,
  BF16: 2,
  I32: 4,
  U32: 4,
  F32: 4,
  F64: 8,
  I64: 8,
  U64: 8,
} as const

/** A dtype of the safetensors format, as its files spell it. */
export type SafeDType = keyof typeof dtypeBytes

/** One tensor of a safetensors file: little-endian, row-major bytes, at any alignment. */
export interface SafeTensor {
  dtype: SafeDType
  shape: number[]
  /** A view into the file's bytes, not a copy. */
  bytes: Uint8Array
}

/** What a tensor may be written from; a Uint8Array holds little-endian bytes of any dtype. */
export type TensorData = Float32Array | Float64Array | Int32Array | Uint8Array

/** Elements of a tensor whose shape and bytes agree. */
function lengthOf(t: SafeTensor): number {
  const length = t.shape.reduce((n, d) => n * d, 1)
  if (length * dtypeBytes[t.dtype] !== t.bytes.length)
    throw new HeedTypeError(
      'shape',
      `${t.dtype} [${t.shape.join(', ')}] needs ${length * dtypeBytes[t.dtype]} bytes and has ${t.bytes.length}`,
    )
  return length
}

function target<A extends Float32Array | Int32Array>(
  t: SafeTensor,
  into: A | undefined,
  make: (n: number) => A,
): A {
  const length = lengthOf(t)
  if (into && into.length !== length)
    throw new HeedTypeError('shape', `${length} elements do not go into an array of ${into.length}`)
  return into ?? make(length)
}

type ViewOf<A> = new (buffer: ArrayBufferLike, byteOffset: number, length: number) => A

/** The elements as a typed array: a view where the alignment allows it, a copy where not. */
function elements<A>(bytes: Uint8Array, View: ViewOf<A>, size: number): A {
  const aligned = bytes.byteOffset % size === 0 ? bytes : bytes.slice()
  return new View(aligned.buffer, aligned.byteOffset, aligned.length / size)
}

const bitsOf = (array: Float32Array): Uint32Array =>
  new Uint32Array(array.buffer, array.byteOffset, array.length)

/**
 * The elements of an F32, F16, BF16 or F64 tensor as float32. F16 and BF16 widen exactly; F64 rounds to nearest.
 *
 * @param into where to write them; by default a new array. Never a view into the file.
 * @throws `dtype` for integers (see `toInt32`) and 8-bit floats; `shape` when `into` has another length
 */
export function toFloat32(t: SafeTensor, into?: Float32Array): Float32Array {
  const out = target(t, into, (n) => new Float32Array(n))
  switch (t.dtype) {
    case 'F32':
      // As bytes: the alignment does not matter, and NaNs keep their bits.
      new Uint8Array(out.buffer, out.byteOffset, out.byteLength).set(t.bytes)
      return out
    case 'F64':
      out.set(elements(t.bytes, Float64Array, 8))
      return out
    case 'F16':
      return fromHalf(elements(t.bytes, Uint16Array, 2), out)
    case 'BF16': {
      const bits = bitsOf(out)
      const from = elements(t.bytes, Uint16Array, 2)
      for (let i = 0; i < from.length; i++) bits[i] = from[i] << 16
      return out
    }
    default:
      throw new HeedTypeError('dtype', `toFloat32 takes F32, F16, BF16 and F64, not ${t.dtype}`)
  }
}

/**
 * The elements of an integer or BOOL tensor as int32.
 *
 * @param into where to write them; by default a new array
 * @throws `dtype` for floats (see `toFloat32`); `format` for a value outside int32; `shape` when `into` has another length
 */
export function toInt32(t: SafeTensor, into?: Int32Array): Int32Array {
  const out = target(t, into, (n) => new Int32Array(n))
  switch (t.dtype) {
    case 'BOOL':
    case 'U8':
      out.set(t.bytes)
      return out
    case 'I8':
      out.set(elements(t.bytes, Int8Array, 1))
      return out
    case 'I16':
      out.set(elements(t.bytes, Int16Array, 2))
      return out
    case 'U16':
      out.set(elements(t.bytes, Uint16Array, 2))
      return out
    case 'I32':
      out.set(elements(t.bytes, Int32Array, 4))
      return out
    case 'U32':
      return narrow(elements(t.bytes, Uint32Array, 4), out, t.dtype)
    case 'I64':
      return narrow(elements(t.bytes, BigInt64Array, 8), out, t.dtype)
    case 'U64':
      return narrow(elements(t.bytes, BigUint64Array, 8), out, t.dtype)
    default:
      throw new HeedTypeError('dtype', `toInt32 takes integers and BOOL, not ${t.dtype}`)
  }
}

function narrow(from: ArrayLike<number | bigint>, out: Int32Array, dtype: SafeDType): Int32Array {
  for (let i = 0; i < from.length; i++) {
    const value = Number(from[i])
    out[i] = value
    if (out[i] !== value)
      throw new HeedError('format', `${dtype} value ${from[i]} at element ${i} does not fit int32`)
  }
  return out
}

/**
 * The little-endian bytes of `data` in `dtype`: F32, F16 and BF16 from a Float32Array, F64 from a Float64Array, I32
 * from an Int32Array, and any dtype from a Uint8Array that holds its bytes already. A view where nothing changes.
 *
 * @throws `dtype` for other pairs; `input` for a finite number beyond F16 or BF16 (infinities and NaN pass)
 */
export function encode(data: TensorData, dtype: SafeDType, name: string): Uint8Array {
  if (data instanceof Uint8Array) return data
  const fits =
    (data instanceof Float32Array && dtype === 'F32') ||
    (data instanceof Float64Array && dtype === 'F64') ||
    (data instanceof Int32Array && dtype === 'I32')
  if (fits) return new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
  if (!(data instanceof Float32Array && (dtype === 'F16' || dtype === 'BF16')))
    throw new HeedTypeError('dtype', `tensor ${name}: cannot write a ${data.constructor.name} as ${dtype}`)
  const out = dtype === 'F16' ? toHalf(data) : toBrain(data)
  for (let i = 0; i < out.length; i++) {
    const overflows = (out[i] & 0x7fff) === (dtype === 'F16' ? 0x7c00 : 0x7f80) && Number.isFinite(data[i])
    if (overflows)
      throw new HeedError(
        'input',
        `tensor ${name}: ${data[i]} at element ${i} is beyond ${dtype}; write ${dtype === 'F16' ? 'BF16 or ' : ''}F32`,
      )
  }
  return new Uint8Array(out.buffer)
}

/** float32 → bfloat16 bits, to nearest, ties to even. */
function toBrain(data: Float32Array): Uint16Array {
  const bits = bitsOf(data)
  const out = new Uint16Array(bits.length)
  for (let i = 0; i < bits.length; i++) out[i] = roundToBrain(bits[i])
  return out
}

function roundToBrain(bits: number): number {
  if ((bits & 0x7fff_ffff) > 0x7f80_0000) return (bits >>> 16) | 0x40 // NaN, kept quiet
  return (bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16
}
