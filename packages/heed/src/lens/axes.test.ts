import { expect, it } from 'vitest'
import type { Token } from '../text/index.js'
import { axisSpans } from './axes.js'

/** Pieces with their places; `</s>` stands nowhere. */
const tokens = (text: string, pieces: readonly string[]): Token[] => {
  let at = 0
  return pieces.map((piece, id) => {
    if (/^<.*>$/.test(piece)) return { id, text: piece, start: at, end: at }
    const start = text.indexOf(piece, at)
    at = start + piece.length
    return { id, text: piece, start, end: at }
  })
}
const text = 'I see dogs. Big ones.'
const output = 'Ich sehe Hunde.'
const of = {
  text,
  output,
  tokens: {
    source: tokens(text, ['I', ' see', ' dog', 's', '.', ' Big', ' ones', '.', '</s>']),
    target: tokens(output, ['<s>', 'Ich', ' seh', 'e', ' Hunde', '.']),
  },
}
const shape = (spans: ReturnType<typeof axisSpans>['keys']) =>
  spans.map(({ start, end, text, special }) => [start, end, text, special])

it('words and sentences of a text, special tokens by themselves', () => {
  const { queries, keys } = axisSpans(of, 'encoder.0.self', 'words')
  expect(queries).toEqual(keys)
  expect(shape(keys)).toEqual([
    [0, 1, 'I', false],
    [1, 2, 'see', false],
    [2, 5, 'dogs.', false],
    [5, 6, 'Big', false],
    [6, 8, 'ones.', false],
    [8, 9, '</s>', true],
  ])
  expect(shape(axisSpans(of, 'encoder.0.self', 'sentences').keys)).toEqual([
    [0, 5, 'I see dogs.', false],
    [5, 8, 'Big ones.', false],
    [8, 9, '</s>', true],
  ])
})

it('rows of a cross-attention are the words being predicted, the end last', () => {
  const { queries, keys } = axisSpans(of, 'decoder.1.cross', 'words')
  expect(shape(queries)).toEqual([
    [0, 1, 'Ich', false],
    [1, 3, 'sehe', false],
    [3, 5, 'Hunde.', false],
    [5, 6, '</s>', true],
  ])
  expect(keys).toHaveLength(6)
  expect(shape(axisSpans(of, 'decoder.1.self', 'words').queries)[0]).toEqual([0, 1, '<s>', true])
})
