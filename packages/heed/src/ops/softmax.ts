import type { Tensor } from '../tensor/tensor.js'
import { checkFloats, dense, emptyLike } from './check.js'
import { record } from './record.js'
import { scope } from '../tensor/scope.js'

/**
 * exp(x) / Σ exp(x) over the last dimension, computed from x − max(x): x float [..., N] → [..., N]. A row
 * of −∞ alone gives zeros.
 *
 * Backward: dx = y ⊙ (dy − Σ dy ⊙ y).
 *
 * @throws HeedTypeError `dtype` when x is not float.
 */
export function softmax(x: Tensor): Tensor {
  return scope(() => {
    const { kernels } = checkFloats('softmax', { x })
    const y = emptyLike(x)
    kernels.softmax(dense(x), y)
    return record('softmax', [x], y, (dy) => {
      const dx = emptyLike(x)
      kernels.softmaxGrad(y, dy, dx)
      return [dx]
    })
  })
}
