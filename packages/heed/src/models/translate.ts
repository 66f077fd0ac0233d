import { breather } from '../breathe.js'
import { HeedError, HeedTypeError, throwIfAborted } from '../errors.js'
import { reshape } from '../ops/views.js'
import { softmax } from '../ops/softmax.js'
import { scope } from '../tensor/scope.js'
import { batchesByLength, fitting, type IndexedIds, type OnTooLong } from './batches.js'
import { Cache } from './cache.js'
import { type AliveHypothesis, beamSearch, type Hypothesis, type Stepper } from './beam-search.js'
import { padIds } from './ids.js'
import { type Intervention, type Observer, Run } from './run.js'
import type { Transformer } from './transformer.js'

/** How outputs are searched for. */
export interface DecodeOptions {
  /** Hypotheses kept per text; 1 is greedy. Default: what the model says (`generation`). */
  beam?: number
  /** α of the length penalty ((5 + length) / 6)^α by which log p is divided: larger prefers longer. Default: what the model says. */
  lengthPenalty?: number
  /** The most tokens of an output, its end token included. Default 2 · source length + 10, and never more than max_positions. */
  maxLength?: number
  signal?: AbortSignal
  /** Interventions in force on the way. */
  with?: readonly Intervention[]
}

/** Who looks on while ids are decoded. */
export interface TranslateIdsOptions extends DecodeOptions {
  /** They see the pass over the sources, then one pass for each token, a row for each hypothesis. */
  observers?: readonly Observer[]
  /**
   * Called after every token but the last, and waited for, with the best hypothesis of every source that has not ended. A
   * greedy one grows by a token each time; with more beams another may take its place.
   */
  onStep?: (alive: readonly AliveHypothesis[]) => void | Promise<void>
}

export interface TranslateOptions extends DecodeOptions {
  /** Texts done, of all. */
  onProgress?: (progress: { done: number; total: number }) => void
  /** Source tokens of a batch, padding included. More is faster and takes more memory. Default 1,024. */
  batchTokens?: number
  /**
   * Called for a text that has more tokens than the model has positions; it is then translated as far as they go.
   * Without it such a text is an error.
   */
  onTooLong?: OnTooLong
}

/**
 * Translates texts, in order. Texts of like length share a batch; a blank text gives a blank one.
 *
 * @throws HeedError `input` for a text longer than max_positions, unless `onTooLong` is given; `aborted` by the signal;
 *   `unsupported` when the model has no tokenizer
 */
export async function translate(
  model: Transformer,
  texts: readonly string[],
  options: TranslateOptions = {},
): Promise<string[]> {
  const { batchTokens = 1024, onProgress, onTooLong, signal } = options
  if (!(Number.isInteger(batchTokens) && batchTokens >= 1))
    throw new HeedTypeError('option', `batchTokens must be a whole number from 1 up, got ${batchTokens}`)
  if (!Array.isArray(texts) || !texts.every((text) => typeof text === 'string'))
    throw new HeedTypeError(
      'option',
      'translate takes a list of texts, as in model.translate(["I see a dog."])',
    )
  const sources: IndexedIds[] = []
  for (const [index, text] of texts.entries())
    if (text.trim() !== '') {
      const whole = { index, ids: model.sourceIds(text) }
      sources.push({ index, ids: fitting(whole, model.config.max_positions, 1, onTooLong) })
    }
  const outputs = texts.map(() => '')
  let done = texts.length - sources.length
  for (const batch of batchesByLength(sources, batchTokens)) {
    throwIfAborted(signal)
    const found = await translateIds(
      model,
      batch.map(({ ids }) => ids),
      options,
    )
    batch.forEach(({ index }, b) => (outputs[index] = model.tokenizer!.decode(found[b].tokens)))
    onProgress?.({ done: (done += batch.length), total: texts.length })
  }
  return outputs
}

/**
 * Outputs for sources given as ids, `</s>` at the end of each, all in one batch: the best of each beam search.
 *
 * @throws HeedError `input` for a source longer than max_positions, `aborted` by the signal
 */
export async function translateIds(
  model: Transformer,
  sources: readonly ArrayLike<number>[],
  options: TranslateIdsOptions = {},
): Promise<Hypothesis[]> {
  if (sources.length === 0) return []
  const { generation } = model
  const { beam = generation.beam, lengthPenalty = generation.lengthPenalty, maxLength = Infinity } = options
  if (!(maxLength >= 1))
    throw new HeedTypeError('option', `maxLength must be a number from 1 up, got ${maxLength}`)
  const { pad_token_id: pad, bos_token_id: bos, eos_token_id: eos, max_positions, vocab_size } = model.config
  const empty = sources.findIndex((ids) => ids.length === 0)
  if (empty >= 0) throw new HeedError('input', `source ${empty} has no tokens; each ends with the end token`)
  const limits = sources.map((ids) => Math.min(max_positions, Math.floor(maxLength), 2 * ids.length + 10))

  const source = padIds(sources, pad)
  const cache = new Cache()
  const run = new Run(model, { cache, with: options.with, observers: options.observers })
  const memory = model.encode(run, source).keep()
  let lengths = source.lengths
  const breathe = breather()
  const stepper: Stepper = {
    async step(tokens) {
      await breathe()
      const probabilities = scope(() => {
        const target = {
          ids: tokens,
          rows: tokens.length,
          width: 1,
          lengths: new Int32Array(tokens.length).fill(1),
        }
        const logits = model.decode(run, target, memory, lengths)
        return softmax(reshape(logits, [tokens.length, vocab_size]))
      }).keep()
      try {
        return (await probabilities.data()) as Float32Array | Float64Array
      } finally {
        probabilities.dispose()
      }
    },
    select(rows, sentences) {
      cache.select(rows, sentences)
      if (sentences) lengths = Int32Array.from(sentences, (s) => lengths[s])
    },
  }
  try {
    return await beamSearch(stepper, {
      beam,
      lengthPenalty,
      limits,
      bos,
      eos,
      banned: [pad, bos].filter((id) => id !== eos),
      onStep: options.onStep,
      signal: options.signal,
    })
  } finally {
    memory.dispose()
    cache.dispose()
  }
}
