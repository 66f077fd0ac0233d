import { bert } from '../models/bert.js'
import type { CausalModel, EncoderModel, Family, Model } from '../models/index.js'
import { llama, qwen2 } from '../models/llama.js'
import { randn } from '../ops/index.js'
import { scope } from '../tensor/index.js'
import { tinyTokenizerJson } from './tiny-gpt2.js'

/** A model of a family with random weights on the current backend, and a byte-level tokenizer. The caller disposes it. */
function tiny<C, M extends Model>(family: Family<C, M>, json: Record<string, unknown>): M {
  const config = family.config({ model_type: family.type, vocab_size: 280, ...json })
  return scope(() => {
    const shapes = [...family.shapes(config), ...(family.optionalShapes?.(config) ?? [])]
    const weights = shapes.map(([name, shape], n) => [name, randn(shape, { seed: n + 1, std: 0.6 })] as const)
    return family.create(config, Object.fromEntries(weights), { tokenizerJson: tinyTokenizerJson })
  })
}

const llamaShape = {
  hidden_size: 8,
  intermediate_size: 12,
  num_hidden_layers: 2,
  num_attention_heads: 4,
  num_key_value_heads: 2,
  max_position_embeddings: 32,
}

/** Four query heads on two key heads, without biases. */
export const tinyLlama = (): CausalModel => tiny(llama, llamaShape)

/** The same with biases of queries, keys and values. */
export const tinyQwen2 = (): CausalModel => tiny(qwen2, { ...llamaShape, tie_word_embeddings: true })

export const tinyBert = (): EncoderModel =>
  tiny(bert, {
    hidden_size: 8,
    intermediate_size: 12,
    num_hidden_layers: 2,
    num_attention_heads: 2,
    max_position_embeddings: 32,
    type_vocab_size: 2,
  })
