/*
 * Pairs of a common noun and the adjective that describes it, and what they are held out for: a hash of the pair, and
 * nothing else, says it.
 */

/** FNV-1a over UTF-8. */
export function hash(text) {
  let h = 0x811c9dc5
  for (const byte of new TextEncoder().encode(text)) h = Math.imul(h ^ byte, 0x01000193)
  return h >>> 0
}

/** `test` for about one pair of 20, `valid` for another, undefined for all others. */
export const heldFor = (pair) => ['test', 'valid'][hash(pair) % 20]

/** `elephant large`, both as lemmas; undefined where the word is a name or a pronoun. */
export const pairOf = (word, by) => (word.tag === 'NOUN' ? `${word.lemma} ${by.lemma}` : undefined)
