import { HeedTypeError } from '../errors.js'

export type Shape = readonly number[]

/** `[2, 3]` as people read it. */
export const show = (shape: Shape): string => `[${shape.join(', ')}]`

/** `0.50 GB`, of 2³⁰ bytes each, as people read it. */
export const gigabytes = (bytes: number): string => `${(bytes / 2 ** 30).toFixed(2)} GB`

export function sizeOf(shape: Shape): number {
  let size = 1
  for (const d of shape) size *= d
  return size
}

export const sameShape = (a: Shape, b: Shape): boolean =>
  a.length === b.length && a.every((d, i) => d === b[i])

/** Row-major strides in elements: the last dimension is dense. */
export function denseStrides(shape: Shape): number[] {
  const strides = Array<number>(shape.length)
  let stride = 1
  for (let i = shape.length - 1; i >= 0; i--) {
    strides[i] = stride
    stride *= shape[i]
  }
  return strides
}

/** The lowest and the highest offset that walking the strides reaches, where no dimension is 0. */
export function reach(shape: Shape, strides: readonly number[]): [lowest: number, highest: number] {
  let [lowest, highest] = [0, 0]
  for (let i = 0; i < shape.length; i++) {
    const step = (shape[i] - 1) * strides[i]
    if (step < 0) lowest += step
    else highest += step
  }
  return [lowest, highest]
}

/** Whether walking the strides visits memory in order; dimensions of size 1 may have any stride. */
export function isDense(shape: Shape, strides: readonly number[]): boolean {
  let stride = 1
  for (let i = shape.length - 1; i >= 0; i--) {
    if (shape[i] !== 1 && strides[i] !== stride) return false
    stride *= shape[i]
  }
  return true
}

/** Throws unless every dimension is a non-negative safe integer. */
export function checkShape(shape: Shape, what: string): void {
  if (!shape.every((d) => Number.isSafeInteger(d) && d >= 0) || !Number.isSafeInteger(sizeOf(shape)))
    throw new HeedTypeError(
      'shape',
      `${what}: ${show(shape)} is not a shape; dimensions are whole numbers from 0 up`,
    )
}
