import { HeedError } from '../errors.js'
import { softmax } from '../ops/softmax.js'
import { slice } from '../ops/views.js'
import { scope } from '../tensor/scope.js'
import { padIds } from './ids.js'
import { type Intervention, Run } from './run.js'
import { SequenceModel } from './sequence.js'

export interface FillOptions {
  /** How many candidates of each mask. Default 5. */
  top?: number
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
   *   the vocabulary or the tokenizer no mask
   */
  async fill(text: string, { top = 5, with: interventions }: FillOptions = {}): Promise<Filled[]> {
    const { ids, tokens } = this.encode(text)
    const mask = this.tokenizer!.maskId
    if (mask === undefined)
      throw new HeedError('unsupported', 'the tokenizer of this model has no mask token')
    const places = tokens.flatMap((token, t) => (ids[t] === mask ? [{ ...token, t }] : []))
    if (places.length === 0)
      throw new HeedError(
        'input',
        `the text has no mask; write ${this.tokenizer!.decode([mask], { skipSpecials: false })} where a word is missing`,
      )
    const run = new Run(this, { with: interventions })
    const scores = scope(() => {
      const logits = this.logits(run, padIds([ids], this.padId))
      return places.map(({ t }) => softmax(slice(logits, 1, t, t + 1)))
    })
    const filled: Filled[] = []
    for (const [i, { start, end }] of places.entries()) {
      const probabilities = await scores[i].data()
      const candidates = largest(probabilities, top).map((id) => ({
        id,
        text: this.tokenizer!.decode([id]),
        probability: probabilities[id],
      }))
      filled.push({ start, end, candidates })
      scores[i].dispose()
    }
    return filled
  }
}

/** Places of the `count` largest, in falling order; of equals the first. */
export function largest(values: ArrayLike<number>, count: number): number[] {
  const order = Array.from({ length: values.length }, (_, i) => i)
  return order.sort((a, b) => values[b] - values[a] || a - b).slice(0, count)
}
