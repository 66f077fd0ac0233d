import { HeedTypeError } from '../errors.js'
import { damagedWeights } from './damaged.js'
import { randomUnit } from '../backends/random.js'

/**
 * How the next token is chosen from the scores of the vocabulary. The filters act in the order of transformers:
 * repetition penalty, temperature, top-k, top-p; then a token is drawn from what is left.
 */
export interface SamplingOptions {
  /** Divides the scores: below 1 the likely tokens become likelier. 0 takes the highest score (greedy). Default 0. */
  temperature?: number
  /** Keeps the k tokens of the highest scores (Fan et al. 2018), and those equal to the k-th. Default: all. */
  topK?: number
  /** Keeps the likeliest tokens that together have at least this probability (Holtzman et al. 2020). Default 1: all. */
  topP?: number
  /**
   * Divides the positive scores of all tokens that the text holds already, prompt included, and multiplies the negative
   * ones (CTRL, Keskar et al. 2019, section 4.1). Above 1 repeats less. Default 1.
   */
  repetitionPenalty?: number
  /** Draws are a pure function of it and of the token's number. Default 0. */
  seed?: number
}

export interface Choice {
  id: number
  /** log p of the token in nats as the model has it, before any filter. */
  logProb: number
}

type Scores = Float32Array | Float64Array

/** Probabilities [V] on the way from scores to a draw. */
export interface Chances {
  /** As the model has them. */
  model: Float64Array
  /** After the repetition penalty and the temperature; at 0 the highest score has all. */
  tempered: Float64Array
  /** Of the tokens that top-k and top-p leave in, from which one is drawn; 0 of the others. */
  drawn: Float64Array
}

/**
 * How likely each token is to be drawn from the scores [V] of the vocabulary, given the ids that the text holds so far.
 *
 * @throws HeedTypeError `option` for a value out of range
 */
export function chances(
  scores: Float32Array | Float64Array,
  seen: Iterable<number>,
  options: SamplingOptions = {},
): Chances {
  const { temperature, topK, topP, penalty } = checked(options)
  const filtered = penalised(scores, seen, penalty)
  const model = shares(tempered(new Float64Array(scores), 1).map(Math.exp))
  if (temperature === 0) {
    const certain = new Float64Array(scores.length)
    certain[highest(filtered)] = 1
    return { model, tempered: certain, drawn: certain.slice() }
  }
  const way = tempered(filtered, temperature)
  return { model, tempered: shares(way.map(Math.exp)), drawn: shares(leftIn(way, topK, topP)) }
}

/**
 * Checks the options. What it gives chooses token number `step` from the scores [V] of the vocabulary, given the ids
 * that the text holds so far.
 *
 * @throws HeedTypeError `option` for a value out of range
 */
export function sampler(
  options: SamplingOptions,
): (scores: Scores, seen: Iterable<number>, step: number) => Choice {
  const { temperature, topK, topP, penalty, seed } = checked(options)
  return (scores, seen, step) => {
    const filtered = penalised(scores, seen, penalty)
    const id =
      temperature === 0
        ? highest(filtered)
        : draw(leftIn(tempered(filtered, temperature), topK, topP), randomUnit(seed, step))
    return { id, logProb: scores[id] - logSumExp(scores) }
  }
}

function checked(options: SamplingOptions) {
  const { temperature = 0, topK = Infinity, topP = 1, repetitionPenalty = 1, seed = 0 } = options
  check('temperature', temperature, 'a number from 0 up', temperature >= 0 && temperature < Infinity)
  check(
    'topK',
    topK,
    'a whole number from 1 up',
    topK === Infinity || (Number.isSafeInteger(topK) && topK >= 1),
  )
  check('topP', topP, 'a number above 0, at most 1', topP > 0 && topP <= 1)
  const penalty = repetitionPenalty
  check('repetitionPenalty', penalty, 'a number above 0', penalty > 0 && penalty < Infinity)
  check('seed', seed, 'a whole number', Number.isSafeInteger(seed))
  return { temperature, topK, topP, penalty, seed }
}

function check(name: string, value: unknown, expected: string, ok: boolean): void {
  if (!ok) throw new HeedTypeError('option', `${name} must be ${expected}, got ${String(value)}`)
}

/** The scores in float64. Each id counts once, however often the text holds it. */
function penalised(scores: Scores, seen: Iterable<number>, penalty: number): Float64Array {
  const result = new Float64Array(scores)
  if (penalty === 1) return result
  for (const id of seen) result[id] = scores[id] < 0 ? scores[id] * penalty : scores[id] / penalty
  return result
}

/** The largest is subtracted first: however small the temperature, no score overflows upwards. */
function tempered(scores: Float64Array, temperature: number): Float64Array {
  const most = scores[highest(scores)]
  return scores.map((s) => (s - most) / temperature)
}

/** The id of the highest score; of equal ones the smallest. */
function highest(scores: Float64Array): number {
  let best = 0
  for (let id = 0; id < scores.length; id++) {
    if (Number.isNaN(scores[id])) throw damagedWeights()
    if (scores[id] > scores[best]) best = id
  }
  if (!Number.isFinite(scores[best])) throw damagedWeights()
  return best
}

/** e^score of the tokens that the filters leave in, 0 of the others. The highest score is 0. */
function leftIn(scores: Float64Array, topK: number, topP: number): Float64Array {
  const least = leastKept(scores, topK, topP)
  return scores.map((s) => (s >= least ? Math.exp(s) : 0))
}

function shares(weights: Float64Array): Float64Array {
  const total = weights.reduce((a, b) => a + b, 0)
  return weights.map((w) => w / total)
}

/** The id at which the running sum of weights, by id, passes the share `unit` in [0, 1) of them. */
function draw(weights: Float64Array, unit: number): number {
  const target = unit * weights.reduce((a, b) => a + b, 0)
  let sum = 0
  let last = 0
  for (let id = 0; id < weights.length; id++) {
    if (weights[id] === 0) continue
    sum += weights[id]
    last = id
    if (sum > target) break
  }
  return last
}

/** The least score that top-k, and then top-p, leave in; scores that equal it stay too. */
function leastKept(scores: Float64Array, topK: number, topP: number): number {
  if (topK >= scores.length && topP === 1) return -Infinity
  const ascending = scores.slice().sort()
  const end = ascending.length
  let first = Math.max(0, end - topK)
  while (first > 0 && ascending[first - 1] === ascending[first]) first--
  if (topP < 1) {
    const weights = ascending.subarray(first).map(Math.exp)
    const total = weights.reduce((a, b) => a + b, 0)
    // Goes as long as what is left out has no more than 1 − p; the highest always stays.
    for (let out = 0, i = 0; i < weights.length - 1; i++, first++) {
      out += weights[i] / total
      if (out > 1 - topP) break
    }
  }
  return ascending[first]
}

function logSumExp(scores: Scores): number {
  let most = -Infinity
  for (const s of scores) most = Math.max(most, s)
  let sum = 0
  for (const s of scores) sum += Math.exp(s - most)
  return most + Math.log(sum)
}
