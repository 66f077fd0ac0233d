import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { HeedError } from '../errors.js'
import { decodeUtf8 } from './text.js'

const utf8 = (text: string) => new TextEncoder().encode(text)

test('decodeUtf8 gives back any text', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      fc.pre(!text.startsWith('\ufeff'))
      expect(decodeUtf8(utf8(text), 'a.txt')).toBe(text)
    }),
  )
})

test('a byte order mark is dropped', () => {
  expect(decodeUtf8(utf8('\ufeffHund'), 'a.txt')).toBe('Hund')
})

const illFormed: [string, number[]][] = [
  ['a byte that starts nothing', [0x80]],
  ['an overlong slash', [0xc0, 0xaf]],
  ['an overlong sequence of three', [0xe0, 0x9f, 0xbf]],
  ['an overlong sequence of four', [0xf0, 0x8f, 0xbf, 0xbf]],
  ['a surrogate', [0xed, 0xa0, 0x80]],
  ['beyond U+10FFFF', [0xf4, 0x90, 0x80, 0x80]],
  ['0xff', [0xff]],
  ['a sequence cut by a letter', [0xe2, 0x82, 0x41]],
]

test.each(illFormed)('the offset of what is not UTF-8: %s', (_, bad) => {
  const hex = bad[0].toString(16)
  const whole = Uint8Array.from([...utf8('größer 🐘 '), ...bad, 0x41])
  expect(() => decodeUtf8(whole, 'a.txt')).toThrow(`a.txt: not UTF-8 at byte 14 (0x${hex}); save it as UTF-8`)
})

test('a character cut at the end is not UTF-8', () => {
  expect(() => decodeUtf8(utf8('ab🐘').subarray(0, 5), 'a.txt')).toThrow('not UTF-8 at byte 2 (0xf0)')
})

test('every byte string either decodes or has its offset named, up to which it decodes', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 12 }), (bytes) => {
      try {
        decodeUtf8(bytes, 'x')
      } catch (error) {
        const at = Number(/at byte (\d+)/.exec((error as HeedError).message)?.[1])
        expect(at).toBeLessThan(bytes.length)
        decodeUtf8(bytes.subarray(0, at), 'x')
        expect(() => new TextDecoder('utf-8', { fatal: true }).decode(bytes.subarray(at))).toThrow(TypeError)
      }
    }),
    { numRuns: 1000 },
  )
})
