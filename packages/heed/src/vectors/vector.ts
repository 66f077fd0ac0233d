import { HeedTypeError } from '../errors.js'

/** A vector [D]. Whatever its storage, sums are taken in float64. */
export type Vector = Float32Array | Float64Array

/** @throws HeedTypeError `shape` with both lengths when they differ, or when there is no element at all. */
export function checkSameLength(operation: string, a: Vector, b: Vector): void {
  if (a.length !== b.length)
    throw new HeedTypeError(
      'shape',
      `${operation}: vectors of ${a.length} and ${b.length} elements; they must be of one space`,
    )
  checkNotEmpty(operation, a)
}

export function checkNotEmpty(operation: string, a: Vector): void {
  if (a.length === 0)
    throw new HeedTypeError('shape', `${operation}: a vector of 0 elements; give at least one`)
}

/**
 * `result` when it is finite. NaN and ∞ spread through every sum, so looking at the result finds them without a pass
 * of its own; only then are the operands searched, to name the place.
 *
 * @throws HeedTypeError `input` naming the operand's element, or saying that the numbers are too large
 */
export function checkFinite(operation: string, result: number, ...operands: readonly Vector[]): number {
  if (Number.isFinite(result)) return result
  for (const operand of operands) {
    const at = operand.findIndex((x) => !Number.isFinite(x))
    if (at >= 0)
      throw new HeedTypeError(
        'input',
        `${operation}: element ${at} is ${operand[at]}; vectors hold finite numbers`,
      )
  }
  throw new HeedTypeError(
    'input',
    `${operation}: the result is ${result}; the numbers are too large for float64`,
  )
}
