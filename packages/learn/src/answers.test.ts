import * as fc from 'fast-check'
import { expect, it } from 'vitest'
import { formatAnswer, type Link, parseAnswer } from './answers.js'
import { questionOf } from './questions.js'

const options = ['same', 'place', 'senses', 'meaning']
const choice = (text: string) => parseAnswer(questionOf('bank'), text, options)
const number = (text: string) => parseAnswer(questionOf('score'), text, [])
const links = (text: string) => parseAnswer(questionOf('mask'), text, [])
const heads = (text: string) => parseAnswer(questionOf('heads'), text, [])

it('options by number or letter, in the order that is shown', () => {
  expect(['1', ' 4 ', 'b', 'C'].map(choice)).toEqual(['same', 'meaning', 'place', 'senses'])
  expect(['0', '5', 'e', '12', '', 'same', 'ab'].map(choice)).toEqual(Array(7).fill(undefined))
})

it('numbers as English and German write them', () => {
  expect(['2', '0.5', '0,5', ' -3 ', '−1,25', '.5', '+4', '2.'].map(number)).toEqual([
    2, 0.5, 0.5, -3, -1.25, 0.5, 4, 2,
  ])
  expect(['', 'two', '1.000.000', '1e3', '0x10', '4 4', '-'].map(number)).toEqual(Array(7).fill(undefined))
})

it('links of a mask, counted from 1', () => {
  expect(links('1>2 1>3')).toEqual([
    [0, 1],
    [0, 2],
  ])
  expect(links('1>2, 10-3; 4/1')).toEqual([
    [0, 1],
    [9, 2],
    [3, 0],
  ])
  expect(links('-')).toEqual([])
  expect(['', '0>1', '1>', '1>2>3', '1,2', 'all'].map(links)).toEqual(Array(6).fill(undefined))
})

it('heads, counted from 0', () => {
  expect(['0', '0 2', '3, 1', '-'].map(heads)).toEqual([[0], [0, 2], [3, 1], []])
  expect(['', 'a', '0:1', '-1', '1.5'].map(heads)).toEqual(Array(5).fill(undefined))
})

it('what is formatted is read again', () =>
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(9), fc.nat(9))), fc.nat(50), (pairs, n) => {
      expect(links(formatAnswer(pairs as Link[]))).toEqual(pairs)
      const kept = pairs.map(([head]) => head)
      expect(heads(formatAnswer(kept))).toEqual(kept)
      expect(number(formatAnswer(n / 4))).toBe(n / 4)
    }),
  ))
