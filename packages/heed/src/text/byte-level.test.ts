import * as fc from 'fast-check'
import { expect, it } from 'vitest'
import { coded } from '../testing/index.js'
import { byteTokenizer } from './byte-level.js'
import { learnBpe } from './bpe.js'
import { Tokenizer } from './tokenizer.js'

const bytes = new TextEncoder()

it('a token is a byte: ids are specials, then bytes in their order', () => {
  const tokenizer = Tokenizer.fromJson(byteTokenizer())
  expect(tokenizer.vocabSize).toBe(259)
  const { padId, bosId, eosId } = tokenizer
  expect([padId, bosId, eosId]).toEqual([0, 1, 2])
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      const ids = tokenizer.encodeIds(text, { addSpecials: false, parseSpecials: false })
      expect([...ids]).toEqual([...bytes.encode(text)].map((byte) => byte + 3))
      expect(tokenizer.decode(ids)).toBe(text)
    }),
  )
  expect([...tokenizer.encodeIds('é')]).toEqual([1, 0xc3 + 3, 0xa9 + 3])
})

it('any specials may stand around a text, as in a learned vocabulary', async () => {
  const around = { before: ['[A]', '[B]'], after: ['[A]'] }
  const specials = ['[B]', '[A]']
  const ofBytes = Tokenizer.fromJson(byteTokenizer({ specials, around }))
  expect([...ofBytes.encodeIds('\0')]).toEqual([1, 0, 2, 1])
  const learned = await learnBpe(['aa aa'], { specials, around, vocabSize: 259 })
  expect([...Tokenizer.fromJson(learned).encodeIds('aa')]).toEqual([1, 0, 258, 1])
  expect(learned.post_processor!.pair).toHaveLength(8)
  expect(byteTokenizer({ specials }).post_processor).toBeNull()
})

it('specials that cannot be told apart, or are none, are refused', () => {
  expect(() => byteTokenizer({ specials: ['x', 'x'] })).toThrow(coded('option', 'must differ'))
  expect(() => byteTokenizer({ specials: ['a'] })).toThrow(coded('option', 'must differ'))
  expect(() => byteTokenizer({ specials: [''] })).toThrow(coded('option', 'not be empty'))
  expect(() => byteTokenizer({ around: { after: ['<end>'] } })).toThrow(coded('option', '"<end>"', 'none'))
})
