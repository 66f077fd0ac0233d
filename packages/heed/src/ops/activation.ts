import { type Activation, activations } from '../backends/backend.js'
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
 * gelu by tanh, as many published models compute it: ½ x (1 + tanh(√(2/π) (x + 0.044715 x³))) (Hendrycks & Gimpel 2016;
 * PyTorch's gelu with approximate='tanh'), elementwise: x float [...] → [...]. With v = 2√(2/π) (x + 0.044715 x³) and σ the
 * logistic function it is x σ(v).
 * Backward: dy · σ(v) (1 + x v′ σ(−v)).
 *
 * @throws HeedTypeError `dtype` when x is not float.
 */
export const geluTanh = (x: Tensor): Tensor => activation('geluTanh', x)

/**
 * x σ(x), σ the logistic function (Elfwing, Uchibe & Doya 2017; also called swish), elementwise: x float [...] → [...].
 * Backward: dy · σ(x) (1 + x σ(−x)).
 *
 * @throws HeedTypeError `dtype` when x is not float.
 */
export const silu = (x: Tensor): Tensor => activation('silu', x)

/**
 * The named activation, elementwise: x float [...] → [...].
 *
 * @throws HeedTypeError `option` for an unknown name, `dtype` when x is not float.
 */
export function activation(kind: Activation, x: Tensor): Tensor {
  return scope(() => {
    const { kernels } = checkFloats(kind, { x })
    checkActivation('activation', kind)
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

/** Throws unless the activation is one that is offered. */
export function checkActivation(op: string, kind: Activation): void {
  if (!activations.includes(kind))
    throw new HeedTypeError(
      'option',
      `${op}: '${String(kind)}' is not offered; there are ${activations.map((name) => `'${name}'`).join(', ')}`,
    )
}
