import { expect, test } from 'vitest'
import type { Token } from '../text/index.js'
import { sentenceSpans, wordSpans } from './gather.js'

/** Tokens that stand one after another in a text; the empty ones are special. */
function tokensOf(pieces: readonly string[]): { text: string; tokens: Token[] } {
  let at = 0
  const tokens = pieces.map((piece, id) => {
    const special = /^<.*>$/.test(piece)
    const token = { id, text: piece, start: at, end: special ? at : at + piece.length }
    at = token.end
    return token
  })
  return { text: pieces.filter((piece) => !/^<.*>$/.test(piece)).join(''), tokens }
}

test('pieces of a word are one span, with punctuation and without white space', () => {
  const { text, tokens } = tokensOf(['<s>', 'The', ' ele', 'phant', ' sleeps', '.', '</s>'])
  expect(wordSpans(text, tokens)).toEqual([
    { start: 0, end: 1, text: '<s>' },
    { start: 1, end: 2, text: 'The' },
    { start: 2, end: 4, text: 'elephant' },
    { start: 4, end: 6, text: 'sleeps.' },
    { start: 6, end: 7, text: '</s>' },
  ])
})

test('a token of white space belongs to the word before it, a leading space to the word after', () => {
  const { text, tokens } = tokensOf(['a', ' ', ' ', 'b', ' c'])
  expect(wordSpans(text, tokens).map(({ start, end, text }) => [start, end, text])).toEqual([
    [0, 3, 'a'],
    [3, 4, 'b'],
    [4, 5, 'c'],
  ])
})

test('pieces of one character share its span', () => {
  const tokens = [0, 1, 2].map((id) => ({ id, text: '\uFFFD', start: 0, end: 2 }))
  expect(wordSpans('🐘', tokens)).toEqual([{ start: 0, end: 3, text: '🐘' }])
})

test('sentences are cut as Unicode has it', () => {
  const { text, tokens } = tokensOf(['I', ' saw', ' it', '.', ' It', ' was', ' 3', '.', '5', ' m', '.'])
  expect(sentenceSpans(text, tokens)).toEqual([
    { start: 0, end: 4, text: 'I saw it.' },
    { start: 4, end: 11, text: 'It was 3.5 m.' },
  ])
})
