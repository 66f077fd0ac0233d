import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Prefixes } from './prefixes.js'
import { Tokenizer } from './tokenizer.js'

const metaspace = { type: 'Metaspace', replacement: '▁', prepend_scheme: 'never' }
const pieces = ['<unk>', '▁', 'a', 'b']
const json = {
  model: { type: 'Unigram', unk_id: 0, vocab: pieces.map((piece, id) => [piece, -id]) },
  pre_tokenizer: metaspace,
  decoder: metaspace,
}
const vary = (parts: Record<string, unknown>) => Tokenizer.fromJson({ ...json, ...parts })
const times = (n: number, value: unknown) => Array.from({ length: n }, () => value)
const problem = (message: RegExp) =>
  expect.objectContaining({ code: 'format', message: expect.stringMatching(message) })

describe('the length of a text', () => {
  it('does not explode by steps that each double it', () => {
    const double = { type: 'Replace', pattern: { String: 'a' }, content: 'aa' }
    const doubling = (n: number) => vary({ normalizer: { type: 'Sequence', normalizers: times(n, double) } })
    expect(doubling(6).encodeIds('a'.repeat(1000))).toHaveLength(64_000)
    const tooLong = problem(/more than 64 times as long/)
    expect(() => doubling(24).encodeIds('a')).toThrow(tooLong)
    expect(() => doubling(24).encodeIds('a'.repeat(1000))).toThrow(tooLong)
  })

  it('does not explode word by word', () => {
    const cut = { type: 'Split', pattern: { String: 'a' }, behavior: 'Isolated', invert: false }
    const bytes = { type: 'ByteLevel', add_prefix_space: false, use_regex: false, trim_offsets: false }
    const byteLevel = (n: number) =>
      vary({
        pre_tokenizer: { type: 'Sequence', pretokenizers: [cut, ...times(n, bytes)] },
        decoder: bytes,
      })
    // Symbols beyond ASCII are two bytes each.
    const text = 'aä'.repeat(1000)
    expect(byteLevel(1).encode(text).tokens.at(-1)?.end).toBe(text.length)
    expect(() => byteLevel(24).encodeIds(text)).toThrow(problem(/more than 64 times as long/))
  })

  it('may grow as far as Unicode has it', () => {
    const text = '\ufdfa'.repeat(2000)
    const nfkc = vary({ normalizer: { type: 'NFKC' } })
    expect(nfkc.encode(text, { addSpecials: false }).tokens.at(-1)?.end).toBe(text.length)
  })
})

describe('pieces with long prefixes in common', () => {
  const lengths = Array.from({ length: 2000 }, (_, i) => i)
  const text = 'a'.repeat(10_000)

  it('are looked for no longer than they match, as added tokens', () => {
    const added = lengths
      .slice(1)
      .map((i) => ({ id: 3 + i, content: `${'a'.repeat(i)}b`, normalized: false }))
    const many = vary({ added_tokens: added })
    const start = performance.now()
    expect(many.encodeIds(text)).toHaveLength(text.length)
    expect([...many.encodeIds('aaabab')]).toEqual([6, 4])
    expect(performance.now() - start).toBeLessThan(5_000)
  })

  it('are looked for no longer than they match, as pieces', () => {
    const long = lengths.slice(2).map((i) => [`${'a'.repeat(i)}b`, -1])
    const many = vary({ model: { ...json.model, vocab: [...json.model.vocab, ...long] } })
    const start = performance.now()
    expect(many.encodeIds(text)).toHaveLength(text.length)
    expect([...many.encodeIds('aaabaab')]).toEqual([5, 4])
    expect(performance.now() - start).toBeLessThan(5_000)
  })

  it('are found all, the shortest first', () => {
    const short = (maxLength: number) =>
      fc.string({ unit: fc.constantFrom('a', 'b', '\ud83d', '\ude00', '\uffff', '\0'), maxLength })
    fc.assert(
      fc.property(fc.uniqueArray(short(5)), short(8), (strings, text) => {
        const own = strings.filter((string) => string !== '')
        const prefixes = new Prefixes(new Map(own.map((string) => [string, string])))
        for (let at = 0; at < text.length; at++) {
          const expected = own
            .filter((string) => text.startsWith(string, at))
            .sort((a, b) => a.length - b.length)
          expect(prefixes.at(text, at)).toEqual(
            expected.map((string) => ({ value: string, end: at + string.length })),
          )
        }
      }),
      { numRuns: 300 },
    )
  })
})

describe('the tokens around a text', () => {
  const text = { Sequence: { id: 'A', type_id: 0 } }
  const template = (single: unknown[], special_tokens: unknown = {}) => ({
    type: 'TemplateProcessing',
    single,
    special_tokens,
  })
  const item = { SpecialToken: { id: 'a', type_id: 0 } }
  const tooMany = problem(/tokens around a text, more than 1024/)

  it('are no more than can be passed on', () => {
    const items = times(1000, item)
    expect(vary({ post_processor: template([...items, text]) }).encodeIds('b')).toHaveLength(1001)
    const many = times(200_000, item)
    expect(() => vary({ post_processor: template([...many, text]) })).toThrow(tooMany)
    expect(() => vary({ post_processor: template([text, ...many]) })).toThrow(tooMany)
    expect(() => vary({ post_processor: template([...items, text, ...items]) })).toThrow(tooMany)
  })

  it('are not many by one name, or in many steps', () => {
    const list = { a: { tokens: times(200_000, 'a') } }
    const single = [text, ...times(1000, item)]
    expect(() => vary({ post_processor: template(single, list) })).toThrow(tooMany)
    const processors = times(2000, template([item, text]))
    expect(() => vary({ post_processor: { type: 'Sequence', processors } })).toThrow(tooMany)
  })
})
