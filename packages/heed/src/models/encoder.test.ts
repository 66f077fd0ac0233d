import { expect, it } from 'vitest'
import { coded, expectWithin } from '../testing/index.js'
import { goldenFolder } from '../testing/family-goldens.js'
import { type EncoderModel, loadModel } from './index.js'
import { Tokenizer } from '../text/index.js'

/** BERT of the golden case with a tokenizer of fewer tokens than its 40 rows: the last ids have no token. */
async function masked(steps: object = {}): Promise<EncoderModel> {
  const model = await loadModel<EncoderModel>(goldenFolder('bert'))
  const vocab = Object.fromEntries(
    ['[PAD]', '[UNK]', '[MASK]', 'a', 'dog', 'sees'].map((piece, id) => [piece, id]),
  )
  const tokenizer = Tokenizer.fromJson({
    version: '1.0',
    added_tokens: ['[PAD]', '[UNK]', '[MASK]'].map((content, id) => ({
      id,
      content,
      special: true,
      single_word: false,
      lstrip: false,
      rstrip: false,
      normalized: false,
    })),
    normalizer: null,
    pre_tokenizer: { type: 'WhitespaceSplit' },
    post_processor: null,
    decoder: { type: 'WordPiece', prefix: '##', cleanup: true },
    model: {
      type: 'WordPiece',
      unk_token: '[UNK]',
      continuing_subword_prefix: '##',
      max_input_chars_per_word: 100,
      vocab,
    },
    ...steps,
  })
  return Object.assign(model, { tokenizer })
}

it('fills each mask with what has a token, the likeliest first', async () => {
  using model = await masked()
  const filled = await model.fill('a [MASK] sees [MASK]', { top: 50 })
  expect(filled.map(({ start, end }) => [start, end])).toEqual([
    [2, 8],
    [14, 20],
  ])
  for (const { candidates } of filled) {
    expect(candidates.map(({ id }) => id).sort()).toEqual([0, 1, 2, 3, 4, 5])
    const p = candidates.map(({ probability }) => probability)
    expect(p).toEqual(p.toSorted((a, b) => b - a))
    // The other rows of the vocabulary have the rest.
    expect(p.reduce((a, b) => a + b, 0)).toBeLessThan(1)
  }
  expect(filled[0].candidates.map(({ text }) => text)).toContain('[MASK]')
  expect((await model.fill('a [MASK]', { top: 2 }))[0].candidates).toHaveLength(2)
})

it('says what cannot be filled', async () => {
  using model = await masked()
  await expect(model.fill('a dog')).rejects.toThrow(coded('input', 'no mask', '[MASK]'))
  for (const top of [0, -1, NaN, 1.5])
    await expect(model.fill('[MASK]', { top })).rejects.toThrow(coded('option', String(top)))
  await expect(model.fill('[MASK]', { signal: AbortSignal.abort() })).rejects.toThrow(coded('aborted'))
  using bare = await loadModel<EncoderModel>(goldenFolder('bert-bare'))
  await expect(bare.fill('[MASK]')).rejects.toThrow(coded('unsupported', 'tokenizer'))
})

it('embeds texts in any batches alike, and stops when it is asked to', async () => {
  using model = await masked()
  const texts = ['a dog', 'dog', 'a dog sees a dog', 'sees']
  const [one, all] = [await model.embed(texts, { batchTokens: 1 }), await model.embed(texts)]
  for (const [i, vector] of all.entries()) await expectWithin(vector, one[i], 1e-5)
  await expect(model.embed('a dog' as unknown as string[])).rejects.toThrow(coded('option', 'list of texts'))
  await expect(model.embed(['a'], { pool: 'cls' } as object)).rejects.toThrow(
    coded('option', "'pool'", 'pooling'),
  )
  await expect(model.embed(['a', ' '])).rejects.toThrow(coded('input', 'text 2'))
  const controller = new AbortController()
  setTimeout(() => controller.abort(), 20)
  const many = Array<string>(20_000).fill('a dog')
  await expect(model.embed(many, { signal: controller.signal, batchTokens: 2 })).rejects.toThrow(
    coded('aborted'),
  )
})

it('refuses a text of which nothing is left but the special tokens around it', async () => {
  const normalizer = {
    type: 'BertNormalizer',
    clean_text: true,
    handle_chinese_chars: true,
    strip_accents: null,
    lowercase: true,
  }
  const post_processor = { type: 'BertProcessing', cls: ['[PAD]', 0], sep: ['[MASK]', 2] }
  using model = await masked({ normalizer, post_processor })
  expect(model.encode('\u200b').tokens).toHaveLength(2)
  await expect(model.run('\u200b')).rejects.toThrow(coded('input', 'no tokens'))
  await expect(model.embed(['a', '\u200b'])).rejects.toThrow(coded('input', 'text 2', 'no tokens'))
  expect((await model.run('\u200ba')).ids).toHaveLength(3)
  expect(await model.embed(['a'])).toHaveLength(1)
})

it('says what describes a word only where it was trained to, and of a text', async () => {
  using model = await masked()
  await expect(model.describe('a dog')).rejects.toThrow(coded('unsupported', '[NONE]', 'heed-describe'))
})
