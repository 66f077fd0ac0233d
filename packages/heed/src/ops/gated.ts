import type { Activation } from '../backends/backend.js'
import { HeedTypeError } from '../errors.js'
import { sameShape, show } from '../tensor/shape.js'
import { scope } from '../tensor/scope.js'
import type { Tensor } from '../tensor/tensor.js'
import { checkActivation } from './activation.js'
import { checkFloats, dense, emptyLike } from './check.js'
import { record } from './record.js'

/**
 * f(gate) ⊙ up, f the named activation: the heart of a gated feed-forward network ("GLU Variants Improve Transformer",
 * Shazeer 2020): `silu` makes SwiGLU, `gelu` and `geluTanh` GEGLU, `relu` ReGLU. gate and up float [...] → [...].
 *
 * Backward: dGate = dy ⊙ up ⊙ f′(gate), dUp = dy ⊙ f(gate).
 *
 * @throws HeedTypeError `shape` with both shapes when they differ, `option` for an unknown activation, `dtype` when
 *   gate or up are not float.
 */
export function gated(gate: Tensor, up: Tensor, kind: Activation): Tensor {
  return scope(() => {
    const { kernels } = checkFloats('gated', { gate, up })
    checkActivation('gated', kind)
    if (!sameShape(gate.shape, up.shape))
      throw new HeedTypeError(
        'shape',
        `gated: gate is ${show(gate.shape)} but up is ${show(up.shape)}; they need one shape`,
      )
    const [g, u, out] = [dense(gate), dense(up), emptyLike(gate)]
    kernels.gated(kind, g, u, out)
    return record('gated', [gate, up], out, (dy) => {
      const [dGate, dUp] = [emptyLike(gate), emptyLike(up)]
      kernels.gatedGrad({ kind, gate: g, up: u, dy, dGate, dUp })
      return [dGate, dUp]
    })
  })
}
