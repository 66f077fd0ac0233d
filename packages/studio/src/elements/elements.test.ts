import { readFileSync } from 'node:fs'
import { questionIds } from 'heed-learn'
import { describe, expect, it } from 'vitest'
import { learn } from '../words/en/learn'
import { fitting } from './around'
import { wrongAttribute, wrongModel } from './check'
import { type Attributes, attributeNames, kindOf, type Name, names, roomOf } from './kinds'

const said = learn.wrong
const wrong = (name: Name, given: Attributes) => wrongAttribute(name, given, said)
const text = 'The elephant is very large.'

describe('attributes', () => {
  it('those of the article are what they should be, and every figure there has a room of its own', () => {
    const article = readFileSync(new URL('../../../../docs/article/en.md', import.meta.url), 'utf8')
    const tags = [...article.matchAll(/<(heed-(?!elsewhere)[a-z]+)([^>]*)>/g)]
    expect(tags.length).toBeGreaterThan(20)
    for (const [tag, name, rest] of tags) {
      expect(names).toContain(name)
      const pairs = [...rest.matchAll(/([a-z]+)(?:="([^"]*)")?/g)].map(([, key, value = '']) => [key, value])
      const given = Object.fromEntries(pairs) as Attributes
      expect(attributeNames, tag).toEqual(expect.arrayContaining(Object.keys(given)))
      expect(wrong(name as Name, given), tag).toBeUndefined()
      if (given.question !== undefined) expect(questionIds).toContain(given.question)
    }
  })

  it('what is missing, or means nothing, is said with what could be said instead', () => {
    expect(wrong('heed-attention', {})).toBe(said.text)
    expect(wrong('heed-translate', { text: ' ' })).toBe(said.text)
    expect(wrong('heed-attention', { text, show: 'all' })).toContain('show="all" is none of map, vectors')
    expect(wrong('heed-attention', { text, ask: 'why' })).toContain('ask="why" is none of row, scale')
    expect(wrong('heed-heads', { text, head: '1.5' })).toBe(said.head('1.5'))
    expect(wrong('heed-heads', { text, height: '0' })).toBe(said.height('0'))
    expect(wrong('heed-heads', { text, theme: 'blue' })).toContain('auto, light, dark')
    expect(wrong('heed-words', { words: 'dog  dog' })).toBe(said.words(2, 1))
    expect(wrong('heed-words', { text: 'dog, cat', show: 'axioms' })).toBe(said.words(3, 2))
    expect(wrong('heed-words', { words: 'dog cat', ask: 'cow' })).toBe(
      said.among('ask', 'cow', ['dog', 'cat']),
    )
    expect(wrong('heed-words', { text: 'dog, cat' })).toBeUndefined()
    expect(wrong('heed-quiz', {})).toBeUndefined()
  })

  it('models: those of the list, and of the hub; one list for a page', () => {
    const entries = [{ name: 'heed-en-de', type: '', bytes: 0, description: '', address: '', files: [] }]
    const of = (model?: string, read = 'a/') =>
      wrongModel({ ...(model && { model }) }, { folder: 'a/', read, entries }, said)
    expect([of(), of('heed-en-de'), of('org/name'), of('org/name@v1')]).toEqual(Array(4).fill(undefined))
    expect(of('gpt5')).toBe(said.model('gpt5', ['heed-en-de']))
    expect(of('heed-en-de', 'b/')).toBe(said.models('a/', 'b/'))
  })

  it('a figure is called by what it shows, and takes the height that it is told', () => {
    expect(kindOf('heed-attention', {})).toBe('attention-map')
    expect(kindOf('heed-words', { ask: 'dog' })).toBe('words-place')
    expect(kindOf('heed-quiz', { question: 'bank' })).toBe('quiz-bank')
    expect(roomOf('heads', { height: '333' })).toEqual([333, 333])
    expect(roomOf('heads', { height: 'x' })).toEqual(roomOf('heads', {}))
    // What tells how a guess was takes a line, and more on a phone; a sentence that may be changed takes its own.
    const [wide] = roomOf('heads', {})
    expect(roomOf('heads', { guess: '' })).toEqual([wide + 36, 520])
    expect(roomOf('attention-vectors', { guess: '' })[1]).toBe(roomOf('attention-vectors', {})[1] + 60)
    expect(roomOf('attention-map', { edit: '' })[0]).toBeGreaterThan(roomOf('attention-map', {})[0])
    expect(roomOf('attention-score', { edit: '' })).toEqual(roomOf('attention-score', {}))
  })
})

describe('the colours of a page', () => {
  it('are taken where a figure can be read on them', () => {
    const cream = 'rgb(251, 243, 228)'
    expect(fitting(cream, 'rgb(43, 29, 14)')).toEqual({ theme: 'light', card: cream, ink: 'rgb(43, 29, 14)' })
    expect(fitting('rgb(20, 22, 24)', 'rgb(230, 230, 230)')).toMatchObject({
      theme: 'dark',
      ink: 'rgb(230, 230, 230)',
    })
  })
  it('are not where it could not: it brings its own card, and its own ink', () => {
    expect(fitting('rgb(128, 128, 128)', 'rgb(0, 0, 0)').card).toBeUndefined()
    expect(fitting('rgb(255, 255, 255)', 'rgb(150, 150, 150)')).toEqual({
      theme: 'light',
      card: 'rgb(255, 255, 255)',
    })
    expect(fitting('rgb(255, 255, 255)', 'rgb(0, 0, 0)', 'dark')).toEqual({ theme: 'dark' })
  })
})
