import { HeedError, HeedTypeError, throwIfAborted } from '../errors.js'
import { softmax } from '../ops/softmax.js'
import { slice } from '../ops/views.js'
import { scope } from '../tensor/scope.js'
import type { TypedArray } from '../tensor/dtype.js'
import type { Tokenizer } from '../text/index.js'
import { padIds } from './ids.js'
import { type Intervention, Run } from './run.js'
import { SequenceModel } from './sequence.js'

export interface FillOptions {
  /** How many candidates of each mask. Default 5. */
  top?: number
  signal?: AbortSignal
  with?: readonly Intervention[]
}

/** A mask of a text and what may stand there, the likeliest first. */
export interface Filled {
  /** UTF-16 offsets of the mask in the text. */
  start: number
  end: number
  candidates: { id: number; text: string; probability: number }[]
}

/** What a model that describes says of words that nothing describes. */
export const noneToken = '[NONE]'

export interface DescribeOptions {
  signal?: AbortSignal
  with?: readonly Intervention[]
}

/** A word of a text and what describes it. */
export interface Described {
  /** The word's token, by number. */
  position: number
  /** UTF-16 offsets of the word in the text, and what stands there. */
  start: number
  end: number
  text: string
  /** The describing word: the likeliest token, `[UNK]` for one outside the vocabulary. */
  by: { id: number; text: string; probability: number }
}

/** An encoder: every token sees all others. BERT and its kin. */
export class EncoderModel extends SequenceModel {
  /**
   * What a masked language model puts in place of each mask token of the text (`[MASK]`, `<mask>`).
   *
   * @throws HeedError `input` when the text has no mask, naming it; `unsupported` when the checkpoint has no output over
   *   the vocabulary or the tokenizer no mask; `aborted` by the signal; HeedTypeError `option` for a `top` that is no
   *   count
   */
  async fill(text: string, { top = 5, signal, with: interventions }: FillOptions = {}): Promise<Filled[]> {
    if (!(Number.isInteger(top) && top >= 1))
      throw new HeedTypeError('option', `top must be a whole number from 1 up, got ${top}`)
    throwIfAborted(signal)
    const tokenizer = this.needTokenizer()
    const { ids, tokens } = this.encode(text)
    const mask = tokenizer.maskId
    if (mask === undefined)
      throw new HeedError('unsupported', 'the tokenizer of this model has no mask token')
    const places = tokens.flatMap((token, t) => (ids[t] === mask ? [{ ...token, t }] : []))
    if (places.length === 0)
      throw new HeedError(
        'input',
        `the text has no mask; write ${tokenizer.decode([mask], { skipSpecials: false })} where a word is missing`,
      )
    const run = new Run(this, { with: interventions })
    const scores = scope(() => {
      const logits = this.logits(run, padIds([ids], this.padId))
      return places.map(({ t }) => softmax(slice(logits, 1, t, t + 1)).keep())
    })
    try {
      const probabilities = await Promise.all(scores.map((score) => score.data()))
      return places.map(({ start, end }, i) => {
        const candidates = likeliest(probabilities[i], top, tokenizer)
        return { start, end, candidates }
      })
    } finally {
      for (const score of scores) score.dispose()
    }
  }

  /**
   * Which words of a text are described, and by which word, in a model that was trained to say so (`trainDescribe` of
   * heed/train): at each token the describing word is predicted, or `[NONE]`.
   *
   * @throws HeedError `input` for an empty text, or one that is too long; `unsupported` when the model has no output over
   *   the vocabulary or no `[NONE]`; `aborted` by the signal
   */
  async describe(text: string, { signal, with: interventions }: DescribeOptions = {}): Promise<Described[]> {
    throwIfAborted(signal)
    const tokenizer = this.needTokenizer()
    const none = tokenizer.idOf(noneToken)
    if (none === undefined)
      throw new HeedError(
        'unsupported',
        `this model has no ${noneToken} token: it does not say what describes a word, as heed-describe does`,
      )
    const { ids, tokens } = this.encodeSome(text)
    const run = new Run(this, { with: interventions })
    using scores = scope(() => softmax(this.logits(run, padIds([ids], this.padId)))).keep()
    const [probabilities, width] = [await scores.data(), scores.shape[2]]
    return tokens.flatMap(({ start, end }, position) => {
      const row = probabilities.subarray(position * width, (position + 1) * width)
      let id = 0
      for (let other = 1; other < width; other++) if (row[other] > row[id]) id = other
      if (id === none) return []
      const by = { id, text: tokenizer.decode([id], { skipSpecials: false }), probability: row[id] }
      return [{ position, start, end, text: text.slice(start, end), by }]
    })
  }
}

/** In falling order; of equals the first. Ids without a token, which fill up some vocabularies, are none. */
function likeliest(probabilities: TypedArray, count: number, tokenizer: Tokenizer): Filled['candidates'] {
  const ids = Array.from(probabilities, (_, id) => id).filter((id) => tokenizer.has(id))
  return ids
    .sort((a, b) => probabilities[b] - probabilities[a] || a - b)
    .slice(0, count)
    .map((id) => ({
      id,
      text: tokenizer.decode([id], { skipSpecials: false }),
      probability: probabilities[id],
    }))
}
