import { backendOf } from '../backends/current.js'
import { emptyLike } from '../ops/check.js'
import { scope } from '../tensor/scope.js'
import type { Tensor } from '../tensor/tensor.js'

/** Copies of tensors, by the same names. */
export function copies(params: Record<string, Tensor>): Record<string, Tensor> {
  const copied: Record<string, Tensor> = {}
  for (const [name, param] of Object.entries(params)) {
    copied[name] = emptyLike(param)
    backendOf(param).kernels.copy(param, copied[name])
  }
  return copied
}

/**
 * The exponential moving average of weights: average ← d·average + (1 − d)·param, in place, with
 * d = min(decay, (1 + updates) / (10 + updates)), so that the first, random weights are soon forgotten. It does what
 * averaging the last checkpoints does in "Attention Is All You Need" (section 6.1), and is there at every step.
 */
export function updateAverage(
  average: Record<string, Tensor>,
  params: Record<string, Tensor>,
  decay: number,
  updates: number,
): void {
  const d = Math.min(decay, (1 + updates) / (10 + updates))
  for (const [name, param] of Object.entries(params))
    scope(() => {
      const { kernels } = backendOf(param)
      const [before, now] = [emptyLike(param), emptyLike(param)]
      kernels.scale(average[name], d, before)
      kernels.scale(param, 1 - d, now)
      kernels.add(before, now, average[name])
    })
}
