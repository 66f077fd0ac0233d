import { expect, it } from 'vitest'
import { VectorTable, type VocabularyTokenizer, wholeWords } from './index.js'

/** ` el` is a beginning that is a word to its vocabulary; `ant` goes on with a word, so that it does not lead back. */
const pieces = ['', ' dog', 'ant', ' el', ' .', '\uFFFD', " don't", ' x2', undefined, ' ÄrztIn', ' far']
const tokenizer: VocabularyTokenizer = {
  vocabSize: pieces.length,
  has: (id) => pieces[id] !== undefined,
  decode: ([id]: ArrayLike<number> & Iterable<number>) => pieces[id]!,
  encodeIds: (text) => {
    const id = pieces.indexOf(text)
    return id < 0 ? [2, 2] : [id]
  },
}

it('words are tokens of letters that lead back to themselves, with their rows', () => {
  const table = new VectorTable(
    Float32Array.from({ length: 20 }, (_, i) => i),
    2,
  )
  const { words, ids, table: rows } = wholeWords(tokenizer, table)
  // ` far` has no row in this table.
  expect(words).toEqual(['dog', 'el', "don't", 'ÄrztIn'])
  expect(ids).toEqual([1, 3, 6, 9])
  expect([...rows.data]).toEqual([2, 3, 6, 7, 12, 13, 18, 19])
})

it('a vocabulary without words has none', () => {
  const none = wholeWords({ ...tokenizer, decode: () => '\uFFFD' }, new VectorTable(new Float32Array(20), 2))
  expect([none.words, none.table.rows]).toEqual([[], 0])
})
