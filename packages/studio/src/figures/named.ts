/* Words of a sentence that an element names: `query` and `key`. */
import { tokenLabels } from 'heed/look'
import type { Attributes } from '../elements/kinds'
import type { StepView } from '../engine/step'
import type { Words } from '../words/words.svelte'

/** Where a word stands among tokens first. */
export function placeOf(word: string | undefined, tokens: StepView['keys']): number | undefined {
  const found = tokens.findIndex((token) => token.text.trim().toLowerCase() === word?.toLowerCase())
  return found < 0 ? undefined : found
}

/** What is said of a word that stands nowhere in the sentence. */
export function wrongToken(
  attributes: Attributes,
  { queries, keys }: Pick<StepView, 'queries' | 'keys'>,
  said: Words['learn']['wrong'],
): string | undefined {
  for (const [name, tokens] of [
    ['query', queries],
    ['key', keys],
  ] as const) {
    const word = attributes[name]
    if (word !== undefined && placeOf(word, tokens) === undefined)
      return said.token(name, word, tokenLabels(tokens))
  }
}
