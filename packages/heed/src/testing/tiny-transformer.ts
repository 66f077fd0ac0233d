import { initTransformer, type Transformer, type TransformerConfig } from '../models/index.js'
import { learnBpe } from '../text/index.js'

const lines = [
  'the dog sees the cat',
  'the cat sees the dog',
  'der Hund sieht die Katze',
  'die Katze sieht den Hund',
]

const tokenizerJson = await learnBpe(lines, { vocabSize: 270 })

/** A transformer of a few hundred weights on the current backend, with a byte-level tokenizer. The caller disposes it. */
export function tinyTransformer(config: Partial<TransformerConfig> = {}, seed = 1): Transformer {
  return initTransformer(
    {
      d_model: 8,
      num_heads: 2,
      encoder_layers: 2,
      decoder_layers: 2,
      d_ff: 12,
      max_positions: 24,
      ...config,
      vocab_size: 270,
    },
    seed,
    { tokenizerJson },
  )
}

/** The same without a tokenizer, and with a vocabulary of a few ids. */
export const tinyOnIds = (config: Partial<TransformerConfig> = {}, seed = 1): Transformer =>
  initTransformer(
    {
      vocab_size: 9,
      d_model: 4,
      num_heads: 2,
      encoder_layers: 1,
      decoder_layers: 1,
      d_ff: 6,
      max_positions: 16,
      ...config,
    },
    seed,
  )
