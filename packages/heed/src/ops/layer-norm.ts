import { sizeOf } from '../tensor/shape.js'
import type { Tensor } from '../tensor/tensor.js'
import { checkFloats, checkNumber, checkShapeIs, dense, emptyLike } from './check.js'
import { record } from './record.js'
import { scope } from '../tensor/scope.js'

/**
 * γ ⊙ (x − mean) / √(variance + eps) + β over the last dimension (Ba, Kiros & Hinton 2016); the variance is the
 * biased one. x [..., D], gamma and beta [D].
 *
 * Backward, with x̂ the normalised x and g = γ ⊙ dy: dx = rstd · (g − mean(g) − x̂ · mean(g ⊙ x̂)), dγ = Σ dy ⊙ x̂, dβ = Σ dy.
 *
 * @throws HeedTypeError `shape` when gamma or beta are not [D].
 */
export function layerNorm(x: Tensor, gamma: Tensor, beta: Tensor, eps = 1e-5): Tensor {
  return scope(() => {
    const { kernels } = checkFloats('layerNorm', { x, gamma, beta })
    const width = x.shape.at(-1) ?? 1
    checkShapeIs('layerNorm', 'gamma', gamma, [width], () => `for x [..., ${width}]`)
    checkShapeIs('layerNorm', 'beta', beta, [width], () => `for x [..., ${width}]`)
    checkNumber('layerNorm', 'eps', eps, 0)
    const input = dense(x)
    const rows = sizeOf(x.shape.slice(0, -1))
    const [out, mean, rstd] = [emptyLike(x), emptyLike(x, [rows]), emptyLike(x, [rows])]
    kernels.layerNorm(input, dense(gamma), dense(beta), eps, out, mean, rstd)
    return record('layerNorm', [x, gamma, beta], out, (dy) => {
      const [dx, dGamma, dBeta] = [emptyLike(x), emptyLike(gamma), emptyLike(beta)]
      kernels.layerNormGrad({ x: input, gamma: dense(gamma), mean, rstd, dy, dx, dGamma, dBeta })
      return [dx, dGamma, dBeta]
    })
  })
}
