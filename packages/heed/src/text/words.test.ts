import { expect, it } from 'vitest'
import { coded } from '../testing/index.js'
import { learnWords, Tokenizer } from './index.js'

it('learns the most frequent words; all others are unknown, with their place', async () => {
  const texts = ['The dog sees the cat.', "It's the cat’s!", 'A dog. A Dog?']
  const json = await learnWords(texts, { vocabSize: 6 })
  // the and dog 3 times; "." "a" and "cat" twice, of which the first two in order of their characters
  expect(json.model.vocab).toEqual({ '[PAD]': 0, '[UNK]': 1, dog: 2, the: 3, '.': 4, a: 5 })
  expect(await learnWords([...texts].reverse(), { vocabSize: 6 })).toEqual(json)
  const tokenizer = Tokenizer.fromJson(json)
  expect([tokenizer.padId, tokenizer.unkId, tokenizer.vocabSize]).toEqual([0, 1, 6])
  const { ids, tokens } = tokenizer.encode('The elephant, a DOG.')
  expect([...ids]).toEqual([3, 1, 1, 5, 2, 4])
  expect(tokens.map(({ start, end }) => [start, end])).toEqual([
    [0, 3],
    [4, 12],
    [12, 13],
    [14, 15],
    [16, 19],
    [19, 20],
  ])
  expect(tokens[1].text.trim()).toBe('elephant')
})

it('keeps specials apart from words, and small texts give small vocabularies', async () => {
  const json = await learnWords(['[UNK] a'], { vocabSize: 100, specials: ['[UNK]', '[NONE]', '[PAD]'] })
  expect(json.model.vocab).toEqual({ '[UNK]': 0, '[NONE]': 1, '[PAD]': 2, '[': 3, ']': 4, a: 5, unk: 6 })
})

it('says what it cannot', async () => {
  const refused = (options: Parameters<typeof learnWords>[1], ...says: string[]) =>
    expect(learnWords(['a'], options)).rejects.toThrow(coded('option', ...says))
  await refused({ vocabSize: 2 }, 'vocabSize 2')
  await refused({ vocabSize: 2.5 }, 'vocabSize 2.5')
  await refused({ vocabSize: 9, specials: ['[PAD]'] }, '[UNK]')
  await refused({ vocabSize: 9, specials: ['[UNK]', '[UNK]'] }, 'must differ')
  const signal = AbortSignal.abort()
  await expect(learnWords(['a'], { vocabSize: 9, signal })).rejects.toThrow(coded('aborted'))
})
