import { describe, expect, it } from 'vitest'
import { Tokenizer } from './tokenizer.js'

const metaspace = { type: 'Metaspace', replacement: '▁', prepend_scheme: 'never' }
const pieces = ['<unk>', '▁', 'a', 'b']
const json = {
  model: { type: 'Unigram', unk_id: 0, vocab: pieces.map((piece, id) => [piece, -id]) },
  pre_tokenizer: metaspace,
  decoder: metaspace,
}
const vary = (parts: Record<string, unknown>) => Tokenizer.fromJson({ ...json, ...parts })
const problem = (message: RegExp) =>
  expect.objectContaining({ code: 'format', message: expect.stringMatching(message) })

describe('the length of a text', () => {
  it('does not explode by steps that each double it', () => {
    const double = { type: 'Replace', pattern: { String: 'a' }, content: 'aa' }
    const doubling = (n: number) =>
      vary({ normalizer: { type: 'Sequence', normalizers: Array<unknown>(n).fill(double) } })
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
        pre_tokenizer: { type: 'Sequence', pretokenizers: [cut, ...Array<unknown>(n).fill(bytes)] },
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
