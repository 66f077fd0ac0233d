import { fail, nameOf, stringOf } from './format.js'
import type { Config } from './format.js'
import type { Model, Part } from './models.js'

// A word of n characters takes up to n²/2 look-ups.
const mostCharacters = 1000

/** WordPiece: from left to right the longest piece that fits; a word that does not work out is one unknown token. */
export function wordPieceModel(config: Config, vocab: Map<string, number>, unkId: number | undefined): Model {
  if (unkId === undefined) fail('its WordPiece model has no unk_token')
  const prefix = stringOf(config, 'continuing_subword_prefix')
  const most = config.max_input_chars_per_word ?? 100
  if (typeof most !== 'number' || !(most <= mostCharacters))
    fail(`its max_input_chars_per_word is ${nameOf(most)}, more than ${mostCharacters}`)
  return (word) => {
    const unknown = [{ id: unkId, start: 0, end: word.length }]
    const characters = Array.from(word)
    if (characters.length > most) return unknown
    const parts: Part[] = []
    for (let start = 0; start < word.length;) {
      const part = longest(word, start)
      if (!part) return unknown
      parts.push(part)
      start = part.end
    }
    return parts
  }

  function longest(word: string, start: number): Part | undefined {
    for (let end = word.length; end > start; end--) {
      const id = vocab.get((start > 0 ? prefix : '') + word.slice(start, end))
      if (id !== undefined) return { id, start, end }
    }
    return undefined
  }
}
