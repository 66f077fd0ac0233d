import { HeedError, throwIfAborted } from '../errors.js'
import { topIds } from '../models/beam-search.js'
import type { CausalModel } from '../models/causal.js'
import { finiteValues } from '../models/damaged.js'
import type { EncoderModel } from '../models/encoder.js'
import type { Model } from '../models/family.js'
import { padIds } from '../models/ids.js'
import { type Intervention, type Observer, Run } from '../models/run.js'
import type { SequenceModel } from '../models/sequence.js'
import type { Transformer } from '../models/transformer.js'
import { scope } from '../tensor/scope.js'
import type { Token } from '../text/index.js'

// By what they can do, not by class: the lens then loads no model's code.
export const isTranslator = (model: Model): model is Transformer => 'translate' in model
export const isCausal = (model: Model): model is CausalModel => 'generate' in model
export const isEncoder = (model: Model): model is EncoderModel => 'fill' in model

export interface PredictOptions {
  /** Of a translator: the target text, or its ids without start and end token. Default: its own translation. */
  target?: string | ArrayLike<number>
  with?: readonly Intervention[]
  observers?: readonly Observer[]
  /** Of a causal model: the scores of the last position alone. */
  last?: boolean
  beam?: number
  signal?: AbortSignal
}

/** One pass over a whole text, and what every position of it says comes next. */
export interface Predicted {
  /** What positions are of: the text, or a translator's target from its start token on. */
  readonly tokens: readonly Token[]
  /** Of the source, where that is another text. */
  readonly source: readonly Token[]
  /** The translation; null where the model makes none. */
  readonly output: string | null
  /** A translator's target, without start and end token. */
  readonly target?: readonly number[]
  /** What stands after each position in the text or target: a token's id, or −1 where nothing does. */
  readonly next: readonly number[]
  /** Scores of the vocabulary at a position. */
  logits(position: number): Float32Array
}

/**
 * Runs a model on a text for what it predicts; a translator translates it first, and runs on the pair.
 *
 * @throws HeedError `unsupported` for a model without output over the vocabulary; what the model's `run` throws
 */
export async function predict(model: Model, text: string, options: PredictOptions = {}): Promise<Predicted> {
  if (isTranslator(model)) return predictPair(model, text, options)
  if (isCausal(model) || isEncoder(model)) return predictText(model, text, options)
  throw new HeedError('unsupported', `a ${model.config.model_type} model has no predictions to compare`)
}

async function predictPair(model: Transformer, text: string, options: PredictOptions): Promise<Predicted> {
  const { last: _, ...rest } = options
  const { output, tokens, target, logits } = await model.run(text, rest)
  const ids = Array.from(target.subarray(1))
  const V = model.config.vocab_size
  return {
    tokens: tokens.target,
    source: tokens.source,
    output,
    target: ids,
    next: [...ids, model.config.eos_token_id],
    logits: (position) => logits.subarray(position * V, (position + 1) * V),
  }
}

async function predictText(
  model: SequenceModel,
  text: string,
  { with: changes, observers, last = false, signal }: PredictOptions,
): Promise<Predicted> {
  throwIfAborted(signal)
  const run = new Run(model, { with: changes, observers })
  const { ids, tokens } = model.encodeSome(text)
  using scores = scope(() => model.logits(run, padIds([ids], model.padId), { last })).keep()
  const values = await finiteValues(scores)
  const V = scores.shape[2]
  const first = last ? ids.length - 1 : 0
  return {
    tokens,
    source: tokens,
    output: null,
    // In an encoder every token has seen the text: none of it is left to be said.
    next: isCausal(model as Model) ? [...ids.slice(1), -1] : Array.from(ids, () => -1),
    logits: (position) => values.subarray((position - first) * V, (position - first + 1) * V),
  }
}

/** log Σ exp, in float64. */
function logSumExp(logits: Float32Array): number {
  const most = logits.reduce((a, b) => Math.max(a, b), -Infinity)
  return most + Math.log(logits.reduce((sum, x) => sum + Math.exp(x - most), 0))
}

/** log p of one id, in nats. */
export const logProb = (logits: Float32Array, id: number): number => logits[id] - logSumExp(logits)

/** log p of all. */
export function logProbs(logits: Float32Array): Float64Array {
  const total = logSumExp(logits)
  return Float64Array.from(logits, (x) => x - total)
}

/** The likeliest id. */
export const likeliest = (logits: Float32Array): number =>
  logits.reduce((best, x, id) => (x > logits[best] ? id : best), 0)

/** The `count` likeliest ids that are tokens, in falling order: some vocabularies are filled up with ids that are none. */
export const likeliestTokens = (model: Model, logProbs: Float64Array, count: number): number[] =>
  topIds(
    logProbs.map((x, id) => (model.tokenizer!.has(id) ? Math.exp(x) : 0)),
    count,
  )

/** log p of what comes after each position that something comes after. */
export const nextLogProbs = ({ next, logits }: Predicted): number[] =>
  next.flatMap((id, position) => (id < 0 ? [] : [logProb(logits(position), id)]))

/** An id as people read it. */
export const textOf = (model: Model, id: number): string =>
  model.tokenizer!.decode([id], { skipSpecials: false })
