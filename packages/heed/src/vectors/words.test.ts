import { expect, it } from 'vitest'
import { coded } from '../testing/index.js'
import { learnBpe, Tokenizer } from '../text/index.js'
import { VectorTable, wordVectors, type WordTokenizer } from './index.js'

const table = new VectorTable(Float32Array.of(0, 0, 1, 2, 3, 6, -1, 4), 2)
const ids: Record<string, number[]> = {
  ' dog': [1],
  dog: [2],
  ' hotdog': [2, 1, 3],
  ' ?': [0],
  ' \u200b': [],
  ' x': [7],
}
const asked: object[] = []
const tokenizer: WordTokenizer = {
  encodeIds: (text, options) => {
    asked.push(options)
    return ids[text]
  },
}

it('is a row for a word of one token, and the mean of the rows for several', () => {
  expect(wordVectors(['dog', 'hotdog'], tokenizer, table)).toEqual([
    { word: 'dog', ids: [1], vector: Float64Array.of(1, 2) },
    { word: 'hotdog', ids: [2, 1, 3], vector: Float64Array.of(1, 4) },
  ])
  const options = { addSpecials: false, parseSpecials: false }
  expect(asked).toEqual([options, options])
  expect(wordVectors([], tokenizer, table)).toEqual([])
})

it('encodes a word as inside a sentence, unless asked not to; white space around it does not count', () => {
  expect(wordVectors([' dog\n'], tokenizer, table)[0]).toMatchObject({ word: 'dog', ids: [1] })
  expect(wordVectors(['dog'], tokenizer, table, { leadingSpace: false })[0].ids).toEqual([2])
})

it('names words that are empty, unknown, or of another vocabulary', () => {
  const of = (...words: string[]) => wordVectors(words, tokenizer, table, { unknownId: 0 })
  expect(() => of('dog', ' \t')).toThrow(coded('input', 'word 2 is empty'))
  expect(() => of('\u200b')).toThrow(coded('input', 'gives no tokens'))
  expect(() => of('dog', '?')).toThrow(coded('input', 'the word "?" is unknown'))
  expect(() => of('x')).toThrow(coded('format', 'the word "x" has token 7', '4 rows'))
  expect(wordVectors(['?'], tokenizer, table)[0].ids).toEqual([0])
})

it('works with a tokenizer.json, where every word has bytes and a special token is text', async () => {
  const json = await learnBpe(['the dog sees the dog'], { vocabSize: 264 })
  const bpe = Tokenizer.fromJson(json)
  const rows = new VectorTable(
    Float32Array.from({ length: bpe.vocabSize * 3 }, (_, i) => (i % 7) + 1),
    3,
  )
  const [dog, elephant, end] = wordVectors(['dog', '🐘', '</s>'], bpe, rows)
  expect(bpe.decode(dog.ids)).toBe(' dog')
  expect(elephant.ids.length).toBeGreaterThan(3)
  expect(bpe.decode(end.ids)).toBe(' </s>')
})
