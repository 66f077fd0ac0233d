import { sizeOf } from '../tensor/shape.js'
import { scope } from '../tensor/scope.js'
import type { Tensor } from '../tensor/tensor.js'
import { checkFloats, checkNumber, checkShapeIs, dense, emptyLike } from './check.js'
import { record } from './record.js'

/**
 * γ ⊙ x / √(mean(x²) + eps) over the last dimension (Zhang & Sennrich 2019): layer normalisation that leaves the mean
 * alone. x [..., D], gamma [D].
 *
 * Backward, with x̂ the normalised x and g = γ ⊙ dy: dx = rstd · (g − x̂ · mean(g ⊙ x̂)), dγ = Σ dy ⊙ x̂.
 *
 * @throws HeedTypeError `shape` when gamma is not [D], `option` when eps is negative.
 */
export function rmsNorm(x: Tensor, gamma: Tensor, eps = 1e-6): Tensor {
  return scope(() => {
    const { kernels } = checkFloats('rmsNorm', { x, gamma })
    const width = x.shape.at(-1) ?? 1
    checkShapeIs('rmsNorm', 'gamma', gamma, [width], () => `for x [..., ${width}]`)
    checkNumber('rmsNorm', 'eps', eps, 0)
    const input = dense(x)
    const [out, rstd] = [emptyLike(x), emptyLike(x, [sizeOf(x.shape.slice(0, -1))])]
    kernels.rmsNorm(input, dense(gamma), eps, out, rstd)
    return record('rmsNorm', [x, gamma], out, (dy) => {
      const [dx, dGamma] = [emptyLike(x), emptyLike(gamma)]
      kernels.rmsNormGrad({ x: input, gamma: dense(gamma), rstd, dy, dx, dGamma })
      return [dx, dGamma]
    })
  })
}
