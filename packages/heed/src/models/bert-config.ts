import { HeedError } from '../errors.js'
import { ConfigReader } from './config.js'
import { activationOf, benignFields, type BlockConfig, mustBeOff } from './hugging-face.js'

/** What BERT, RoBERTa and DistilBERT are made of, whatever their config.json calls it. */
export interface BertConfig extends BlockConfig {
  /** The row of the position table that the first token takes. */
  positionOffset: number
  /** Rows of the table of token types; 0: none. */
  types: number
}

const dropout = 'dropout is of training, which these families do not offer'

/** @throws HeedError `format` for a field that is missing or out of range, `unsupported` for an unknown one */
export function bertConfig(json: Readonly<Record<string, unknown>>): BertConfig {
  return likeBert(json, 'bert', () => 0)
}

/** RoBERTa counts positions from pad_token_id + 1 on. */
export function robertaConfig(json: Readonly<Record<string, unknown>>): BertConfig {
  return likeBert(json, 'roberta', (c) => c.count('pad_token_id', { min: 0, max: 2 ** 24, fallback: 1 }) + 1)
}

function likeBert(
  json: Readonly<Record<string, unknown>>,
  type: string,
  offset: (c: ConfigReader) => number,
): BertConfig {
  const c = new ConfigReader(json, type)
  c.benign({
    ...benignFields,
    hidden_dropout_prob: dropout,
    attention_probs_dropout_prob: dropout,
    classifier_dropout: dropout,
    pad_token_id: 'padding is hidden by lengths',
    pooler_fc_size: 'of an output that nothing here uses',
    pooler_num_attention_heads: 'of an output that nothing here uses',
    pooler_num_fc_layers: 'of an output that nothing here uses',
    pooler_size_per_head: 'of an output that nothing here uses',
    pooler_type: 'of an output that nothing here uses',
    directionality: 'of an output that nothing here uses',
    cross_attention_hidden_size: 'of decoders',
  })
  mustBeOff(c, 'is_decoder', 'add_cross_attention', 'is_encoder_decoder')
  c.oneOf('position_embedding_type', ['absolute'], 'absolute')
  c.oneOf('tie_word_embeddings', [true], true)
  const positionOffset = offset(c)
  const rows = c.count('max_position_embeddings', { min: positionOffset + 1, max: 2 ** 20, fallback: 512 })
  const config: BertConfig = {
    json: { ...json, model_type: c.oneOf('model_type', [type]) },
    vocabSize: c.count('vocab_size', { max: 2 ** 24, fallback: 30522 }),
    width: c.count('hidden_size', { max: 2 ** 16, fallback: 768 }),
    layers: c.count('num_hidden_layers', { max: 512, fallback: 12 }),
    heads: c.count('num_attention_heads', { max: 2 ** 12, fallback: 12 }),
    inner: c.count('intermediate_size', { max: 2 ** 20, fallback: 3072 }),
    activation: activationOf(c, 'hidden_act', 'gelu'),
    maxPositions: rows - positionOffset,
    positionOffset,
    types: c.count('type_vocab_size', { min: 0, max: 2 ** 16, fallback: 2 }),
    normEps: c.number('layer_norm_eps', { min: 0, below: 1, fallback: 1e-12 }),
  }
  return finish(c, config)
}

export function distilbertConfig(json: Readonly<Record<string, unknown>>): BertConfig {
  const c = new ConfigReader(json, 'distilbert')
  c.benign({
    ...benignFields,
    dropout,
    attention_dropout: dropout,
    qa_dropout: dropout,
    seq_classif_dropout: dropout,
    pad_token_id: 'padding is hidden by lengths',
    sinusoidal_pos_embds: 'the table of positions is stored either way',
    tie_weights_: 'the output is always tied',
    output_past: 'of the Python interface',
  })
  c.oneOf('tie_word_embeddings', [true], true)
  const config: BertConfig = {
    json: { ...json, model_type: c.oneOf('model_type', ['distilbert']) },
    vocabSize: c.count('vocab_size', { max: 2 ** 24, fallback: 30522 }),
    width: c.count('dim', { max: 2 ** 16, fallback: 768 }),
    layers: c.count('n_layers', { max: 512, fallback: 6 }),
    heads: c.count('n_heads', { max: 2 ** 12, fallback: 12 }),
    inner: c.count('hidden_dim', { max: 2 ** 20, fallback: 3072 }),
    activation: activationOf(c, 'activation', 'gelu'),
    maxPositions: c.count('max_position_embeddings', { max: 2 ** 20, fallback: 512 }),
    positionOffset: 0,
    types: 0,
    normEps: 1e-12,
  }
  return finish(c, config)
}

function finish(c: ConfigReader, config: BertConfig): BertConfig {
  c.end()
  if (config.width % config.heads !== 0)
    throw new HeedError('format', `${c.name}: ${config.heads} heads do not divide the width ${config.width}`)
  return config
}
