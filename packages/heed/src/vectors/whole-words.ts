import { VectorTable } from './table.js'
import type { WordTokenizer } from './words.js'

/** What is asked of a tokenizer to find its words; `Tokenizer` of `heed/text` is one. */
export interface VocabularyTokenizer extends WordTokenizer {
  readonly vocabSize: number
  /** Whether there is a token of this id. */
  has(id: number): boolean
  /** The text of tokens; nothing for special ones. */
  decode(ids: ArrayLike<number>): string
}

/** The tokens that are words of their own, in the order of their ids, which is mostly that of how often they were met. */
export interface WholeWords {
  words: string[]
  /** [W] */
  ids: number[]
  /** [W, D] */
  table: VectorTable
}

/**
 * Every token made of letters to which its own text, encoded as a word inside a sentence, leads back. Special tokens and
 * parts of characters are none. A vocabulary does not say which of its tokens are only beginnings of words (`tele`), so
 * some of these are.
 *
 * @param table the embedding table [V, D]
 */
export function wholeWords(tokenizer: VocabularyTokenizer, table: VectorTable): WholeWords {
  const words: string[] = []
  const ids: number[] = []
  for (let id = 0; id < Math.min(tokenizer.vocabSize, table.rows); id++) {
    const word = tokenizer.has(id) ? tokenizer.decode([id]).trim() : ''
    if (!/^\p{L}[\p{L}\p{M}'’-]*$/u.test(word)) continue
    const back = tokenizer.encodeIds(` ${word}`, { addSpecials: false, parseSpecials: false })
    if (back.length !== 1 || back[0] !== id) continue
    words.push(word)
    ids.push(id)
  }
  const { width } = table
  const data = new Float32Array(ids.length * width)
  ids.forEach((id, row) => data.set(table.row(id), row * width))
  return { words, ids, table: new VectorTable(data, width) }
}
