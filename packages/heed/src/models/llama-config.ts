import { HeedError } from '../errors.js'
import type { RotaryFrequencies } from '../nn/index.js'
import { ConfigReader } from './config.js'
import { activationOf, benignFields, type BlockConfig, mustBeOff } from './hugging-face.js'
import { rotaryOf } from './rotary-config.js'

/** What Llama and its kin are made of. */
export interface LlamaConfig extends BlockConfig {
  /** Heads of keys and values: each serves heads / kvHeads query heads (Ainslie et al. 2023). */
  kvHeads: number
  headDim: number
  rotary: RotaryFrequencies
  /** By layer: how many keys a query sees, its own the last; undefined: all up to its own. */
  windows: readonly (number | undefined)[]
  /** Whether every query and key head is normalised before it is turned. */
  headNorms: boolean
  biases: Biases
  /** The output over the vocabulary: the embedding, a table that must be there, or one that may be. */
  output: 'tied' | 'own' | 'optional'
}

interface Biases {
  /** Of the projections to queries, keys and values. */
  attention: boolean
  /** Of the projection of the joined heads. */
  heads: boolean
  feedForward: boolean
}

/** Where the families differ: the defaults of transformers, and fields that only some of them have. */
export interface Kind {
  vocabSize: number
  inner: number
  maxPositions: number
  /** Default: as many as query heads. */
  kvHeads?: number
  /** Default: D / heads. */
  headDim?: number
  headNorms?: boolean
  biases(c: ConfigReader): Biases
  windows(c: ConfigReader, layers: number): LlamaConfig['windows']
}

/** Touvron et al. 2023, and all that is saved as Llama, such as SmolLM. */
export const llamaKind: Kind = {
  vocabSize: 32000,
  inner: 11008,
  maxPositions: 2048,
  biases(c) {
    const attention = flag(c, 'attention_bias')
    return { attention, heads: attention, feedForward: flag(c, 'mlp_bias') }
  },
  windows(c, layers) {
    c.oneOf('pretraining_tp', [1], 1)
    c.benign({ is_llama_config: 'a label', unsloth_fixed: 'a label' })
    if (!c.has('sliding_window')) c.benign({ sliding_window: 'null: none' })
    mustBeOff(c, 'rope_interleaved')
    return sameAsLayerTypes(c, Array<undefined>(layers).fill(undefined))
  },
}

/** Jiang et al. 2023: every layer has a sliding window, or none. */
export const mistralKind: Kind = {
  vocabSize: 32000,
  inner: 14336,
  maxPositions: 131072,
  kvHeads: 8,
  biases: () => ({ attention: false, heads: false, feedForward: false }),
  windows: (c, layers) => sameAsLayerTypes(c, Array<number | undefined>(layers).fill(windowOf(c))),
}

/** Yang et al. 2024 (Qwen2, Qwen2.5): biases of queries, keys and values, whatever the config says. */
export const qwen2Kind: Kind = {
  vocabSize: 151936,
  inner: 22016,
  maxPositions: 32768,
  kvHeads: 32,
  biases: () => ({ attention: true, heads: false, feedForward: false }),
  windows(c, layers) {
    mustBeOff(c, 'use_mrope')
    return qwenWindows(c, layers)
  },
}

/** Yang et al. 2025: heads are normalised, and their size is given apart. */
export const qwen3Kind: Kind = {
  ...qwen2Kind,
  headDim: 128,
  headNorms: true,
  biases(c) {
    const attention = flag(c, 'attention_bias')
    return { attention, heads: attention, feedForward: false }
  },
  windows: qwenWindows,
}

/** @throws HeedError `format` for a field that is missing or out of range, `unsupported` for an unknown one */
export function llamaConfig(json: Readonly<Record<string, unknown>>, type: string, kind: Kind): LlamaConfig {
  const c = new ConfigReader(json, type)
  c.benign({
    ...benignFields,
    attention_dropout: 'dropout is of training, which these families do not offer',
    pad_token_id: 'padding comes after a text, where no token of it looks',
    is_decoder: 'they are decoders whatever it says',
  })
  mustBeOff(c, 'add_cross_attention', 'is_encoder_decoder')
  const width = c.count('hidden_size', { max: 2 ** 16, fallback: 4096 })
  const layers = c.count('num_hidden_layers', { max: 512, fallback: 32 })
  const heads = c.count('num_attention_heads', { max: 2 ** 12, fallback: 32 })
  // transformers takes its default where the field is absent, and as many as query heads where it is null.
  const silent = json.num_key_value_heads === null ? heads : (kind.kvHeads ?? heads)
  const kvHeads = c.count('num_key_value_heads', { max: 2 ** 12, fallback: silent })
  const headDim = c.count('head_dim', { max: 2 ** 12, fallback: kind.headDim ?? Math.floor(width / heads) })
  if (heads % kvHeads !== 0)
    throw new HeedError('format', `${type}: ${kvHeads} key-value heads do not divide ${heads} heads`)
  if (!kind.headDim && !c.has('head_dim') && width % heads !== 0)
    throw new HeedError('format', `${type}: ${heads} heads do not divide the width ${width}`)
  const positions = c.count('max_position_embeddings', { max: 2 ** 30, fallback: kind.maxPositions })
  const { frequencies: rotary, maxPositions } = rotaryOf(c, headDim, positions)
  const tied = flag(c, 'tie_word_embeddings')
  const causal = c.strings('architectures', []).some((name) => name.endsWith('ForCausalLM'))
  const config: LlamaConfig = {
    json: { ...json, model_type: c.oneOf('model_type', [type]) },
    vocabSize: c.count('vocab_size', { max: 2 ** 24, fallback: kind.vocabSize }),
    width,
    layers,
    heads,
    kvHeads,
    headDim,
    inner: c.count('intermediate_size', { max: 2 ** 20, fallback: kind.inner }),
    activation: activationOf(c, 'hidden_act', 'silu'),
    normEps: c.number('rms_norm_eps', { min: 0, below: 1, fallback: 1e-6 }),
    maxPositions,
    rotary,
    windows: kind.windows(c, layers),
    headNorms: kind.headNorms ?? false,
    biases: kind.biases(c),
    output: tied ? 'tied' : causal ? 'own' : 'optional',
  }
  c.end()
  return config
}

const flag = (c: ConfigReader, field: string): boolean => c.oneOf(field, [true, false], false)

/** `sliding_window`: null is none, absent is what transformers takes then. */
function windowOf(c: ConfigReader): number | undefined {
  const size = c.count('sliding_window', { max: 2 ** 30, fallback: 4096 })
  return c.json.sliding_window === null ? undefined : size
}

/** Layers from max_window_layers on have a window, or those that layer_types names; without use_sliding_window none. */
function qwenWindows(c: ConfigReader, layers: number): LlamaConfig['windows'] {
  const [size, first] = [windowOf(c), c.count('max_window_layers', { min: 0, max: 2 ** 16, fallback: 28 })]
  const window = flag(c, 'use_sliding_window') ? size : undefined
  const types = layerTypes(c, layers)
  if (window === undefined && types?.includes(sliding))
    throw new HeedError('format', `${c.name}: config.json 'layer_types' has ${sliding}, but no window is on`)
  return Array.from({ length: layers }, (_, i) =>
    (types ? types[i] === sliding : i >= first) ? window : undefined,
  )
}

/** Families in which layer_types decides nothing: where it is written it must say the same. */
function sameAsLayerTypes(c: ConfigReader, windows: LlamaConfig['windows']): LlamaConfig['windows'] {
  const wrong = layerTypes(c, windows.length)?.find(
    (type, i) => (type === sliding) !== (windows[i] !== undefined),
  )
  if (wrong !== undefined)
    throw new HeedError(
      'unsupported',
      `${c.name}: config.json 'layer_types' has ${wrong}, but all layers are ${windows[0] === undefined ? full : sliding} here`,
    )
  return windows
}

const [full, sliding] = ['full_attention', 'sliding_attention']

function layerTypes(c: ConfigReader, layers: number): string[] | undefined {
  const types = c.strings('layer_types', [])
  if (!c.has('layer_types')) return undefined
  const wrong = types.find((type) => type !== full && type !== sliding)
  if (wrong !== undefined)
    throw new HeedError(
      'unsupported',
      `${c.name}: config.json 'layer_types' has ${JSON.stringify(wrong)}; there are ${full} and ${sliding}`,
    )
  if (types.length !== layers)
    throw new HeedError('format', `${c.name}: ${types.length} layer_types for ${layers} layers`)
  return types
}
