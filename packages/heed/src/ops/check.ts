import type { Backend } from '../backends/backend.js'
import { backendOf } from '../backends/current.js'
import { HeedTypeError } from '../errors.js'
import { type DType, isFloat } from '../tensor/dtype.js'
import { type Shape, show } from '../tensor/shape.js'
import { Tensor } from '../tensor/tensor.js'

/** Throws unless the named tensors are live, float and of one dtype and backend; gives the backend. */
export function checkFloats(
  op: string,
  required: Record<string, Tensor>,
  optional: Record<string, Tensor | undefined> = {},
): Backend {
  let first: [string, Tensor] | undefined
  for (const [name, t] of Object.entries({ ...required, ...optional })) {
    if (t === undefined && name in optional) continue
    checkTensor(op, name, t)
    if (!isFloat(t.dtype))
      throw new HeedTypeError('dtype', `${op}: ${name} must be float, got ${t.dtype} ${show(t.shape)}`)
    if (first) checkSame(op, first[0], first[1], name, t)
    first ??= [name, t]
  }
  return backendOf(first![1])
}

/** Throws unless `t` is a live int32 (or other stated dtype) tensor on the backend of `like`. */
export function checkKind(op: string, name: string, t: Tensor, dtype: DType, like?: Tensor): void {
  checkTensor(op, name, t)
  if (t.dtype !== dtype)
    throw new HeedTypeError('dtype', `${op}: ${name} must be ${dtype}, got ${t.dtype} ${show(t.shape)}`)
  if (like && like.device !== t.device) throw twoBackends(op, 'the other tensors', like, name, t)
}

/** Throws unless a tensor has the shape; -1 stands for any size. */
export function checkShapeIs(op: string, name: string, t: Tensor, expected: Shape, because = ''): void {
  if (t.rank !== expected.length || !expected.every((d, i) => d === -1 || d === t.shape[i]))
    throw new HeedTypeError(
      'shape',
      `${op}: ${name} must be ${show(expected).replaceAll('-1', '·')}${because && ` ${because}`}, got ${show(t.shape)}`,
    )
}

function checkTensor(op: string, name: string, t: unknown): asserts t is Tensor {
  if (!(t instanceof Tensor))
    throw new HeedTypeError(
      'dtype',
      `${op}: ${name} must be a tensor, got ${t === null ? 'null' : typeof t}; make one with tensor(data, shape)`,
    )
  t.assertLive(op)
}

function checkSame(op: string, nameA: string, a: Tensor, nameB: string, b: Tensor): void {
  if (a.device !== b.device) throw twoBackends(op, nameA, a, nameB, b)
  if (a.dtype !== b.dtype)
    throw new HeedTypeError('dtype', `${op}: ${nameA} is ${a.dtype} but ${nameB} is ${b.dtype}`)
}

const twoBackends = (op: string, nameA: string, a: Tensor, nameB: string, b: Tensor) =>
  new HeedTypeError(
    'backend',
    `${op}: ${nameA} is on ${a.device.name} but ${nameB} is on ${b.device.name}; tensors of two backends do not mix`,
  )

/** Throws unless min ≤ value (< max). NaN is always refused. */
export function checkNumber(op: string, name: string, value: number, min: number, below = Infinity): void {
  if (!(value >= min && value < below) || !Number.isFinite(value))
    throw new HeedTypeError(
      'option',
      `${op}: ${name} must be a number from ${min}${below < Infinity ? ` to below ${below}` : ' up'}, got ${value}`,
    )
}

/** `t` itself when dense, else a dense copy. */
export function dense(t: Tensor): Tensor {
  if (t.isDense) return t
  const out = emptyLike(t)
  backendOf(t).kernels.copy(t, out)
  return out
}

export const emptyLike = (t: Tensor, shape: Shape = t.shape): Tensor => Tensor.empty(t.device, t.dtype, shape)
