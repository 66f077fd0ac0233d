import { HeedError } from '../errors.js'
import { quote } from '../json.js'
import { centroid } from './space.js'
import type { VectorTable } from './table.js'

/** What is asked of a tokenizer; `Tokenizer` of `heed/text` is one. */
export interface WordTokenizer {
  encodeIds(text: string, options: { addSpecials: boolean; parseSpecials: boolean }): ArrayLike<number>
}

/** A word in the space of a table. */
export interface WordVector {
  word: string
  /** Its tokens, which are rows of the table. */
  ids: number[]
  /** [D], the mean of those rows. */
  vector: Float64Array
}

export interface WordVectorsOptions {
  /** Encode the word as it stands inside a sentence, after a space, not as the first of a text. Default true. */
  leadingSpace?: boolean
  /** The token that stands for what the vocabulary cannot spell: a word with it is unknown. Default: there is none. */
  unknownId?: number
}

/**
 * One vector per word: its row of the embedding table, and for a word of several tokens the mean of their rows. White
 * space around a word does not count, special tokens are not added, and one written as a word is plain text.
 *
 * @param table the embedding table [V, D]
 * @throws HeedError `input` for an empty word, one that gives no tokens, or an unknown one, naming it; `format` when the
 *   tokenizer gives an id that is no row of the table
 */
export function wordVectors(
  words: readonly string[],
  tokenizer: WordTokenizer,
  table: VectorTable,
  { leadingSpace = true, unknownId }: WordVectorsOptions = {},
): WordVector[] {
  return words.map((given, n) => {
    const word = given.trim()
    if (word === '') throw new HeedError('input', `word ${n + 1} is empty (${quote(given)}); give a word`)
    const text = leadingSpace ? ` ${word}` : word
    const ids = Array.from(tokenizer.encodeIds(text, { addSpecials: false, parseSpecials: false }))
    if (ids.length === 0)
      throw new HeedError('input', `the word ${quote(word)} gives no tokens; give another`)
    if (unknownId !== undefined && ids.includes(unknownId))
      throw new HeedError('input', `the word ${quote(word)} is unknown to this vocabulary; give another`)
    const beyond = ids.find((id) => id >= table.rows)
    if (beyond !== undefined)
      throw new HeedError(
        'format',
        `the word ${quote(word)} has token ${beyond}, but the embedding table has ${table.rows} rows: they are not of one model`,
      )
    return { word, ids, vector: centroid(ids.map((id) => table.row(id))) }
  })
}
