import type { Activation } from '../backends/backend.js'
import { HeedTypeError } from '../errors.js'
import type { Tensor } from '../tensor/tensor.js'
import { checkFloats, dense, emptyLike } from './check.js'
import { record } from './record.js'
import { scope } from '../tensor/scope.js'

/**
 * max(0, x), elementwise: x float [...] → [...]. Backward: dy where x > 0 (0 at 0).
 *
 * @throws HeedTypeError `dtype` when x is not float.
 */
export const relu = (x: Tensor): Tensor => activation('relu', x)

/**
 * x · Φ(x) with the exact normal distribution function (Hendrycks & Gimpel 2016), elementwise: x float [...] → [...].
 * Backward: dy · (Φ(x) + x φ(x)).
 *
 * @throws HeedTypeError `dtype` when x is not float.
 */
export const gelu = (x: Tensor): Tensor => activation('gelu', x)

/**
 * The named activation, elementwise: x float [...] → [...].
 *
 * @throws HeedTypeError `option` for an unknown name, `dtype` when x is not float.
 */
export function activation(kind: Activation, x: Tensor): Tensor {
  return scope(() => {
    const { kernels } = checkFloats(kind, { x })
    if (kind !== 'relu' && kind !== 'gelu')
      throw new HeedTypeError(
        'option',
        `activation: '${String(kind)}' is not offered; there are 'relu' and 'gelu'`,
      )
    const input = dense(x)
    const out = emptyLike(x)
    kernels.activation(kind, input, out)
    return record(kind, [x], out, (dy) => {
      const dx = emptyLike(x)
      kernels.activationGrad(kind, input, dy, dx)
      return [dx]
    })
  })
}
