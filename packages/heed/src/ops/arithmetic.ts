import { HeedTypeError } from '../errors.js'
import { sameShape, show } from '../tensor/shape.js'
import type { Tensor } from '../tensor/tensor.js'
import { checkFloats, dense, emptyLike } from './check.js'
import { record } from './record.js'
import { scope } from '../tensor/scope.js'

/**
 * x + y, the residual connection. y has x's shape, or x's trailing dimensions and repeats over the leading ones
 * (positions [T, D] added to [B, T, D]).
 *
 * Backward: dx = dy; y gets dy summed over what it repeats.
 *
 * @throws HeedTypeError `shape` with both shapes.
 */
export function add(x: Tensor, y: Tensor): Tensor {
  return scope(() => {
    const { kernels } = checkFloats('add', { x, y })
    if (y.rank > x.rank || !sameShape(y.shape, x.shape.slice(x.rank - y.rank)))
      throw new HeedTypeError(
        'shape',
        `add: ${show(y.shape)} is neither ${show(x.shape)} nor its trailing dimensions`,
      )
    const out = emptyLike(x)
    if (out.size) kernels.add(dense(x), dense(y), out)
    return record('add', [x, y], out, (dOut) => {
      if (y.size === x.size) return [dOut.view(x.shape), dOut.view(y.shape)]
      const dY = emptyLike(y)
      kernels.sumLeading(dOut, dY)
      return [dOut.view(x.shape), dY]
    })
  })
}

/**
 * factor · x for a finite number: x float [...] → [...]. Backward: factor · dy.
 *
 * @throws HeedTypeError `option` when the factor is not finite, `dtype` when x is not float.
 */
export function scale(x: Tensor, factor: number): Tensor {
  return scope(() => {
    const { kernels } = checkFloats('scale', { x })
    if (!Number.isFinite(factor))
      throw new HeedTypeError('option', `scale: the factor must be finite, got ${factor}`)
    const out = emptyLike(x)
    kernels.scale(dense(x), factor, out)
    return record('scale', [x], out, (dy) => {
      const dx = emptyLike(x)
      kernels.scale(dy, factor, dx)
      return [dx]
    })
  })
}
