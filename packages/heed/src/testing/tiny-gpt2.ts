import type { CausalModel, ModelFiles } from '../models/index.js'
import { gpt2 } from '../models/gpt2.js'
import { randn } from '../ops/index.js'
import { scope } from '../tensor/index.js'
import { learnBpe } from '../text/index.js'

const lines = [
  'the dog sees the cat',
  'the cat sees the dog',
  'der Hund sieht die Katze',
  'ein großer Elefant',
]

/** 270 ids, of which id 0 ends a text. */
export const tinyTokenizerJson = await learnBpe(lines, { vocabSize: 270, specials: ['<|endoftext|>'] })

/** A GPT-2 of a few hundred weights on the current backend, with a byte-level tokenizer. The caller disposes it. */
export function tinyGpt2(json: Record<string, unknown> = {}, files: ModelFiles = {}, seed = 1): CausalModel {
  const config = gpt2.config({
    model_type: 'gpt2',
    vocab_size: 280,
    n_embd: 8,
    n_layer: 2,
    n_head: 2,
    n_positions: 32,
    ...json,
  })
  return scope(() => {
    const shapes = [...gpt2.shapes(config), ...gpt2.optionalShapes!(config)]
    const weights = shapes.map(
      ([name, shape], n) => [name, randn(shape, { seed: seed + n, std: 0.6 })] as const,
    )
    return gpt2.create(config, Object.fromEntries(weights), { tokenizerJson: tinyTokenizerJson, ...files })
  })
}
