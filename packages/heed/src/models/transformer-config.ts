import { HeedError } from '../errors.js'
import type { Shape } from '../tensor/shape.js'
import { ConfigReader } from './config.js'
import { layerActivations, type SiteNames } from './run.js'

/** config.json of the encoder-decoder Transformer of "Attention Is All You Need" (Vaswani et al. 2017). */
export interface TransformerConfig {
  model_type: 'heed-transformer'
  architectures: string[]
  /** Of source and target together. */
  vocab_size: number
  /** Width of the residual stream; num_heads divides it. Default 256. */
  d_model: number
  /** Default 4. */
  num_heads: number
  /** Default 3. */
  encoder_layers: number
  /** Default 3. */
  decoder_layers: number
  /** Width inside the feed-forward networks. Default 4 · d_model. */
  d_ff: number
  /** On embeddings and on what every sub-layer adds. Default 0.1. */
  dropout: number
  /** `post` is the paper's LayerNorm(x + f(x)); `pre` is x + f(LayerNorm(x)) with final norms, easier to train. Default `pre`. */
  norm: 'pre' | 'post'
  /** The most tokens of a source, and of a target. Default 256. */
  max_positions: number
  /** Default 1e-5. */
  layer_norm_eps: number
  /** One matrix embeds source and target and scores the output (section 3.4); nothing else is offered. */
  tie_embeddings: true
  /** Defaults 0 to 3. */
  pad_token_id: number
  bos_token_id: number
  eos_token_id: number
  unk_token_id: number
}

/**
 * Checks a config.json and fills in the defaults.
 *
 * @throws HeedError `format` for a field that is missing or out of range, `unsupported` for an unknown one
 */
export function transformerConfig(json: Readonly<Record<string, unknown>>): TransformerConfig {
  const c = new ConfigReader(json, 'heed-transformer')
  const d_model = c.count('d_model', { max: 2 ** 16, fallback: 256 })
  const vocab_size = c.count('vocab_size', { max: 2 ** 24 })
  const id = (field: string, fallback: number) => c.count(field, { min: 0, max: vocab_size - 1, fallback })
  const config: TransformerConfig = {
    model_type: c.oneOf('model_type', ['heed-transformer'], 'heed-transformer'),
    architectures: c.strings('architectures', ['HeedTransformer']),
    vocab_size,
    d_model,
    num_heads: c.count('num_heads', { max: d_model, fallback: 4 }),
    encoder_layers: c.count('encoder_layers', { max: 512, fallback: 3 }),
    decoder_layers: c.count('decoder_layers', { max: 512, fallback: 3 }),
    d_ff: c.count('d_ff', { max: 2 ** 20, fallback: 4 * d_model }),
    dropout: c.number('dropout', { min: 0, below: 1, fallback: 0.1 }),
    norm: c.oneOf('norm', ['pre', 'post'], 'pre'),
    max_positions: c.count('max_positions', { max: 2 ** 20, fallback: 256 }),
    layer_norm_eps: c.number('layer_norm_eps', { min: 0, below: 1, fallback: 1e-5 }),
    tie_embeddings: c.oneOf('tie_embeddings', [true], true),
    pad_token_id: id('pad_token_id', 0),
    bos_token_id: id('bos_token_id', 1),
    eos_token_id: id('eos_token_id', 2),
    unk_token_id: id('unk_token_id', 3),
  }
  c.end()
  if (d_model % config.num_heads !== 0)
    throw new HeedError(
      'format',
      `heed-transformer: num_heads ${config.num_heads} does not divide d_model ${d_model}`,
    )
  if (config.bos_token_id === config.eos_token_id)
    throw new HeedError(
      'format',
      `heed-transformer: bos_token_id and eos_token_id are both ${config.bos_token_id}`,
    )
  return config
}

/** The name and shape of every weight, in the order of the computation. */
export function transformerShapes(config: TransformerConfig): Map<string, Shape> {
  const { d_model: D, d_ff: F, norm } = config
  const shapes = new Map<string, Shape>([['embedding.weight', [config.vocab_size, D]]])
  const linear = (name: string, out: number, width: number) =>
    shapes.set(`${name}.weight`, [out, width]).set(`${name}.bias`, [out])
  const layerNorm = (name: string) => shapes.set(`${name}.weight`, [D]).set(`${name}.bias`, [D])
  const block = (at: string, attentions: string[]) => {
    for (const site of attentions)
      for (const matrix of ['query', 'key', 'value', 'output']) linear(`${at}.${site}.${matrix}`, D, D)
    linear(`${at}.feed_forward.in`, F, D)
    linear(`${at}.feed_forward.out`, D, F)
    for (let n = 1; n <= attentions.length + 1; n++) layerNorm(`${at}.norm${n}`)
  }
  for (let i = 0; i < config.encoder_layers; i++) block(`encoder.${i}`, ['self'])
  if (norm === 'pre') layerNorm('encoder.norm')
  for (let i = 0; i < config.decoder_layers; i++) block(`decoder.${i}`, ['self', 'cross'])
  if (norm === 'pre') layerNorm('decoder.norm')
  return shapes
}

/** Sites and activations of a model, in the order of the computation. */
export function transformerSites(config: TransformerConfig): SiteNames {
  const sites: string[] = []
  const activations: string[] = []
  const side = (name: string, layers: number, attentions: string[]) => {
    activations.push(`${name}.embedding`)
    for (let i = 0; i < layers; i++) {
      sites.push(...attentions.map((attention) => `${name}.${i}.${attention}`))
      activations.push(...layerActivations(`${name}.${i}`, attentions))
    }
    activations.push(`${name}.output`)
  }
  side('encoder', config.encoder_layers, ['self'])
  side('decoder', config.decoder_layers, ['self', 'cross'])
  return { sites, activations: [...activations, 'logits'] }
}
