import { breather } from '../breathe.js'
import { HeedError, HeedTypeError, throwIfAborted } from '../errors.js'
import type { Model } from '../models/family.js'
import { matchSites, type SitePattern } from '../models/run.js'
import { checkOptions } from '../ops/check.js'
import type { Token } from '../text/index.js'
import { isCausal, isTranslator, likeliest, logProb, predict, type Predicted, textOf } from './effect-pass.js'
import { patch, type PatchOptions } from './patch.js'
import { Recorder } from './recorder.js'

export interface PatchSweepOptions {
  /** What a cell puts in place: an activation at one position, or of one head at all positions. Default `positions`. */
  over?: 'positions' | 'heads'
  /**
   * Which activations, by name or pattern, one a row. Default: every layer's `output` over positions and `heads` over
   * heads, of a translator its encoder's.
   */
  activations?: SitePattern
  /** The token that the clean text asks for, as text of one token or id. Default: the clean run's likeliest. */
  answer?: string | number
  /** The token that it is measured against. Default: the corrupt run's likeliest, where that is another and no answer is named. */
  wrong?: string | number
  /**
   * Whose prediction is measured, counted from 0. Default: the text's last token (causal), its first mask (encoders), or
   * where the translations of both texts part (translators).
   */
  position?: number
  /** Of a translator: hypotheses kept for both translations. Default: what the model says. */
  beam?: number
  signal?: AbortSignal
  /** Passes done, of all. */
  onProgress?: (progress: { done: number; total: number }) => void
}

const sweepOptions: readonly (keyof PatchSweepOptions)[] = [
  'over',
  'activations',
  'answer',
  'wrong',
  'position',
  'beam',
  'signal',
  'onProgress',
]

/** One of the two texts. */
export interface SweptText {
  readonly text: string
  readonly tokens: readonly Token[]
  /** The translation; null where the model makes none. */
  readonly output: string | null
  /** What is measured, of this text untouched. */
  readonly measured: number
}

/** What each activation, put from the clean run into the corrupt one, restores of the clean outcome. */
export interface PatchSweep {
  readonly clean: SweptText
  readonly corrupt: SweptText
  /** The logit of `answer` less that of `wrong`, or where there is none log p of `answer`, after token `position`. */
  readonly metric: {
    readonly answer: { readonly id: number; readonly text: string }
    readonly wrong: { readonly id: number; readonly text: string } | null
    readonly position: number
  }
  readonly over: 'positions' | 'heads'
  /** One a row. */
  readonly activations: readonly string[]
  /** Columns over positions: the tokens of clean and corrupt that stand there. Null over heads. */
  readonly columns: readonly { readonly clean: Token; readonly corrupt: Token }[] | null
  /** [activations][positions or heads]: 0 is the corrupt outcome, 1 the clean one; it may go beyond either. */
  readonly values: readonly (readonly number[])[]
}

/**
 * The standard activation patching (causal tracing: Meng et al. 2022, section 2; the practice: Heimersheim & Nanda 2024,
 * "How to use and interpret activation patching"): two texts that differ in what is asked about, as "The capital of France
 * is" and "The capital of Italy is"; the clean run's activations are kept, and for each cell the corrupt text is run
 * with one of them put in place. A cell is (measured − corrupt) / (clean − corrupt).
 *
 * A translator reads the clean translation in all runs. Each cell is a pass of its own.
 *
 * @throws HeedError `input` for texts that differ in their number of tokens, naming both, that are the same to the
 *   metric, or whose answer is more than one token; `not-found` for an activation or position that there is not;
 *   `unsupported` for a model without output over the vocabulary; `aborted` by the signal; HeedTypeError `option` for an
 *   unknown option, no activations, or activations that are not by head
 */
export async function patchSweep(
  model: Model,
  clean: string,
  corrupt: string,
  options: PatchSweepOptions = {},
): Promise<PatchSweep> {
  checkOptions('patchSweep', options, sweepOptions)
  const { over = 'positions', beam, signal, onProgress } = options
  if (over !== 'positions' && over !== 'heads')
    throw new HeedTypeError('option', `over must be 'positions' or 'heads', got '${String(over)}'`)
  const activations = matchSites(model.activations, options.activations ?? defaultActivations(model, over))
  if (activations.length === 0)
    throw new HeedTypeError('option', 'patchSweep: activations names none; without it every layer is swept')
  const last = isCausal(model) && options.position === undefined
  using recorder = new Recorder(model, { sites: activations })
  const whole = await predict(model, clean, { last, beam, signal, observers: [recorder] })
  const other = await predict(model, corrupt, { last, beam, signal })
  checkLengths(whole.source, other.source)
  const metric = metricOf(model, whole, other, options)
  const measure = (run: Predicted) => {
    const logits = run.logits(metric.position)
    return metric.wrong
      ? logits[metric.answer.id] - logits[metric.wrong.id]
      : logProb(logits, metric.answer.id)
  }
  const run = async (...changes: Parameters<typeof patch>[]) => {
    const patches = changes.map((change) => patch(...change))
    return measure(await predict(model, corrupt, { last, signal, target: whole.target, with: patches }))
  }

  using captured = recorder.capture()
  const [top, bottom] = [measure(whole), await run()]
  if (Math.abs(top - bottom) < 1e-6)
    throw new HeedError(
      'input',
      `both texts give ${JSON.stringify(metric.answer.text)} alike, so there is nothing to restore; take texts that differ in their outcome, or name an answer`,
    )
  const sizes = activations.map((name) => captured.activation(name).shape)
  const counts = sizes.map((shape) => (over === 'heads' ? shape[2] : shape[1]))
  checkColumns(activations, sizes, counts, over)
  const total = counts.reduce((a, b) => a + b, 0)
  const values = activations.map((): number[] => [])
  const breathe = breather()
  for (const [row, name] of activations.entries())
    for (let at = 0; at < counts[row]; at++) {
      await breathe()
      throwIfAborted(signal)
      const place: PatchOptions = over === 'heads' ? { heads: at } : { positions: [at] }
      // + 0: nothing restored is 0, not −0
      values[row].push(((await run([name, captured, place])) - bottom) / (top - bottom) + 0)
      onProgress?.({ done: row * counts[0] + at + 1, total })
    }
  return {
    clean: { text: clean, tokens: whole.source, output: whole.output, measured: top },
    corrupt: { text: corrupt, tokens: other.source, output: other.output, measured: bottom },
    metric,
    over,
    activations,
    columns: over === 'positions' ? columnsOf(activations[0], whole, other) : null,
    values,
  }
}

/** Of every layer, and of a translator every layer of its encoder. */
function defaultActivations(model: Model, over: 'positions' | 'heads'): string[] {
  const side = isTranslator(model) ? 'encoder' : 'layers'
  const part = over === 'heads' ? 'heads' : 'output'
  const layers = model.sites.filter((site) => site.startsWith(`${side}.`))
  return layers.map((site) => `${site.replace(/\.self$/, '')}.${part}`)
}

/** Whose positions the activations have: a decoder's are the target's, which is the clean one in all runs. */
function columnsOf(activation: string, clean: Predicted, corrupt: Predicted): PatchSweep['columns'] {
  if (activation.startsWith('decoder.'))
    return clean.tokens.map((token) => ({ clean: token, corrupt: token }))
  return clean.source.map((token, t) => ({ clean: token, corrupt: corrupt.source[t] }))
}

function checkLengths(clean: readonly Token[], corrupt: readonly Token[]): void {
  if (clean.length === corrupt.length) return
  const pieces = (tokens: readonly Token[]) => tokens.map(({ text }) => text).join('|')
  throw new HeedError(
    'input',
    `the clean text has ${clean.length} tokens (${pieces(clean)}), the corrupt one ${corrupt.length} (${pieces(corrupt)}); positions are patched one by one, so choose words of as many tokens`,
  )
}

function checkColumns(
  names: readonly string[],
  shapes: readonly (readonly number[])[],
  counts: readonly number[],
  over: string,
): void {
  const flat = shapes.findIndex((shape) => over === 'heads' && shape.length !== 4)
  if (flat >= 0)
    throw new HeedTypeError(
      'option',
      `${names[flat]} is not by head; over heads name activations that end in .q, .k, .v or .heads`,
    )
  const odd = counts.findIndex((count) => count !== counts[0])
  if (odd >= 0)
    throw new HeedError(
      'input',
      `${names[0]} has ${counts[0]} ${over}, ${names[odd]} has ${counts[odd]}; sweep them one after the other`,
    )
}

function metricOf(
  model: Model,
  clean: Predicted,
  corrupt: Predicted,
  { answer, wrong, position = whereMeasured(model, clean, corrupt) }: PatchSweepOptions,
): PatchSweep['metric'] {
  const end = clean.tokens.length
  if (!(Number.isInteger(position) && position >= 0 && position < end))
    throw new HeedError('not-found', `there is no position ${position}; there are 0 to ${end - 1}`)
  const own = (run: Predicted) =>
    run.target?.[position] ?? (run.target ? run.next.at(-1)! : likeliest(run.logits(position)))
  const token = (id: number) => ({ id, text: textOf(model, id) })
  const [right, other] = [idOf(model, answer) ?? own(clean), idOf(model, wrong)]
  const against = other ?? (answer === undefined ? own(corrupt) : right)
  return { answer: token(right), wrong: against === right ? null : token(against), position }
}

/** The position whose prediction tells the texts apart. */
function whereMeasured(model: Model, clean: Predicted, corrupt: Predicted): number {
  if (isCausal(model)) return clean.tokens.length - 1
  if (isTranslator(model)) {
    const parted = clean.next.findIndex((id, t) => id !== corrupt.next[t])
    return parted < 0 ? clean.next.length - 1 : parted
  }
  const mask = clean.tokens.findIndex(({ id }) => id === model.tokenizer!.maskId)
  if (mask < 0)
    throw new HeedError(
      'input',
      'the clean text has no mask, so nothing of it is predicted; write one, or name a position',
    )
  return mask
}

/** The id of a text that is one token. */
function idOf(model: Model, token: string | number | undefined): number | undefined {
  if (token === undefined) return undefined
  const vocabulary = model.weights[model.embedding].shape[0]
  if (typeof token === 'number') {
    if (Number.isInteger(token) && token >= 0 && token < vocabulary) return token
    throw new HeedError('not-found', `there is no token ${token}; ids are 0 to ${vocabulary - 1}`)
  }
  const ids = model.tokenizer!.encodeIds(token, { addSpecials: false })
  if (ids.length === 1) return ids[0]
  const pieces = [...ids].map((id) => JSON.stringify(textOf(model, id)))
  throw new HeedError(
    'input',
    `${JSON.stringify(token)} is ${ids.length} tokens${ids.length > 0 ? ` (${pieces.join(', ')})` : ''}; name one that is a single token (a space before it may matter)`,
  )
}
