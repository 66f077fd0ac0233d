import type { Kernels } from '../backend.js'
import { maxOf, sumOf } from './reductions.js'
import { elements, rowsOf } from './storage.js'

export const crossEntropy: Kernels['crossEntropy'] = (args) => {
  const { smoothing, ignore } = args
  const [targets, losses, lse] = [elements(args.targets), elements(args.losses), elements(args.lse)]
  let [total, count] = [0, 0]
  rowsOf(args.logits).forEach((z, r) => {
    const largest = maxOf(z)
    const target = targets[r]
    const logSumExp = largest + Math.log(sumOf(Float64Array.from(z, (zj) => Math.exp(zj - largest))))
    // A target that is no class has no logit, and the loss is NaN.
    let loss = (1 - smoothing) * (logSumExp - (z[target] ?? NaN))
    // Only where it counts: the mean of a row with −∞ in it would make 0 · ∞.
    if (smoothing > 0) loss += smoothing * (logSumExp - sumOf(z) / z.length)
    losses[r] = target === ignore ? 0 : loss
    lse[r] = logSumExp
    total += target === ignore ? 0 : loss
    count += target === ignore ? 0 : 1
  })
  elements(args.loss)[0] = count ? total / count : 0
  elements(args.count)[0] = count
}

export const crossEntropyGrad: Kernels['crossEntropyGrad'] = (args) => {
  const { smoothing, ignore } = args
  const [targets, lse, dLogits] = [elements(args.targets), elements(args.lse), rowsOf(args.dLogits)]
  const perRow = elements(args.dLoss)[0] / elements(args.count)[0]
  rowsOf(args.logits).forEach((z, r) => {
    if (targets[r] === ignore) return void dLogits[r].fill(0)
    for (let j = 0; j < z.length; j++) {
      const oneHot = j === targets[r] ? 1 : 0
      dLogits[r][j] = perRow * (Math.exp(z[j] - lse[r]) - (1 - smoothing) * oneHot - smoothing / z.length)
    }
  })
}
