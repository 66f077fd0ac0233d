import { HeedTypeError } from '../errors.js'
import { sameShape, show, sizeOf } from '../tensor/shape.js'
import type { Tensor } from '../tensor/tensor.js'
import { checkFloats, checkKind, checkNumber, dense, emptyLike } from './check.js'
import { record } from './record.js'
import { scope } from '../tensor/scope.js'

export interface CrossEntropyOptions {
  /** Share ε of the target spread evenly over all classes (Szegedy et al. 2016). Default 0. */
  labelSmoothing?: number
  /** Rows with this target count for nothing. Default -100, as in PyTorch. */
  ignore?: number
}

/**
 * The mean over rows of (1 − ε) · (lse − logit_target) + ε · (lse − mean(logits)), lse = log Σ exp(logits): logits
 * [..., V], targets int32 [...] → a tensor of shape []. Rows whose target is `ignore` are left out; when all are, 0. A
 * target that is no class gives NaN.
 *
 * Backward: (softmax(logits) − (1 − ε)·onehot − ε/V) / rows.
 *
 * @throws HeedTypeError `shape` when targets do not match the logits' leading dimensions.
 */
export function crossEntropy(logits: Tensor, targets: Tensor, options: CrossEntropyOptions = {}): Tensor {
  return scope(() => {
    const { labelSmoothing = 0, ignore = -100 } = options
    const { kernels } = checkFloats('crossEntropy', { logits })
    checkKind('crossEntropy', 'targets', targets, 'int32', logits)
    if (!sameShape(targets.shape, logits.shape.slice(0, -1)))
      throw new HeedTypeError(
        'shape',
        `crossEntropy: targets ${show(targets.shape)} do not match logits ${show(logits.shape)} without their last dimension`,
      )
    checkNumber('crossEntropy', 'labelSmoothing', labelSmoothing, 0, 1)
    const rows = sizeOf(targets.shape)
    const [losses, lse] = [emptyLike(logits, [rows]), emptyLike(logits, [rows])]
    const [loss, count] = [emptyLike(logits, []), emptyLike(logits, [1])]
    const args = {
      logits: dense(logits),
      targets: dense(targets),
      smoothing: labelSmoothing,
      ignore,
      lse,
      count,
    }
    kernels.crossEntropy({ ...args, losses, loss })
    return record('crossEntropy', [logits], loss, (dLoss) => {
      const dLogits = emptyLike(logits)
      kernels.crossEntropyGrad({ ...args, dLoss, dLogits })
      return [dLogits]
    })
  })
}
