import { foldSeed } from '../backends/random.js'
import { type CreateOptions, full, randn } from '../ops/create.js'
import { scope } from '../tensor/scope.js'
import type { Shape } from '../tensor/shape.js'
import type { Tensor } from '../tensor/tensor.js'
import type { CausalModel } from './causal.js'
import type { ModelFiles } from './family.js'
import { llama } from './llama.js'

/**
 * A new Llama: matrices from N(0, 0.02), those that write into the residual stream (`o_proj`, `down_proj`) from
 * N(0, 0.02 / √(2 · layers)), as in GPT-2 (Radford et al. 2019, section 2.3); biases 0, norms 1. The same seed gives
 * the same weights on every backend: weight n, in the order of the family's shapes, draws from `foldSeed(seed, n)`.
 *
 * @param json what config.json says, `model_type` llama; without an output of its own (`architectures` names no
 *   ForCausalLM) the embedding must be tied
 * @throws HeedError `format` or `unsupported` for fields of the config, and what reading the files throws
 */
export function initLlama(
  json: Readonly<Record<string, unknown>>,
  seed: number,
  { tokenizerJson, tokenizerConfig, generationConfig, ...create }: ModelFiles & CreateOptions = {},
): CausalModel {
  const config = llama.config(json)
  return scope(() => {
    const weights: Record<string, Tensor> = {}
    for (const [n, [name, shape]] of [...llama.shapes(config)].entries())
      weights[name] = initial(name, shape, config.layers, foldSeed(seed, n), create)
    return llama.create(config, weights, { tokenizerJson, tokenizerConfig, generationConfig })
  })
}

function initial(name: string, shape: Shape, layers: number, seed: number, options: CreateOptions): Tensor {
  if (name.endsWith('.bias')) return full(shape, 0, options)
  if (shape.length === 1) return full(shape, 1, options)
  const residual = /\.(o_proj|down_proj)\.weight$/.test(name)
  return randn(shape, { seed, std: residual ? 0.02 / Math.sqrt(2 * layers) : 0.02, ...options })
}
