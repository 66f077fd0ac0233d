import type { Kernels } from '../../backend.js'
import type { Kernel, RunKernel } from '../emit/kernel.js'
import type { WasmHost } from '../storage.js'
import { activation, activationKernels } from './activation.js'
import { arithmetic, arithmeticKernels } from './arithmetic.js'
import { attention, attentionKernels } from './attention.js'
import { attentionOne, attentionOneKernels } from './attention-one.js'
import { attentionGrad, attentionGradKernels } from './attention-grad.js'
import { copy, copyKernels } from './copy.js'
import { crossEntropy, crossEntropyKernels } from './cross-entropy.js'
import { dropout, dropoutKernels } from './dropout.js'
import { embedding, embeddingKernels } from './embedding.js'
import { gated, gatedKernels } from './gated.js'
import { layerNorm, layerNormKernels } from './layer-norm.js'
import { matmul, matmulKernels } from './matmul.js'
import { optimizer, optimizerKernels } from './optimizer.js'
import { rmsNorm, rmsNormKernels } from './rms-norm.js'
import { rotary, rotaryKernels } from './rotary.js'
import { softmax, softmaxKernels } from './softmax.js'

export const kernels: readonly Kernel[] = [
  ...arithmeticKernels,
  ...copyKernels,
  ...activationKernels,
  ...gatedKernels,
  ...dropoutKernels,
  ...softmaxKernels,
  ...layerNormKernels,
  ...rmsNormKernels,
  ...embeddingKernels,
  ...matmulKernels,
  ...rotaryKernels,
  ...attentionKernels,
  ...attentionOneKernels,
  ...attentionGradKernels,
  ...crossEntropyKernels,
  ...optimizerKernels,
]

/** The backend's kernels as the ops call them. */
export function bindKernels(run: RunKernel, host: WasmHost): Kernels {
  const basic = arithmetic(run, host)
  const several = attention(run, host)
  return {
    ...basic,
    ...copy(run, host),
    ...activation(run),
    ...gated(run),
    ...dropout(run),
    ...softmax(run),
    ...layerNorm(run),
    ...rmsNorm(run),
    ...embedding(run, basic),
    ...matmul(run, basic, host),
    ...rotary(run),
    ...several,
    ...attentionOne(run, host, several),
    ...attentionGrad(run, host),
    ...crossEntropy(run, host),
    ...optimizer(run, host),
  }
}
