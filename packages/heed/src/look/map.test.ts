import { describe, expect, it } from 'vitest'
import { HeedTypeError } from '../errors.js'
import { checkMap, strongestLinks, tokenLabels, wordsOf } from './map.js'
import type { DrawnMap, DrawnToken } from './map.js'

const word = (text: string): DrawnToken => ({ text, special: false, startsWord: true })
const piece = (text: string): DrawnToken => ({ text, special: false, startsWord: false })
const special = (text: string): DrawnToken => ({ text, special: true, startsWord: true })

const end = special('</s>')
const map = (queries: DrawnToken[], keys: DrawnToken[], weights: number[][]): DrawnMap => ({
  title: 't',
  queries,
  keys,
  weights,
})

const check = (weights: number[][]) => () => checkMap(map([word('a')], [word('b'), word('c')], weights))

describe('checkMap', () => {
  it('names the row, the weight and what was expected', () => {
    expect(check([[0.5, 0.5]])).not.toThrow()
    expect(check([[1.00001, 0]])).not.toThrow()
    expect(check([])).toThrow('a map of 1 queries needs as many rows; got 0')
    expect(check([[1]])).toThrow('row 0 has 1 weights for 2 keys; give one per key')
    expect(check([[0, 3.2]])).toThrow('weights[0][1] is 3.2; a weight lies in [0, 1]')
    expect(check([[NaN, 0]])).toThrow(HeedTypeError)
  })
})

describe('tokenLabels', () => {
  it('names special tokens and shows white space', () => {
    const tokens = [special('<s>'), word(' Der'), special('<|im_end|>'), special('[MASK]'), special('</s>')]
    expect(tokenLabels(tokens)).toEqual(['start', '·Der', 'end', 'MASK', 'end'])
  })

  it('calls an end or padding token that opens a sequence its start', () => {
    expect(tokenLabels([special('<|endoftext|>'), word('Hi'), special('<|endoftext|>')])).toEqual([
      'start',
      'Hi',
      'end',
    ])
    expect(tokenLabels([special('<pad>'), word('Hi')])[0]).toBe('start')
    expect(tokenLabels([end])).toEqual(['end'])
  })
})

describe('wordsOf', () => {
  it('joins pieces, sets punctuation at the edges apart, and keeps it inside', () => {
    const tokens = [
      piece('Ele'),
      piece('fant'),
      word(' don'),
      piece("'"),
      piece('t'),
      piece('.'),
      piece('”'),
      end,
    ]
    expect(wordsOf(tokens).map(({ text, start, end }) => [text, start, end])).toEqual([
      ['Elefant', 0, 2],
      ["don't", 2, 5],
      ['.', 5, 6],
      ['”', 6, 7],
      ['end', 7, 8],
    ])
    expect(wordsOf([word(' ('), piece('very'), piece(')')]).map(({ text }) => text)).toEqual([
      '(',
      'very',
      ')',
    ])
    expect(wordsOf([word('\n')]).map(({ text }) => text)).toEqual(['↵'])
    expect(wordsOf([])).toEqual([])
  })

  it('keeps a piece without text with the character that it ends', () => {
    const tokens = [word('大'), piece(''), piece('。'), piece(''), word('a'), piece('!'), piece('')]
    expect(wordsOf(tokens).map(({ text, start, end }) => [text, start, end])).toEqual([
      ['大', 0, 2],
      ['。', 2, 4],
      ['a', 4, 5],
      ['!', 5, 7],
    ])
  })
})

describe('strongestLinks', () => {
  const keys = [word('The'), word(' ele'), piece('phant'), end]

  it('sums over the pieces of the key word and averages over those of the query word', () => {
    const weights = [
      [0.4, 0.3, 0.2, 0.1],
      [0.1, 0.05, 0.05, 0.8],
    ]
    const links = strongestLinks(map([word('Ele'), piece('fant')], keys, weights))
    expect(links).toHaveLength(1)
    expect(links[0]).toMatchObject({ query: 'Elefant', key: 'elephant' })
    expect(links[0].weight).toBeCloseTo((0.3 + 0.2 + 0.05 + 0.05) / 2, 12)
  })

  it('leaves special tokens out unless asked, on both sides', () => {
    const asked = map([word('a'), end], keys, [
      [0.1, 0, 0, 0.9],
      [0, 0.5, 0.5, 0],
    ])
    expect(strongestLinks(asked)).toEqual([{ query: 'a', key: 'The', weight: 0.1 }])
    expect(strongestLinks(asked, { special: true })).toEqual([
      { query: 'a', key: 'end', weight: 0.9 },
      { query: 'end', key: 'elephant', weight: 1 },
    ])
  })

  it('keeps the strongest in reading order, and no link for a word that attends to nothing', () => {
    const queries = [word('a'), word('b'), word('c'), word('d')]
    const weights = [[0.5], [0.2], [0.9], [0]]
    const links = (limit?: number) =>
      strongestLinks(map(queries, [word('x')], weights), { limit }).map(({ query }) => query)
    expect(links()).toEqual(['a', 'b', 'c'])
    expect(links(2)).toEqual(['a', 'c'])
    expect(links(0)).toEqual([])
    expect(strongestLinks(map([word('a')], [end], [[1]]))).toEqual([])
    expect(strongestLinks(map([], [], []))).toEqual([])
  })
})
