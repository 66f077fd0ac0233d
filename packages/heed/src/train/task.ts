import type { Intervention, Model, Run } from '../models/index.js'
import type { Weights } from '../nn/weights.js'
import type { Shape } from '../tensor/shape.js'
import type { Tensor } from '../tensor/tensor.js'
import type { RunState, Score } from './run-state.js'
import type { Samples } from './samples.js'

/** What one update learns from. */
export interface Batch<M extends Model> {
  /** Tokens that are predicted, without padding. */
  readonly tokens: number
  /** Their mean cross-entropy in nats, a tensor of shape []. */
  loss(model: M, run: Run): Tensor
}

/** One pass over the training data; `count` is Infinity where it has no end. */
export interface Epoch<M extends Model> {
  readonly count: number
  batch(index: number): Batch<M>
}

/**
 * What is trained and on what: all that differs between a translator and a language model. Data that is read and ids
 * that are made of it are there before training starts; the order of batches is a pure function of seed and epoch.
 */
export interface Task<M extends Model> {
  /** What kind of task it is, as `heed runs` says it. Default: the model type. */
  readonly kind?: string
  /** As config.json will have it. */
  readonly config: Readonly<Record<string, unknown>>
  readonly tokenizerJson: Record<string, unknown>
  readonly vocabSize: number
  /** What must not change between two parts of a run. */
  readonly identity: RunState['identity']
  /** What changes every pass of training. */
  readonly with?: readonly Intervention[]
  /** Every weight of the model. */
  readonly shapes: ReadonlyMap<string, Shape>
  /** A model with random weights. */
  initial(): M
  /** The model of these weights, which it then owns. */
  create(weights: Weights): M
  epoch(number: number): Epoch<M>
  /** How good a model is on the validation data; absent where there are none. Stops at the settings' signal. */
  validate?(model: M): Promise<Score>
  /** What a model makes of a few of them. Stops likewise. */
  sample?(model: M): Promise<Samples>
}
