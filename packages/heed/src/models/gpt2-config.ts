import { HeedError } from '../errors.js'
import { ConfigReader } from './config.js'
import { activationOf, benignFields, type BlockConfig, mustBeOff } from './hugging-face.js'

export interface Gpt2Config extends BlockConfig {
  /** Scores are divided by √(D / heads). */
  scaled: boolean
  /** Scores of layer N (from 0) are divided by N + 1. */
  scaledByLayer: boolean
  /** The output over the vocabulary is the table of embeddings. */
  tied: boolean
}

const dropout = 'dropout is of training, which this family does not offer'
const summary = 'of an output that nothing here uses'

/** @throws HeedError `format` for a field that is missing or out of range, `unsupported` for an unknown one */
export function gpt2Config(json: Readonly<Record<string, unknown>>): Gpt2Config {
  const c = new ConfigReader(json, 'gpt2')
  c.benign({
    ...benignFields,
    resid_pdrop: dropout,
    embd_pdrop: dropout,
    attn_pdrop: dropout,
    summary_type: summary,
    summary_use_proj: summary,
    summary_activation: summary,
    summary_proj_to_labels: summary,
    summary_first_dropout: summary,
    pad_token_id: 'padding stands after a text, where no token of it looks',
    reorder_and_upcast_attn: 'the same scores in another order, for half precision; here they are float32',
  })
  mustBeOff(c, 'add_cross_attention', 'is_decoder', 'is_encoder_decoder')
  const width = c.count('n_embd', { max: 2 ** 16, fallback: 768 })
  const maxPositions = c.count('n_positions', { max: 2 ** 20, fallback: 1024 })
  const config: Gpt2Config = {
    json: { ...json, model_type: c.oneOf('model_type', ['gpt2']) },
    vocabSize: c.count('vocab_size', { max: 2 ** 24, fallback: 50257 }),
    width,
    layers: c.count('n_layer', { max: 512, fallback: 12 }),
    heads: c.count('n_head', { max: 2 ** 12, fallback: 12 }),
    inner: c.count('n_inner', { max: 2 ** 20, fallback: 4 * width }),
    activation: activationOf(c, 'activation_function', 'gelu_new'),
    maxPositions,
    normEps: c.number('layer_norm_epsilon', { min: 0, below: 1, fallback: 1e-5 }),
    scaled: c.oneOf('scale_attn_weights', [true, false], true),
    scaledByLayer: c.oneOf('scale_attn_by_inverse_layer_idx', [true, false], false),
    tied: c.oneOf('tie_word_embeddings', [true, false], true),
  }
  // The older name of n_positions, which files of 2019 hold beside it.
  const context = c.count('n_ctx', { max: 2 ** 20, fallback: maxPositions })
  c.end()
  if (context !== maxPositions)
    throw new HeedError('unsupported', `gpt2: n_ctx is ${context}, but n_positions is ${maxPositions}`)
  if (width % config.heads !== 0)
    throw new HeedError('format', `gpt2: ${config.heads} heads do not divide the width ${width}`)
  return config
}
