import { HeedError } from '../errors.js'
import { isRecord, quote } from '../json.js'

/** How good a model is on the validation data. */
export interface Score {
  /** Mean cross-entropy per token, in nats, without label smoothing or dropout. */
  loss: number
  /** Of greedy translations; absent when none were made. */
  bleu?: number
  /** exp(loss), of language models. */
  perplexity?: number
  /** Cross-entropy per byte of the texts, in bits, of language models; absent where ids were given. */
  bitsPerByte?: number
  /** Of models that describe: shares of right answers, at words that are described and at all others. */
  described?: number
  undescribed?: number
}

/** How good a model was at a step. */
export interface Validation extends Score {
  step: number
}

/** Where a run is: with the weights and the moments, all that its future depends on. */
export interface RunState {
  /** Steps taken, skipped ones included. */
  step: number
  /** Updates of the optimiser. */
  updates: number
  epoch: number
  /** The batch of the epoch that comes next. */
  batch: number
  /** Tokens predicted (a translator's target tokens), without padding. */
  tokens: number
  /** The training loss, averaged with weight 0.98 on the past; null before the first step. */
  smoothedLoss: number | null
  /** Of the last evaluation, and of the best one. */
  last: Validation | null
  best: Validation | null
  /** What must not change between two parts of a run, by name. */
  identity: Record<string, string | number>
}

export const newRunState = (identity: RunState['identity']): RunState => ({
  step: 0,
  updates: 0,
  epoch: 0,
  batch: 0,
  tokens: 0,
  smoothedLoss: null,
  last: null,
  best: null,
  identity,
})

/** Whether `a` is the better one: by BLEU where both have it, else by loss. */
export function isBetter(a: Validation, b: Validation | null): boolean {
  if (!b) return true
  if (a.bleu !== undefined && b.bleu !== undefined && a.bleu !== b.bleu) return a.bleu > b.bleu
  return a.loss < b.loss
}

const isCount = (x: unknown): boolean => Number.isSafeInteger(x) && (x as number) >= 0
const isValidation = (x: unknown): boolean => {
  if (x === null) return true
  const { step, loss, ...rest } = (x ?? {}) as Record<string, unknown>
  return isCount(step) && typeof loss === 'number' && Object.values(rest).every((n) => typeof n === 'number')
}

/**
 * The state that a checkpoint's state.json holds, for a run of the given identity.
 *
 * @throws HeedError `format` when a field is missing or wrong, `input` when the run was started with something else
 */
export function resumedState(
  json: Record<string, unknown>,
  run: string,
  identity: RunState['identity'],
): RunState {
  const checks: Record<keyof RunState, (x: unknown) => boolean> = {
    step: isCount,
    updates: isCount,
    epoch: isCount,
    batch: isCount,
    tokens: isCount,
    smoothedLoss: (x) => x === null || typeof x === 'number',
    last: isValidation,
    best: isValidation,
    identity: isRecord,
  }
  for (const [field, ok] of Object.entries(checks))
    if (!ok(json[field]))
      throw new HeedError('format', `${run}: state.json has ${quote(json[field])} as ${field}`)
  const state = json as unknown as RunState
  for (const [name, now] of Object.entries(identity))
    if (state.identity[name] !== undefined && state.identity[name] !== now)
      throw new HeedError(
        'input',
        `${run}: the run was started with another ${name} (${quote(state.identity[name])}, now ${quote(now)}); ` +
          'give it as it was, or start a new run in another folder',
      )
  return state
}
