import { breather } from '../breathe.js'
import { HeedError, HeedTypeError, throwIfAborted } from '../errors.js'
import type { Model } from '../models/family.js'
import { type Intervention, matchSites, type SitePattern } from '../models/run.js'
import { checkOptions } from '../ops/check.js'
import { cosineSimilarity, euclideanDistance } from '../vectors/index.js'
import { matchHeads } from './capture.js'
import {
  isCausal,
  isEncoder,
  isTranslator,
  likeliestTokens,
  logProbs,
  nextLogProbs,
  predict,
  type Predicted,
  textOf,
} from './effect-pass.js'
import { ablate, type AblateOptions } from './interventions.js'

/** Of the untouched run, and of the changed one. */
export interface Change<T> {
  readonly before: T
  readonly after: T
}

/** What a change does, of any kind of model: what a model does not have is null or empty. */
export interface Effect {
  readonly text: string
  /**
   * The translation, or how a causal model goes on (the likeliest token each time). Null for encoders, for a text that
   * fills the model, and where a change serves one pass over the text alone (`patch`, `replacePattern` with weights):
   * such a change refuses to go on token by token. In a translator's encoder it may, which is passed through once.
   */
  readonly output: Change<string> | null
  /**
   * The mean of −log p in nats: of the text's tokens after the first (causal), or of the untouched translation's and its
   * end (translators), under both runs. Null for encoders, and for a text of one token.
   */
  readonly loss: Change<number> | null
  /**
   * What is predicted: after the text (causal), where a translation's predictions change most, or at each mask (encoders
   * with an output over the vocabulary).
   */
  readonly predictions: readonly PredictionChange[]
  /** The text's vector, of encoders: between before and after. */
  readonly embedding: { readonly cosine: number; readonly distance: number } | null
}

/** A distribution over the vocabulary, before and after. */
export interface PredictionChange {
  /** Which token of the text, or of the translation from its start token on, it is the prediction of. */
  readonly position: number
  /** The token that is there. */
  readonly token: string
  /** The likeliest of before and of after, as likely as before and after. */
  readonly candidates: readonly ({ readonly id: number; readonly text: string } & Change<number>)[]
  /** KL(before ‖ after) = Σ p log(p / q), in nats. */
  readonly kl: number
  /** Half of Σ |p − q|: the share of probability that has moved. */
  readonly totalVariation: number
}

export interface EffectOptions {
  /** Candidates of a prediction, of before and of after. Default 5. */
  top?: number
  /** Which position's prediction is compared. Default: see `predictions`. */
  position?: number
  /** How far a causal model goes on, in tokens. Default 20. */
  maxTokens?: number
  /** Of a translator: hypotheses kept. Default: what the model says. */
  beam?: number
  /** False leaves the output out: nothing is translated anew or gone on with, which takes most of the time. Default true. */
  output?: boolean
  signal?: AbortSignal
}

/**
 * What interventions do to what a model makes of a text: the output, the loss, the next token's distribution, the
 * embedding. The untouched run and the changed one are compared on the same tokens: losses are of the text, or of the
 * untouched translation.
 *
 * @throws HeedError `input` for an empty text or one that is too long; `not-found` for a site, head or position that
 *   there is not; `aborted` by the signal; `unsupported` for a causal model without output over the vocabulary;
 *   HeedTypeError `option` for an unknown option or a `top` that is no count
 */
export async function effect(
  model: Model,
  text: string,
  interventions: readonly Intervention[],
  options: EffectOptions = {},
): Promise<Effect> {
  check('effect', options)
  const before = await observe(model, text, [], options)
  return compare(model, before, await observe(model, text, interventions, options, before), options)
}

export interface HeadEffectsOptions extends EffectOptions, AblateOptions {
  /** Attentions by name or pattern. Default: all. */
  sites?: SitePattern
  /** Heads by number. Default: all. */
  heads?: readonly number[]
  /** Heads done, of all. */
  onProgress?: (progress: { done: number; total: number }) => void
}

export interface HeadEffect {
  readonly site: string
  readonly head: number
  readonly effect: Effect
}

/**
 * What each head is worth to a text: the effect of taking it out alone, head by head (Michel et al. 2019, section 3.2).
 * One untouched run serves all.
 *
 * @throws HeedError as `effect`
 */
export async function headEffects(
  model: Model,
  text: string,
  given: HeadEffectsOptions = {},
): Promise<HeadEffect[]> {
  check('headEffects', given, ['sites', 'heads', 'to', 'onProgress'])
  const { sites, heads, to, onProgress, ...options } = given
  const chosen = matchSites(model.sites, sites).flatMap((site) =>
    matchHeads(model.heads, heads).map((head) => ({ site, head })),
  )
  const before = await observe(model, text, [], options)
  const found: HeadEffect[] = []
  const breathe = breather()
  for (const { site, head } of chosen) {
    await breathe()
    throwIfAborted(options.signal)
    const after = await observe(model, text, [ablate(site, head, { to })], options, before)
    found.push({ site, head, effect: compare(model, before, after, options) })
    onProgress?.({ done: found.length, total: chosen.length })
  }
  return found
}

/** How bad a change is: by how much the loss grows, or of an encoder how far its prediction or vector moves. */
export function damageOf({ loss, predictions, embedding }: Omit<Effect, 'text'>): number {
  if (loss) return loss.after - loss.before
  if (predictions.length > 0) return Math.max(...predictions.map(({ kl }) => kl))
  return embedding ? 1 - embedding.cosine : 0
}

/** What `damageOf` is. */
export function damageName({ loss, predictions }: Omit<Effect, 'text'>): 'loss' | 'KL (nats)' | '1 − cosine' {
  if (loss) return 'loss'
  return predictions.length > 0 ? 'KL (nats)' : '1 − cosine'
}

/** A run, as far as it is compared. */
interface Observed {
  readonly text: string
  readonly output: string | null
  /** Absent for an encoder without output over the vocabulary. */
  readonly predicted?: Predicted
  readonly vector?: Float32Array
}

/** @param before the untouched run, whose translation the changed one is asked about */
async function observe(
  model: Model,
  text: string,
  changes: readonly Intervention[],
  { maxTokens = 20, beam, output: wanted = true, signal }: EffectOptions,
  before?: Observed,
): Promise<Observed> {
  const options = { with: changes, beam, signal }
  const goesOn = wanted && !changes.some((change) => servesOnePass(model, change))
  if (isTranslator(model)) {
    const predicted = await predict(model, text, { ...options, target: before?.predicted!.target })
    if (!before) return { text, output: predicted.output, predicted }
    return { text, output: goesOn ? (await model.translate([text], options))[0] : null, predicted }
  }
  if (isCausal(model)) {
    const predicted = await predict(model, text, options)
    const hasRoom = predicted.tokens.length < model.net.maxPositions
    const output = goesOn && hasRoom ? await model.complete(text, { maxTokens, with: changes, signal }) : null
    return { text, output, predicted }
  }
  if (!isEncoder(model))
    throw new HeedError('unsupported', `a ${model.config.model_type} model makes nothing to compare`)
  const [vector] = await model.embed([text], { with: changes, signal })
  return { text, output: null, vector, predicted: model.net.logits && (await predict(model, text, options)) }
}

/** Whether a change refuses the steps of a generation. An encoder is passed through once, before them. */
function servesOnePass(
  { sites, activations }: Model,
  { onePass = false, sites: own }: Intervention,
): boolean {
  if (!onePass) return false
  const all = [...sites, ...activations]
  const wanted = matchSites(all, typeof own === 'function' ? own({ sites, activations }) : own)
  return wanted.some((site) => !site.startsWith('encoder.'))
}

function compare(model: Model, before: Observed, after: Observed, options: EffectOptions): Effect {
  const [p, q] = [before.predicted, after.predicted]
  const positions = p && q ? positionsOf(model, p, q, options.position) : []
  return {
    text: before.text,
    output:
      before.output !== null && after.output !== null ? { before: before.output, after: after.output } : null,
    loss: p && q && p.next.some((id) => id >= 0) ? { before: lossOf(p), after: lossOf(q) } : null,
    predictions: positions.map((position) => predictionChange(model, p!, q!, position, options.top)),
    embedding: before.vector && after.vector ? between(before.vector, after.vector) : null,
  }
}

/** The mean −log p of what comes after each position. */
function lossOf(predicted: Predicted): number {
  const all = nextLogProbs(predicted)
  return -all.reduce((a, b) => a + b, 0) / all.length
}

export const between = (a: Float32Array, b: Float32Array): NonNullable<Effect['embedding']> => ({
  cosine: cosineSimilarity(a, b),
  distance: euclideanDistance(a, b),
})

/** Whose predictions are compared. */
function positionsOf(model: Model, p: Predicted, q: Predicted, position: number | undefined): number[] {
  const last = p.tokens.length - 1
  if (position !== undefined) {
    if (Number.isInteger(position) && position >= 0 && position <= last) return [position]
    throw new HeedError('not-found', `there is no position ${position}; there are 0 to ${last}`)
  }
  if (isCausal(model)) return [last]
  if (!isTranslator(model))
    return p.tokens.flatMap(({ id }, t) => (id === model.tokenizer!.maskId ? [t] : []))
  const divergences = p.tokens.map((_, t) => divergence(logProbs(p.logits(t)), logProbs(q.logits(t))).kl)
  return [divergences.indexOf(Math.max(...divergences))]
}

function divergence(p: Float64Array, q: Float64Array): { kl: number; totalVariation: number } {
  let [kl, moved] = [0, 0]
  p.forEach((logP, id) => {
    const probability = Math.exp(logP)
    kl += probability * (logP - q[id])
    moved += Math.abs(probability - Math.exp(q[id]))
  })
  // Rounding alone may make it less than nothing.
  return { kl: Math.max(0, kl), totalVariation: Math.min(1, moved / 2) }
}

function predictionChange(
  model: Model,
  before: Predicted,
  after: Predicted,
  position: number,
  top = 5,
): PredictionChange {
  const [p, q] = [logProbs(before.logits(position)), logProbs(after.logits(position))]
  const ids = new Set([...likeliestTokens(model, p, top), ...likeliestTokens(model, q, top)])
  const candidates = [...ids].map((id) => ({
    id,
    text: textOf(model, id),
    before: Math.exp(p[id]),
    after: Math.exp(q[id]),
  }))
  return { position, token: before.tokens[position].text, candidates, ...divergence(p, q) }
}

const effectOptions: readonly (keyof EffectOptions)[] = [
  'top',
  'position',
  'maxTokens',
  'beam',
  'output',
  'signal',
]

function check(what: string, options: EffectOptions, more: readonly (keyof HeadEffectsOptions)[] = []): void {
  checkOptions(what, options, [...effectOptions, ...more])
  const { top = 5 } = options
  if (!(Number.isInteger(top) && top >= 1))
    throw new HeedTypeError('option', `top must be a whole number from 1 up, got ${top}`)
}
