import { backendOf } from '../backends/current.js'
import { HeedTypeError } from '../errors.js'
import { type Shape, show, sizeOf } from '../tensor/shape.js'
import type { Tensor } from '../tensor/tensor.js'
import { dense, emptyLike } from './check.js'
import { record } from './record.js'
import { scope } from '../tensor/scope.js'

/**
 * The same elements in another shape; one dimension may be -1 and is computed. Copies only what is not dense.
 *
 * @throws HeedTypeError `shape` when the sizes differ.
 */
export function reshape(x: Tensor, shape: Shape): Tensor {
  return scope(() => {
    x.assertLive('reshape')
    const known = sizeOf(shape.filter((d) => d !== -1))
    const full = shape.map((d) => (d === -1 ? x.size / known : d))
    if (sizeOf(full) !== x.size || !full.every((d) => Number.isInteger(d) && d >= 0))
      throw new HeedTypeError(
        'shape',
        `reshape: ${show(x.shape)} (${x.size} elements) does not fill ${show(shape)}`,
      )
    return record('reshape', [x], dense(x).view(full), (dy) => [reshape(dy, x.shape)])
  })
}

/**
 * x[…, start:end, …] along `axis`, as a view: nothing is copied.
 *
 * @throws HeedTypeError `shape` when the range does not lie inside the axis.
 */
export function slice(x: Tensor, axis: number, start: number, end: number): Tensor {
  x.assertLive('slice')
  if (!(
    Number.isInteger(start) &&
    Number.isInteger(end) &&
    0 <= start &&
    start <= end &&
    end <= x.shape[axis]
  ))
    throw new HeedTypeError(
      'shape',
      `slice: ${start} to ${end} does not lie inside axis ${axis} of ${show(x.shape)}`,
    )
  const shape = x.shape.map((d, i) => (i === axis ? end - start : d))
  const out = x.view(shape, x.strides, x.offset + start * x.strides[axis])
  return record('slice', [x], out, (dy) => {
    const dx = emptyLike(x)
    const { kernels } = backendOf(x)
    kernels.fill(dx, 0)
    kernels.copy(dy, dx.view(shape, dx.strides, start * dx.strides[axis]))
    return [dx]
  })
}
