import { HeedError } from '../errors.js'
import type { ModelFolder } from '../io/index.js'
import type { Weights } from '../nn/weights.js'
import type { Shape } from '../tensor/shape.js'
import type { Tensor } from '../tensor/tensor.js'
import { type Token, Tokenizer } from '../text/index.js'
import type { Intervention, Observer, SiteNames, SitePattern } from './run.js'
import type { OutputAxis } from './weights.js'

/** The parsed files of a model folder beside config.json and the weights. */
export type ModelFiles = Omit<ModelFolder, 'config' | 'tensors'>

/**
 * The tokenizer of a model, when there is one.
 *
 * @throws HeedError `format` when it has more ids than the model, and what `Tokenizer.fromJson` throws
 */
export function tokenizerOf(
  { tokenizerJson, tokenizerConfig }: ModelFiles,
  vocabSize: number,
): Tokenizer | undefined {
  const tokenizer = tokenizerJson && Tokenizer.fromJson(tokenizerJson, tokenizerConfig)
  if (tokenizer && tokenizer.vocabSize > vocabSize)
    throw new HeedError(
      'format',
      `the tokenizer has ${tokenizer.vocabSize} ids, but config.json has vocab_size ${vocabSize}: it is another model's`,
    )
  return tokenizer
}

export interface TextRunOptions {
  observers?: readonly Observer[]
  /** What changes the pass. */
  with?: readonly Intervention[]
  /** Ends the pass once it has been through all of these sites: what comes later is not computed, and not given. */
  until?: SitePattern
  signal?: AbortSignal
}

/** A pass over a text, whatever the family: enough to say which tokens a map's rows and columns are. */
export interface TextRun {
  readonly text: string
  /** What the model made of the text before the pass; null where a pass makes no text. */
  readonly output: string | null
  /** `target` belongs to `output`: the decoder's inputs from the start token on. */
  readonly tokens: { readonly source: readonly Token[]; readonly target?: readonly Token[] }
}

/** A linear layer by its weights: `<name>.weight` [out, in], or [in, out] where transposed, and maybe `<name>.bias` [out]. */
export interface Projection {
  readonly name: string
  readonly transposed?: boolean
}

/** A norm by its weights, `<name>.weight` [D] and of a `layer` norm `<name>.bias` [D]. */
export interface NormWeights {
  readonly kind: 'layer' | 'rms'
  readonly name: string
  readonly eps: number
}

/** What projections of an attention read: the sum of named activations, through a norm where there is one. */
export interface AttentionInput {
  readonly of: readonly string[]
  readonly norm?: NormWeights
}

/**
 * Where an attention's q, k and v come from: q = x W_Q + b and so on, with x of `queries` for q and of `keys` for k and v.
 * Of several heads each has its own outputs of the matrix, one head after another.
 */
export interface InputProjections {
  readonly queries: AttentionInput
  readonly keys: AttentionInput
  /** `first` is where its outputs begin, in a matrix that makes several of them. */
  readonly q: Projection & { readonly first?: number }
  readonly k: Projection & { readonly first?: number }
  readonly v: Projection & { readonly first?: number }
  /** What q and k go through after W, before they meet: a norm of every head, and turns by position. */
  readonly headNorms?: boolean
  readonly rotary?: boolean
}

/** How a model ends: what makes scores of the vocabulary of its last layer's output. */
export interface Readout {
  /** The layers that it follows: `layers`, or `decoder` of an encoder-decoder. */
  readonly layers: string
  /** The last norm; absent where every layer ends in a norm of its own. */
  readonly norm?: NormWeights
  /** The name of the weight U [V, D] where scores are x Uᵀ and nothing more. */
  readonly unembedding?: string
  /** Hidden states behind the last norm [..., D] → scores [..., V]. */
  logits(hidden: Tensor): Tensor
}

/** What every model is, whatever its family. */
export interface Model extends SiteNames, Disposable {
  /** As config.json will have it. */
  readonly config: { readonly model_type: string }
  /** Owned by the model. */
  readonly weights: Weights
  /** Query heads of every attention. */
  readonly heads: number
  /** The name of the weight [V, D] that holds the vector of every token. */
  readonly embedding: string
  readonly tokenizer: Tokenizer | undefined
  readonly files: ModelFiles
  /** The most tokens of a text. */
  readonly maxPositions: number
  /** How it ends; absent where the checkpoint has no output over the vocabulary. */
  readonly readout?: Readout | undefined
  /** W_O of an attention, which joins its heads; undefined where the family does not say. */
  outputProjection(site: string): Projection | undefined
  /** W_Q, W_K and W_V of an attention and what they read; absent, or undefined, where the family does not say. */
  inputProjections?(site: string): InputProjections | undefined
  /** The tokens of a text as a pass reads them, special ones included. @throws HeedError `unsupported` without a tokenizer */
  sourceTokens(text: string): Token[]
  /**
   * One pass over a text, whole: what observers want to see.
   *
   * @throws HeedError `input` for an empty text or one that is too long; `not-found` for a site that there is not;
   *   `unsupported` when the model has no tokenizer
   */
  run(text: string, options?: TextRunOptions): Promise<TextRun>
  /** Frees the weights and all else the model holds. */
  dispose(): void
}

/** A kind of model: how its config.json is read, which weights that asks for, and how both become a model. */
export interface Family<Config, M extends Model = Model> {
  /** `model_type` in config.json. */
  type: string
  /** Checks the config, refusing what it does not know, and fills in the defaults. */
  config(json: Readonly<Record<string, unknown>>): Config
  /** Every weight there must be. */
  shapes(config: Config): ReadonlyMap<string, Shape>
  /** Weights that may be there, such as those of an output that not every checkpoint has. Default none. */
  optionalShapes?(config: Config): ReadonlyMap<string, Shape>
  /**
   * A weight's name from its name in the file: checkpoints are saved with and without the prefix of their task.
   * Undefined for what the model does not use, such as a saved mask. Default: as it stands.
   */
  rename?(name: string, config: Config): string | undefined
  /** Which axis of a matrix is its outputs, for weights that are kept as float16 or int8. Default 0, of all matrices. */
  outputAxis?: OutputAxis
  /** Makes the model, which then owns the weights. */
  create(config: Config, weights: Weights, files: ModelFiles): M
}
