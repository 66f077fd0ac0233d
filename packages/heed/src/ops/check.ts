import type { Backend } from '../backends/backend.js'
import { backendOf } from '../backends/current.js'
import { HeedError, HeedTypeError } from '../errors.js'
import { type DType, isFloat, isNarrow } from '../tensor/dtype.js'
import { type Shape, show } from '../tensor/shape.js'
import { Tensor } from '../tensor/tensor.js'

/** Throws unless the named tensors are live, float and of one dtype and backend; gives the backend. */
export function checkFloats(
  op: string,
  required: Record<string, Tensor>,
  optional: Record<string, Tensor | undefined> = {},
): Backend {
  let [firstName, first]: [string, Tensor?] = ['']
  const check = (name: string, t: Tensor) => {
    checkTensor(op, name, t)
    if (!isFloat(t.dtype))
      throw new HeedTypeError('dtype', `${op}: ${name} must be float, got ${t.dtype} ${show(t.shape)}`)
    if (first) checkSame(op, firstName, first, name, t)
    else [firstName, first] = [name, t]
  }
  for (const name in required) check(name, required[name])
  for (const name in optional) if (optional[name] !== undefined) check(name, optional[name])
  return backendOf(first!)
}

/**
 * Throws unless a matrix of weights may meet `x`: float like x, or float16 or int8, whose scales must then be of that
 * shape.
 */
export function checkWeight(op: string, name: string, t: Tensor, scales: Shape, x?: Tensor): void {
  checkTensor(op, name, t)
  if (!isNarrow(t.dtype)) return void checkFloats(op, x ? { x, [name]: t } : { [name]: t })
  if (x && x.device !== t.device) throw twoBackends(op, 'x', x, name, t)
  if (t.scales) checkShapeIs(op, `the scales of ${name}`, t.scales, scales, () => `for ${t}`)
}

/** The float of what is computed from weights: their own, or of narrow ones the backend's. */
export const floatOf = (t: Tensor): DType => (isNarrow(t.dtype) ? backendOf(t).floats[0] : t.dtype)

/** Narrow weights are for inference: nothing goes back through them or changes them. */
export function checkTrainable(op: string, name: string, t: Tensor): void {
  if (isNarrow(t.dtype))
    throw new HeedError(
      'unsupported',
      `${op}: ${name} is kept as ${t.dtype}, through which no gradient goes; load the model in float32 to train it`,
    )
}

/** Throws unless `t` is a live int32 (or other stated dtype) tensor on the backend of `like`. */
export function checkKind(
  op: string,
  name: string,
  t: Tensor,
  dtype: DType,
  like?: Tensor,
  advice = '',
): void {
  checkTensor(op, name, t)
  if (t.dtype !== dtype)
    throw new HeedTypeError(
      'dtype',
      `${op}: ${name} must be ${dtype}, got ${t.dtype} ${show(t.shape)}${advice && `; ${advice}`}`,
    )
  if (like && like.device !== t.device) throw twoBackends(op, name, t, 'the rest', like)
}

/** Throws unless a tensor has the shape; -1 stands for any size. `because` is asked when it has not. */
export function checkShapeIs(
  op: string,
  name: string,
  t: Tensor,
  expected: Shape,
  because?: () => string,
): void {
  if (t.rank !== expected.length || !expected.every((d, i) => d === -1 || d === t.shape[i]))
    throw new HeedTypeError(
      'shape',
      `${op}: ${name} must be ${show(expected).replaceAll('-1', '·')}${because ? ` ${because()}` : ''}, got ${show(t.shape)}`,
    )
}

function checkTensor(op: string, name: string, t: unknown): asserts t is Tensor {
  if (!(t instanceof Tensor))
    throw new HeedTypeError(
      'dtype',
      `${op}: ${name} must be a tensor, got ${describe(t)}; make one with tensor(data, shape)`,
    )
  t.assertLive(`${op}: ${name}`)
}

function checkSame(op: string, nameA: string, a: Tensor, nameB: string, b: Tensor): void {
  if (a.device !== b.device) throw twoBackends(op, nameA, a, nameB, b)
  if (a.dtype !== b.dtype)
    throw new HeedTypeError(
      'dtype',
      `${op}: ${nameA} is ${a.dtype} but ${nameB} is ${b.dtype}; use one of them`,
    )
}

function twoBackends(op: string, nameA: string, { device: a }: Tensor, nameB: string, { device: b }: Tensor) {
  const other = a.name === b.name ? `another ${b.name} backend` : b.name
  return new HeedTypeError(
    'backend',
    `${op}: ${nameA} is on ${a.name} but ${nameB} on ${other}; copy with tensor(await t.data(), t.shape, { backend })`,
  )
}

/** Throws unless min ≤ value (< max). NaN is always refused. */
export function checkNumber(op: string, name: string, value: number, min: number, below = Infinity): void {
  if (!(Number.isFinite(value) && value >= min && value < below))
    throw optionError(
      op,
      name,
      `a number from ${min}${below < Infinity ? ` to below ${below}` : ' up'}`,
      value,
    )
}

/** Throws unless `given` is an object that has no keys but `known`; `path` is the option it is, with a dot. */
export function checkOptions(op: string, given: unknown, known: readonly string[], path = ''): void {
  if (!isOptions(given)) throw optionError(op, 'the options', `an object { ${known.join(', ')} }`, given)
  const other = Object.keys(given).find((name) => !known.includes(name))
  if (other !== undefined)
    throw new HeedTypeError(
      'option',
      `${op}: there is no option '${path}${other}', only ${known.map((name) => path + name).join(', ')}`,
    )
}

/** Whether a value can be a set of options: not an array, map, date or tensor, whose contents would be ignored. */
export const isOptions = (value: unknown): value is object =>
  Object.prototype.toString.call(value) === '[object Object]' && !(value instanceof Tensor)

export const optionError = (op: string, name: string, must: string, got: unknown): HeedTypeError =>
  new HeedTypeError('option', `${op}: ${name} must be ${must}, got ${describe(got)}`)

/** A value, whatever it is, as a message can show it: short and on one line. */
export function describe(value: unknown): string {
  if (value instanceof Tensor) return `${value.dtype} tensor ${show(value.shape)}`
  if (typeof value === 'string') return JSON.stringify(value.slice(0, 40))
  if (typeof value === 'function') return 'a function'
  if (typeof value !== 'object' || value === null) return String(value)
  if (Array.isArray(value)) {
    const short = value.length <= 4 && value.every((x) => typeof x !== 'object' || x === null)
    return short ? `[${value.map(describe).join(', ')}]` : `an array of ${value.length}`
  }
  if (isOptions(value)) return `{ ${Object.keys(value).slice(0, 4).join(', ')} }`.replace('{  }', '{}')
  return Object.prototype.toString.call(value).slice(8, -1)
}

/** `t` itself when dense, else a dense copy. */
export function dense(t: Tensor): Tensor {
  if (t.isDense) return t
  const out = emptyLike(t)
  backendOf(t).kernels.copy(t, out)
  return out
}

export const emptyLike = (t: Tensor, shape: Shape = t.shape): Tensor => Tensor.empty(t.device, t.dtype, shape)
