import type { Weights } from '../nn/weights.js'
import type { Shape } from '../tensor/shape.js'
import type { Tokenizer } from '../text/index.js'
import type { SiteNames } from './run.js'

/** tokenizer.json, tokenizer_config.json and generation_config.json of a model folder, parsed. */
export interface ModelFiles {
  tokenizerJson?: Record<string, unknown>
  tokenizerConfig?: Record<string, unknown>
  generationConfig?: Record<string, unknown>
}

/** What every model is, whatever its family. */
export interface Model extends SiteNames, Disposable {
  /** As config.json will have it. */
  readonly config: { readonly model_type: string }
  /** Owned by the model. */
  readonly weights: Weights
  readonly tokenizer: Tokenizer | undefined
  readonly files: ModelFiles
  /** Frees the weights and all else the model holds. */
  dispose(): void
}

/** A kind of model: how its config.json is read, which weights that asks for, and how both become a model. */
export interface Family<Config, M extends Model = Model> {
  /** `model_type` in config.json. */
  type: string
  /** Checks the config, refusing what it does not know, and fills in the defaults. */
  config(json: Readonly<Record<string, unknown>>): Config
  /** Every weight there must be, and no other. */
  shapes(config: Config): ReadonlyMap<string, Shape>
  /** Makes the model, which then owns the weights. */
  create(config: Config, weights: Weights, files: ModelFiles): M
}
