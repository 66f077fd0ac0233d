import { expect, it } from 'vitest'
import { isBuild, isChoice, questions, topics } from '../questions.js'
import { asked, howTo, languages, marked, optionText } from './index.js'
import { numbersIn } from './numbers.js'

it('fifteen questions of 23 minutes on all ten topics, the last three to build', () => {
  expect(questions).toHaveLength(15)
  expect(questions.reduce((sum, { minutes }) => sum + minutes, 0)).toBe(23)
  expect(new Set(questions.flatMap(({ topics }) => [...topics]))).toEqual(new Set(topics))
  expect(questions.map(isBuild)).toEqual([...Array(12).fill(false), true, true, true])
  expect(new Set(questions.map(({ id }) => id)).size).toBe(15)
})

it.each(Object.values(languages))('$name: all is said, and nothing said twice', (words) => {
  const asks = questions.map((question) => asked(words, question))
  expect(new Set(asks).size).toBe(15)
  for (const question of questions) {
    if (isChoice(question))
      expect(new Set(question.options.map((option) => optionText(words, question, option))).size).toBe(4)
    if (isBuild(question)) expect(howTo(words, question, 'terminal')).not.toBe('')
  }
  for (const text of everyText(words)) {
    expect(text.trim()).not.toBe('')
    expect(text).not.toMatch(/undefined|NaN|\[object/)
    // Stars come in pairs.
    expect(text.split('*').length % 2).toBe(1)
  }
})

it('no sentence was left in English', () => {
  const [english, german] = [everyText(languages.en), everyText(languages.de)]
  expect(german).toHaveLength(english.length)
  const same = english.filter((text, i) => text === german[i] && text.includes(' '))
  expect(same).toEqual([])
})

/** All texts of a language that need no numbers. */
function everyText(value: unknown): string[] {
  if (typeof value === 'string') return [value]
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(everyText) : []
}

it('marks words of sentences, and indices', () => {
  expect(marked('*dog* by W_Q and √d_k: *a b*.')).toEqual([
    { text: 'dog', as: 'word' },
    { text: ' by W', as: 'plain' },
    { text: 'Q', as: 'index' },
    { text: ' and √d', as: 'plain' },
    { text: 'k', as: 'index' },
    { text: ': ', as: 'plain' },
    { text: 'a b', as: 'word' },
    { text: '.', as: 'plain' },
  ])
})

it('writes numbers as the language does', () => {
  const [en, de] = [numbersIn('en'), numbersIn('de')]
  expect([en.fixed(-0.5), de.fixed(-0.5)]).toEqual(['−0.50', '−0,50'])
  expect([en.short(5), en.short(0.1), de.short(4.394)]).toEqual(['5', '0.1', '4,394'])
  expect([en.count(36_000_000), de.count(36_000_000)]).toEqual(['36,000,000', '36.000.000'])
  expect([en.weight(0.0001), de.weight(0.25), en.weight(0), de.weight(0.9999), en.weight(1)]).toEqual([
    '<0.001',
    '0,250',
    '0.000',
    '>0,999',
    '1.000',
  ])
  expect([en.vector([2, -1]), de.vector([0.5, 3])]).toEqual(['(2, −1)', '(0,5; 3)'])
  expect([en.tiny(3e-16), en.tiny(0)]).toEqual(['10⁻¹⁵', '0'])
  expect([en.percent(0.8), de.percent(0.8)]).toEqual(['80%', '80\u00A0%'])
})
