import { randomUnit } from '../backends/random.js'
import { normalize } from '../nn/layers.js'
import type { Weights } from '../nn/weights.js'
import { add } from '../ops/arithmetic.js'
import { attentionScores } from '../ops/attention-scores.js'
import { full, randn, tensor, zeros } from '../ops/create.js'
import { embedding } from '../ops/embedding.js'
import { linear } from '../ops/linear.js'
import { type Normalizer, normalizers } from '../ops/normalizers.js'
import { reshape } from '../ops/views.js'
import { weightedSum } from '../ops/weighted-sum.js'
import { scope } from '../tensor/scope.js'
import type { Tensor } from '../tensor/tensor.js'

/*
 * A dictionary look-up, the task that attention's words are taken from: so many entries of a key and a value, so many
 * questions that name a key, and the answer is the value of its entry. One attention can do it, nothing else in the
 * model can: questions see the entries through it alone. There are no positions, so a dictionary of any length may be
 * asked.
 */

/** Different keys and values there are, width of the vectors, questions to a dictionary. */
export const lookup = { keys: 64, values: 16, width: 64, questions: 32 } as const

/** Dictionaries and the questions put to them. */
export interface LookupBatch {
  /** int32 [B, T]: no key twice in a dictionary. */
  keys: Tensor
  /** int32 [B, T] */
  values: Tensor
  /** int32 [B, Q]: keys of entries. */
  questions: Tensor
  /** int32 [B · Q]: the values that belong to them. */
  answers: Tensor
}

/** B dictionaries of T ≤ 64 entries: a pure function of the seed. */
export function lookupBatch(B: number, T: number, seed: number): LookupBatch {
  const Q = lookup.questions
  let draws = 0
  const below = (n: number) => Math.floor(randomUnit(seed, draws++) * n)
  const [keys, values] = [new Int32Array(B * T), new Int32Array(B * T)]
  const [questions, answers] = [new Int32Array(B * Q), new Int32Array(B * Q)]
  for (let b = 0; b < B; b++) {
    const left = Array.from({ length: lookup.keys }, (_, key) => key)
    for (let j = b * T; j < (b + 1) * T; j++) {
      keys[j] = left.splice(below(left.length), 1)[0]
      values[j] = below(lookup.values)
    }
    for (let i = b * Q; i < (b + 1) * Q; i++) {
      const entry = b * T + below(T)
      questions[i] = keys[entry]
      answers[i] = values[entry]
    }
  }
  return {
    keys: tensor(keys, [B, T]),
    values: tensor(values, [B, T]),
    questions: tensor(questions, [B, Q]),
    answers: tensor(answers),
  }
}

/** How the one attention of the model is made. */
export interface LookupAttention {
  /** d_k, the size of queries and keys. */
  keySize: number
  /** Multiplies q·k. */
  scale: number
  /** Multiplies W_Q's initial weights. Default 1. */
  queryStart?: number
  normalizer: Normalizer
}

/** The model's weights; those that are trained are `params`. */
export interface LookupModel {
  params: Record<'embed.key' | 'embed.value' | 'query' | 'key' | 'value' | 'output', Tensor>
  norm: Weights
}

/** Standard normal embeddings, and projections that keep the variance: N(0, 1 / inputs). */
export function initLookup(
  { keySize, queryStart = 1 }: Pick<LookupAttention, 'keySize' | 'queryStart'>,
  seed: number,
): LookupModel {
  const { width, keys, values } = lookup
  const draw = (n: number, shape: number[], std = 1) => randn(shape, { seed: 1000 * seed + n, std })
  const std = 1 / Math.sqrt(width)
  return {
    params: {
      'embed.key': draw(1, [keys, width]),
      'embed.value': draw(2, [values, width]),
      query: draw(3, [keySize, width], std * queryStart),
      key: draw(4, [keySize, width], std),
      value: draw(5, [width, width], std),
      output: draw(6, [values, width], std),
    },
    norm: { 'norm.weight': full([width], 1), 'norm.bias': zeros([width]) },
  }
}

export interface LookupPass {
  /** [B · Q, values] */
  logits: Tensor
  /** [B, 1, Q, T] */
  weights: Tensor
  /** [B, Q, 1, width]: what attention gives. */
  mixed: Tensor
}

/** Questions ask, entries answer: one head, no mask, no residual. */
export function lookupPass(model: LookupModel, batch: LookupBatch, attention: LookupAttention): LookupPass {
  const { params, norm } = model
  const [[B, T], { width, questions: Q }] = [batch.keys.shape, lookup]
  return scope(() => {
    const level = (x: Tensor) => normalize(norm, 'norm', x, 1e-5)
    const asked = level(embedding(batch.questions, params['embed.key']))
    const entries = level(
      add(embedding(batch.keys, params['embed.key']), embedding(batch.values, params['embed.value'])),
    )
    const q = reshape(linear(asked, params.query), [B, Q, 1, attention.keySize])
    const k = reshape(linear(entries, params.key), [B, T, 1, attention.keySize])
    const v = reshape(linear(entries, params.value), [B, T, 1, width])
    const weights = normalizers[attention.normalizer](attentionScores(q, k, { scale: attention.scale }))
    const mixed = weightedSum(weights, v)
    return { weights, mixed, logits: linear(reshape(mixed, [B * Q, width]), params.output) }
  })
}
