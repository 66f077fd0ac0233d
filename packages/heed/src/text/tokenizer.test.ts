import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { learnBpe } from './bpe.js'
import { pieceBytes } from './bytes.js'

import { Tokenizer } from './tokenizer.js'
import type { Token } from './tokenizer.js'

const corpus = [
  'The elephant is very large. The elephants are larger than the dogs.',
  'Der Elefant ist sehr groß. Die Elefanten sind größer als die Hunde.',
  '漢字 漢語 漢文 字 文字 😀😁😂 😀😀 👩‍👩‍👧 🇩🇪 é é ñ ñ',
]
const json = await learnBpe(corpus, { vocabSize: 360, minFrequency: 1 })
const tokenizer = Tokenizer.fromJson(json)
const [bos, eos] = [1, 2]

const spansOf = (text: string, tokens: Token[]) =>
  tokens.map(({ text: piece, start, end }) => [piece, text.slice(start, end)])

const item = (id: string) => ({ SpecialToken: { id, type_id: 0 } })
const sequence = (pretokenizers: unknown) => ({ pre_tokenizer: { type: 'Sequence', pretokenizers } })

/** Any UTF-16: also lone surrogates. */
const anyText = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.string({ unit: 'grapheme', maxLength: 40 }),
  fc
    .array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 20 })
    .map((units) => String.fromCharCode(...units)),
  fc.string({
    unit: fc.constantFrom('😀', '漢', 'e\u0301', '\ud83d', '\ude00', ' ', '\n', '\u0085', '\ufeff', 'a', 'ß'),
  }),
)

/** Spans by counting bytes: each piece has the characters that it has a byte of. */
function expectedSpans(text: string, ids: Iterable<number>): [number, number][] {
  const owners: [number, number][] = []
  let at = 0
  for (const character of text) {
    const span: [number, number] = [at, (at += character.length)]
    for (let n = new TextEncoder().encode(character).length; n > 0; n--) owners.push(span)
  }
  const pieces = Object.entries(json.model.vocab).sort((a, b) => a[1] - b[1])
  let byte = 0
  return Array.from(ids, (id) => {
    const start = byte
    byte += pieceBytes(pieces[id][0])!.length
    return [owners[start][0], owners[byte - 1][1]]
  })
}

describe('encode', () => {
  it('gives tokens their place in the text', () => {
    const text = 'The elephant is large.'
    const { ids, tokens } = tokenizer.encode(text)
    expect(tokens.map(({ id }) => id)).toEqual([...ids])
    expect(tokens[0]).toEqual({ id: tokenizer.idOf('The'), text: 'The', start: 0, end: 3 })
    expect(tokens.at(-1)).toEqual({ id: eos, text: '</s>', start: text.length, end: text.length })
    for (const [piece, slice] of spansOf(text, tokens.slice(0, -1))) expect(slice).toBe(piece)
    expect(tokens.some((token) => token.text === ' elephant')).toBe(true)
  })

  it('gives each part of a character the whole character', () => {
    const text = 'x🦒y'
    const parts = tokenizer.encode(text, { addSpecials: false }).tokens
    expect(parts.length).toBeGreaterThan(3)
    expect(parts.map(({ start, end }) => text.slice(start, end))).toEqual([
      'x',
      ...Array<string>(parts.length - 2).fill('🦒'),
      'y',
    ])
    expect(parts[1].text).toMatch(/^\ufffd+$/)
  })

  it('finds the spans of any text', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const { ids, tokens } = tokenizer.encode(text, { addSpecials: false })
        expect(tokens.map(({ start, end }) => [start, end])).toEqual(expectedSpans(text, ids))
        for (const { text: piece, start, end } of tokens)
          if (!piece.includes('\ufffd')) expect(text.slice(start, end)).toBe(piece)
        // All is covered in order, white space too.
        let covered = 0
        for (const { start, end } of tokens) {
          expect(start).toBeLessThanOrEqual(covered)
          expect(end).toBeGreaterThanOrEqual(covered)
          covered = end
        }
        expect(covered).toBe(text.length)
        expect(tokenizer.decode(ids)).toBe(
          new TextDecoder('utf-8', { ignoreBOM: true }).decode(new TextEncoder().encode(text)),
        )
        expect(tokenizer.encodeIds(text)).toEqual(tokenizer.encode(text).ids)
      }),
      { numRuns: 500 },
    )
  })

  it('splits at the white space of Unicode, not of JavaScript', async () => {
    // U+FEFF is white space only for JavaScript: here it forms a word with the mark before it.
    const marks = Tokenizer.fromJson(await learnBpe(['!\ufeff', '!\ufeff'], { vocabSize: 263 }))
    expect(marks.encodeIds('!\ufeff', { addSpecials: false })).toHaveLength(1)
  })

  it('reads special tokens in the text, or takes them as text', () => {
    const text = 'The</s> dog'
    const read = tokenizer.encode(text, { addSpecials: false }).tokens
    expect(read.filter(({ id }) => id === eos)).toEqual([{ id: eos, text: '</s>', start: 3, end: 7 }])
    const plain = tokenizer.encode(text, { parseSpecials: false })
    expect([...plain.ids].filter((id) => id === eos)).toHaveLength(1)
    expect(plain.tokens.map((token) => token.text).join('')).toBe(`${text}</s>`)
  })

  it('takes long texts without spaces', () => {
    for (const text of ['a'.repeat(100_000), '😀'.repeat(50_000)]) {
      const start = performance.now()
      expect(tokenizer.encode(text).tokens.at(-2)?.end).toBe(text.length)
      expect(performance.now() - start).toBeLessThan(10_000)
    }
  })

  it('refuses what is no string', () => {
    expect(() => tokenizer.encode(undefined as unknown as string)).toThrow(/takes a string, not undefined/)
  })
})

describe('decode and tokensOf', () => {
  const anyIds = fc.array(fc.integer({ min: 0, max: tokenizer.vocabSize - 1 }), { maxLength: 30 })

  it('finds generated ids in the text they decode to', () => {
    const text = 'Der Elefant ist groß.'
    const ids = [bos, ...tokenizer.encodeIds(text)]
    expect(tokenizer.decode(ids)).toBe(text)
    expect(tokenizer.decode(ids, { skipSpecials: false })).toBe(`<s>${text}</s>`)
    const tokens = tokenizer.tokensOf(ids, text)
    expect(tokens[0]).toEqual({ id: bos, text: '<s>', start: 0, end: 0 })
    expect(tokens.slice(1)).toEqual(tokenizer.encode(text).tokens)
  })

  it('finds any ids, also where their bytes are no UTF-8', () => {
    fc.assert(
      fc.property(anyIds, (ids) => {
        const text = tokenizer.decode(ids)
        const tokens = tokenizer.tokensOf(ids, text)
        expect(tokens.map(({ id }) => id)).toEqual(ids)
        let covered = 0
        for (const { id, start, end } of tokens) {
          expect(start).toBeLessThanOrEqual(covered)
          if (id < 4) expect(start).toBe(end)
          else expect(end).toBeGreaterThan(start)
          expect(end).toBeGreaterThanOrEqual(covered)
          covered = end
        }
        expect(covered).toBe(text.length)
      }),
      { numRuns: 1000 },
    )
  })

  it('knows which ids have a piece', () => {
    for (const id of [0, eos, tokenizer.vocabSize - 1]) expect(tokenizer.has(id)).toBe(true)
    for (const id of [-1, 0.5, NaN, tokenizer.vocabSize]) expect(tokenizer.has(id)).toBe(false)
    const added = [...json.added_tokens, { ...json.added_tokens[0], id: 370, content: '<far>' }]
    const sparse = Tokenizer.fromJson({ ...json, added_tokens: added })
    expect([sparse.vocabSize, sparse.has(359), sparse.has(360), sparse.has(370)]).toEqual([
      371,
      true,
      false,
      true,
    ])
    expect(() => sparse.decode([360])).toThrow(expect.objectContaining({ code: 'input' }))
  })

  it('refuses foreign ids and texts', () => {
    const input = expect.objectContaining({ code: 'input' })
    expect(tokenizer.decode([])).toBe('')
    expect(() => tokenizer.decode([tokenizer.vocabSize])).toThrow(input)
    expect(() => tokenizer.decode([-1])).toThrow(input)
    const ids = tokenizer.encodeIds('The dogs')
    expect(() => tokenizer.tokensOf(ids, 'The cats')).toThrow(input)
    expect(() => tokenizer.tokensOf(ids, 'The dogs bark')).toThrow(input)
  })
})

describe('fromJson', () => {
  type Parts = Record<string, unknown>
  const vary = (parts: Parts, config?: unknown) => Tokenizer.fromJson({ ...json, ...parts }, config)
  const withModel = (model: Parts) => vary({ model: { ...json.model, ...model } })

  it('knows the special tokens by the config or by their usual names', () => {
    expect([tokenizer.padId, tokenizer.bosId, tokenizer.eosId]).toEqual([0, 1, 2])
    expect(tokenizer.vocabSize).toBe(360)
    const named = vary({}, { eos_token: { content: '<unk>' }, bos_token: '<pad>' })
    expect([named.bosId, named.eosId]).toEqual([0, 3])
    const none = vary({ added_tokens: [], post_processor: null })
    expect([none.padId, none.bosId, none.eosId]).toEqual([undefined, undefined, undefined])
  })

  it('puts the tokens of the template before and after', () => {
    const single = [item('<s>'), { Sequence: { id: 'A', type_id: 0 } }, item('</s>')]
    const both = vary({
      post_processor: { type: 'TemplateProcessing', single, pair: single, special_tokens: {} },
    })
    const { tokens } = both.encode('The')
    expect(tokens.map(({ id, start, end }) => [id, start, end])).toEqual([
      [bos, 0, 0],
      [both.idOf('The'), 0, 3],
      [eos, 3, 3],
    ])
    expect([...both.encodeIds('')]).toEqual([bos, eos])
  })

  it('reads GPT-2 style files: untyped model, merges as text, a space put in front', () => {
    const { type: _, ...model } = json.model
    const old = vary({
      model: { ...model, merges: json.model.merges.map((pair) => pair.join(' ')) },
      pre_tokenizer: { type: 'ByteLevel', add_prefix_space: true, trim_offsets: true },
    })
    const text = 'elephant'
    expect(spansOf(text, old.encode(text).tokens)).toEqual([
      [' elephant', 'elephant'],
      ['</s>', ''],
    ])
    // The space in front is a token of its own here, and belongs to the character after it.
    expect(spansOf('\n', old.encode('\n', { addSpecials: false }).tokens)).toEqual([
      [' ', '\n'],
      ['\n', '\n'],
    ])
  })

  const split = (Regex: string) => ({
    pre_tokenizer: {
      type: 'Sequence',
      pretokenizers: [
        { type: 'Split', pattern: { Regex }, behavior: 'Isolated', invert: false },
        { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: false },
      ],
    },
  })
  const contractions = String.raw`(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+`
  const rest = String.raw` ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+`

  it.each([
    ['Llama 3', String.raw`${contractions}|\p{N}{1,3}|${rest}`],
    ['Qwen 2', String.raw`${contractions}|\p{N}|${rest}`],
    ['GPT-2', String.raw`'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+`],
  ])('reads %s style files: Split before ByteLevel, merges ignored for whole words', (_, pattern) => {
    const llama = vary({ model: { ...json.model, ignore_merges: true }, ...split(pattern) })
    fc.assert(
      fc.property(anyText, (text) => {
        const { ids, tokens } = llama.encode(text, { addSpecials: false })
        expect(tokens.map(({ start, end }) => [start, end])).toEqual(expectedSpans(text, ids))
      }),
    )
  })

  it('passes over white space beside added tokens that take it', () => {
    const mask = { ...json.added_tokens[0], id: 360, content: '<mask>', lstrip: true, rstrip: true }
    const masked = vary({ added_tokens: [...json.added_tokens, mask] })
    const text = 'The  <mask>  dog'
    const { tokens } = masked.encode(text, { addSpecials: false })
    expect(masked.vocabSize).toBe(361)
    expect(tokens.find(({ id }) => id === 360)).toEqual({ id: 360, text: '<mask>', start: 5, end: 11 })
    expect(tokens.at(-1)?.end).toBe(text.length)
  })

  it('gives what a normaliser composes the place that it had', () => {
    const nfc = vary({ normalizer: { type: 'NFC' } })
    const text = 'The e\u0301 \u1112\u1161\u11ab'
    const { ids, tokens } = nfc.encode(text, { addSpecials: false })
    expect(ids).toEqual(tokenizer.encodeIds('The \u00e9 \ud55c', { addSpecials: false }))
    expect(new Set(tokens.map(({ start, end }) => text.slice(start, end).trim()))).toEqual(
      new Set(['The', 'e\u0301', '', '\u1112\u1161\u11ab']),
    )
  })

  it('keeps the first tokens up to a most, and the special ones', () => {
    const text = 'The elephant is large.'
    const all = tokenizer.encode(text)
    const { ids, tokens } = tokenizer.encode(text, { maxLength: 3 })
    expect([...ids]).toEqual([...all.ids.slice(0, 2), eos])
    expect(tokens.slice(0, 2)).toEqual(all.tokens.slice(0, 2))
    expect(tokenizer.encodeIds(text, { maxLength: 3 })).toEqual(ids)
    expect(tokenizer.encodeIds(text, { maxLength: 3, addSpecials: false })).toEqual(all.ids.slice(0, 3))
    expect(tokenizer.encode(text, { maxLength: 100 })).toEqual(all)
    expect([...tokenizer.encodeIds(text, { maxLength: 1 })]).toEqual([eos])
    for (const maxLength of [0, NaN, -1, 1.5])
      expect(() => tokenizer.encode(text, { maxLength })).toThrow(expect.objectContaining({ code: 'option' }))
  })

  it('refuses by name what would give other ids', () => {
    const refuses = (parts: Parts, name: string) =>
      expect(() => vary(parts)).toThrow(
        expect.objectContaining({ code: 'unsupported', message: expect.stringContaining(name) }),
      )
    refuses({ normalizer: { type: 'Nmt' } }, '"Nmt"')
    refuses({ pre_tokenizer: { type: 'UnicodeScripts' } }, '"UnicodeScripts"')
    refuses({ pre_tokenizer: { type: 'Punctuation', behavior: 'Nonsense' } }, '"Nonsense"')
    refuses({ post_processor: { type: 'Nonsense' } }, '"Nonsense"')
    refuses({ model: { type: 'WordLevel', vocab: { a: 0 } } }, '"WordLevel"')
    refuses({ model: { type: 'constructor', vocab: { a: 0 } } }, '"constructor"')
    refuses({ decoder: { type: 'CTC' } }, '"CTC"')
    refuses({ decoder: null }, 'decoder []')
    refuses({ pre_tokenizer: null }, 'ByteLevel decoder without the other')
    refuses({ decoder: { type: 'WordPiece', prefix: '##', cleanup: false } }, 'ByteLevel pre-tokenizer')
    refuses({ model: { ...json.model, end_of_word_suffix: '</w>' } }, 'end_of_word_suffix')
    refuses({ model: { ...json.model, dropout: 0.1 } }, 'dropout')
    const { z: _, ...vocab } = json.model.vocab
    refuses({ model: { ...json.model, vocab } }, 'lacks byte 122')
    const metaspace = { type: 'Metaspace', replacement: '\u2581', prepend_scheme: 'always' }
    refuses({ pre_tokenizer: metaspace, decoder: metaspace }, 'lacks bytes and an unknown token')
  })

  it('refuses patterns that could take for ever, wherever they stand', () => {
    const refused = expect.objectContaining({
      code: 'unsupported',
      message: expect.stringContaining('(a+)+$'),
    })
    const pattern = { Regex: '(a+)+$' }
    const replace = { type: 'Replace', pattern, content: 'a' }
    expect(() => vary(split('(a+)+$'))).toThrow(refused)
    expect(() => vary({ normalizer: replace })).toThrow(refused)
    const deep = { type: 'Sequence', normalizers: [{ type: 'Sequence', normalizers: [replace] }] }
    expect(() => vary({ normalizer: deep })).toThrow(refused)
  })

  it('says what is wrong in a line, however large or deep it is', () => {
    let deep: unknown = []
    for (let i = 0; i < 100_000; i++) deep = [deep]
    for (const parts of [
      { added_tokens: [deep] },
      { added_tokens: [{ id: 1, content: ['x'.repeat(1e6)] }] },
      { model: { ...json.model, merges: [deep] } },
      { model: { ...json.model, merges: [['a', deep]] } },
      { model: { ...json.model, vocab: { a: deep } } },
      { model: { ...json.model, vocab: { ['x'.repeat(1e6)]: -1 } } },
      { decoder: { type: 'x'.repeat(1e6) } },
    ])
      expect(() => vary(parts)).toThrow(
        expect.objectContaining({ name: 'HeedError', message: expect.stringMatching(/^.{1,300}$/) }),
      )
  })

  it('refuses files that are not what they claim to be', () => {
    const format = expect.objectContaining({ code: 'format' })
    for (const file of [null, 'text', [], {}, { model: 3 }, { model: {} }]) {
      expect(() => Tokenizer.fromJson(file)).toThrow(format)
    }
    const added = json.added_tokens
    const nested = (depth: number): unknown =>
      depth === 0 ? { type: 'NFC' } : { type: 'Sequence', normalizers: [nested(depth - 1)] }
    for (const parts of [
      { pre_tokenizer: 'ByteLevel' },
      { decoder: {} },
      sequence(3),
      sequence([null]),
      { added_tokens: {} },
      { added_tokens: [{ ...added[0], id: -1 }] },
      { added_tokens: [{ ...added[0], id: 2 ** 40 }] },
      { added_tokens: [{ ...added[0], content: '' }] },
      { normalizer: { type: 'Sequence', normalizers: [null] } },
      { normalizer: { type: 'Replace', pattern: { String: '' }, content: 'a' } },
      { normalizer: { type: 'Precompiled', precompiled_charsmap: '????' } },
      { normalizer: { type: 'Precompiled', precompiled_charsmap: 'AAEAAA==' } },
      { normalizer: nested(10) },
      { pre_tokenizer: { type: 'Metaspace', replacement: 'ab', prepend_scheme: 'always' } },
      { decoder: { type: 'Metaspace', replacement: '', prepend_scheme: 'always' } },
      { decoder: { type: 'Metaspace', replacement: 'ab', prepend_scheme: 'always' } },
      { pre_tokenizer: { type: 'Digits' } },
      { added_tokens: [{ ...added[0], content: 'other' }] },
      { added_tokens: [{ ...added[0], id: 400 }] },
      { model: { type: 'WordPiece', vocab: { a: 0 } } },
      { model: { type: 'WordPiece', vocab: { a: 0 }, unk_token: 'b' } },
      { model: { type: 'Unigram', vocab: [['a', 0]] } },
      {
        model: {
          type: 'Unigram',
          unk_id: 0,
          vocab: [
            ['a', 0],
            ['a', 0],
          ],
        },
      },
      { model: { type: 'Unigram', unk_id: 0, vocab: [['a', '0']] } },
      { post_processor: { type: 'TemplateProcessing' } },
      { post_processor: { type: 'TemplateProcessing', single: [], pair: [] } },
      { post_processor: { type: 'BertProcessing', sep: ['[SEP]', 9000], cls: ['[CLS]', 9001] } },
    ])
      expect(() => vary(parts), JSON.stringify(parts)).toThrow(format)
    const { vocab, merges } = json.model
    for (const model of [
      { vocab: null },
      { vocab: [] },
      { vocab: { ...vocab, extra: '7' } },
      { vocab: { ...vocab, extra: 7 } },
      { vocab: { ...vocab, '': 360 } },
      { vocab: { ...vocab, extra: 1e12 } },
      { merges: {} },
      { merges: [...merges, ['a']] },
      { merges: [...merges, 'a b'] },
      { merges: [['q', 'q'], ...merges] },
      { merges: [[1, 2]] },
    ])
      expect(() => withModel(model), JSON.stringify(Object.keys(model))).toThrow(format)
    expect(() => Tokenizer.fromJson(json, 3)).toThrow(format)
  })
})
