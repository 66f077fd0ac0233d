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
