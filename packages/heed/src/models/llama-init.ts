import { HeedError } from '../errors.js'
import { quote } from '../json.js'
import type { CreateOptions } from '../ops/create.js'
import { scope } from '../tensor/scope.js'
import type { CausalModel } from './causal.js'
import type { ModelFiles } from './family.js'
import { initializerRange, initialWeights } from './initial.js'
import { llama, mistral, qwen2, qwen3 } from './llama.js'

const kin = [llama, mistral, qwen2, qwen3]
/** Their `model_type`s. */
export const llamas: readonly string[] = kin.map(({ type }) => type)

/**
 * The family of Llama and its kin that a config.json names.
 *
 * @throws HeedError `unsupported` for any other
 */
export function llamaFamily({ model_type }: Readonly<Record<string, unknown>>): typeof llama {
  const family = kin.find(({ type }) => type === model_type)
  if (family) return family
  throw new HeedError('unsupported', `model_type ${quote(model_type)} is none of ${llamas.join(', ')}`)
}

/**
 * A new Llama, or one of its kin: matrices from N(0, σ), those that write into the residual stream (`o_proj`, `down_proj`) from
 * N(0, σ / √(2 · layers)), as in GPT-2 (Radford et al. 2019, section 2.3); biases 0, norms 1. σ is the config's
 * `initializer_range`, 0.02 where it says none: narrow models learn faster from more, such as 1/√hidden_size. The same seed gives
 * the same weights on every backend: weight n, in the order of the family's shapes, draws from `foldSeed(seed, n)`.
 *
 * @param json what config.json says; without an output of its own (`architectures` names no
 *   ForCausalLM) the embedding must be tied
 * @throws HeedError `format` or `unsupported` for fields of the config, and what reading the files throws
 */
export function initLlama(
  json: Readonly<Record<string, unknown>>,
  seed: number,
  { tokenizerJson, tokenizerConfig, generationConfig, ...create }: ModelFiles & CreateOptions = {},
): CausalModel {
  const family = llamaFamily(json)
  const config = family.config(json)
  const std = initializerRange(json)
  const residual = std / Math.sqrt(2 * config.layers)
  return scope(() => {
    const stdOf = (name: string) => (residualPart.test(name) ? residual : std)
    const weights = initialWeights(family.shapes(config), seed, stdOf, create)
    return family.create(config, weights, { tokenizerJson, tokenizerConfig, generationConfig })
  })
}

/** What writes into the residual stream. */
const residualPart = /\.(o_proj|down_proj)\.weight$/
