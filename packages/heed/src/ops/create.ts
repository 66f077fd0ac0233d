import { currentBackend } from '../backends/current.js'
import type { Backend } from '../backends/backend.js'
import { randomUnit } from '../backends/random.js'
import { HeedTypeError } from '../errors.js'
import { type DType, isFloat, newArray, type TypedArray } from '../tensor/dtype.js'
import { checkShape, type Shape, show, sizeOf } from '../tensor/shape.js'
import { Tensor } from '../tensor/tensor.js'

export interface CreateOptions {
  /** Default: by the data (`Int32Array` → int32, `Uint8Array` or booleans → bool, all else the backend's float). */
  dtype?: DType
  /** Default: the one chosen by `useBackend`. */
  backend?: Backend
}

/**
 * A tensor with a copy of `data` in row-major order.
 *
 * @throws HeedTypeError `shape` when the data does not fill the shape, `dtype` when the backend does not have it or a
 *   value does not fit it.
 */
export function tensor(
  data: TypedArray | readonly number[] | readonly boolean[],
  shape: Shape = [data.length],
  { dtype, backend = currentBackend() }: CreateOptions = {},
): Tensor {
  checkShape(shape, 'tensor')
  if (data.length !== sizeOf(shape))
    throw new HeedTypeError(
      'shape',
      `tensor: shape ${show(shape)} holds ${sizeOf(shape)} elements, but the data has ${data.length}`,
    )
  const kind = checkDType(dtype ?? kindOf(data, backend), backend)
  const values =
    newArray(kind, 0).constructor === data.constructor ? (data as TypedArray) : newArray(kind, data.length)
  if (values !== data) for (let i = 0; i < values.length; i++) values[i] = Number(data[i])
  if (!isFloat(kind)) for (const value of data) checkValue('tensor', Number(value), kind)
  const t = Tensor.empty(backend, kind, shape)
  backend.write(t.storage, 0, values)
  return t
}

function kindOf(data: TypedArray | readonly number[] | readonly boolean[], backend: Backend): DType {
  if (data instanceof Int32Array) return 'int32'
  if (data instanceof Uint8Array || typeof data[0] === 'boolean') return 'bool'
  return backend.floats[0]
}

function checkDType(dtype: DType, backend: Backend): DType {
  if (dtype !== 'int32' && dtype !== 'bool' && !backend.floats.includes(dtype))
    throw new HeedTypeError(
      'dtype',
      `tensor: the ${backend.name} backend has ${backend.floats.join(', ')}, int32 and bool, not ${dtype}`,
    )
  return dtype
}

/** Integers and booleans are never rounded or cut in silence. */
function checkValue(op: string, value: number, dtype: DType): void {
  const fits = dtype === 'bool' ? value === 0 || value === 1 : isFloat(dtype) || (value | 0) === value
  if (!fits) throw new HeedTypeError('dtype', `${op}: ${value} is no ${dtype}`)
}

/**
 * A tensor of zeros, float unless `dtype` says otherwise.
 *
 * @throws HeedTypeError `shape` when a dimension is no count, `dtype` when the backend does not have it.
 */
export function zeros(shape: Shape, options: CreateOptions = {}): Tensor {
  return full(shape, 0, options)
}

/**
 * A tensor with `value` everywhere, float unless `dtype` says otherwise.
 *
 * @throws HeedTypeError `shape` when a dimension is no count, `dtype` when the backend does not have it or `value` does
 *   not fit it.
 */
export function full(
  shape: Shape,
  value: number,
  { dtype, backend = currentBackend() }: CreateOptions = {},
): Tensor {
  const kind = checkDType(dtype ?? backend.floats[0], backend)
  checkValue('full', value, kind)
  const t = Tensor.empty(backend, kind, shape)
  backend.kernels.fill(t, value)
  return t
}

/** Normal random numbers (Box–Muller over counter-based random bits): the same for the same seed on every backend. */
export function randn(
  shape: Shape,
  { seed = 0, std = 1, ...options }: CreateOptions & { seed?: number; std?: number } = {},
): Tensor {
  checkShape(shape, 'randn')
  const values = new Float64Array(sizeOf(shape))
  for (let i = 0; i < values.length; i++) {
    const radius = Math.sqrt(-2 * Math.log(1 - randomUnit(seed, 2 * i)))
    values[i] = std * radius * Math.cos(2 * Math.PI * randomUnit(seed, 2 * i + 1))
  }
  const backend = options.backend ?? currentBackend()
  return tensor(values, shape, { dtype: options.dtype ?? backend.floats[0], backend })
}
