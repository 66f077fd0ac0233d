import { tokenLabels } from 'heed/look'
import { type Model, topIds } from 'heed/models'

/** A token that may come next. */
export interface Candidate {
  id: number
  /** As it is shown: white space as a dot, special tokens by their names. */
  label: string
  special: boolean
  /** Its probability. */
  p: number
}

/** An id as people read it, with the white space in front of it. */
export function nameOf({ tokenizer }: Model, id: number): Pick<Candidate, 'label' | 'special'> {
  const text = tokenizer!.decode([id])
  const [token] = tokenizer!.tokensOf([id], text)
  const special = text === '' && tokenizer!.decode([id], { skipSpecials: false }) !== ''
  return { special, label: tokenLabels([{ text: token.text, special, startsWord: true }])[0] }
}

/** The likeliest tokens, likeliest first, by their probabilities [V]. Ids that are no tokens are left out. */
export const likeliest = (model: Model, p: ArrayLike<number>, count: number): Candidate[] =>
  topIds(p, count)
    .filter((id) => model.tokenizer!.has(id))
    .map((id) => ({ id, ...nameOf(model, id), p: p[id] }))
