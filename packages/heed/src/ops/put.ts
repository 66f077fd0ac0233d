import { backendOf } from '../backends/current.js'
import { scope } from '../tensor/scope.js'
import { type Shape, show } from '../tensor/shape.js'
import type { Tensor } from '../tensor/tensor.js'
import { checkFloats, checkShapeIs, dense, emptyLike } from './check.js'
import { zeros } from './create.js'
import { record } from './record.js'

/** A part of a tensor, as a view of it, and what comes there: a tensor of the view's shape, of any strides. */
export interface PutPart {
  readonly at: (t: Tensor) => Tensor
  readonly by: Tensor
}

/**
 * x with other numbers in some of its parts, which do not overlap. Backward: the gradient of a part goes to what was
 * put there, and none of it to x.
 *
 * @throws HeedTypeError `shape` for what is not of its part's shape, `dtype` or `backend` for what is not of x's
 */
export function put(x: Tensor, parts: readonly PutPart[]): Tensor {
  return scope(() => {
    const { kernels } = checkFloats(
      'put',
      { x },
      Object.fromEntries(parts.map(({ by }, n) => [`by${n}`, by])),
    )
    const out = emptyLike(x)
    kernels.copy(x, out)
    for (const [n, { at, by }] of parts.entries()) {
      const there = at(out)
      checkShapeIs('put', `by${n}`, by, there.shape, () => `for its part of x ${show(x.shape)}`)
      kernels.copy(by, there)
    }
    return record('put', [x, ...parts.map(({ by }) => by)], out, (dy, [wantX, ...wantBy]) => {
      const dx = emptyLike(x)
      kernels.copy(dy, dx)
      for (const { at, by } of parts) kernels.copy(zerosFor(x, by.shape), at(dx))
      const dBy = parts.map(({ at }, n) => (wantBy[n] ? dense(at(dense(dy))) : undefined))
      return [wantX ? dx : undefined, ...dBy]
    })
  })
}

/** Zeros on x's backend, of any shape: one number, seen everywhere. */
export const zerosFor = (x: Tensor, shape: Shape = x.shape): Tensor =>
  zeros([1], { dtype: x.dtype, backend: backendOf(x) }).view(
    shape,
    shape.map(() => 0),
  )
