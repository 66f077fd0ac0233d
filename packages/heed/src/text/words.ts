import { breather } from '../breathe.js'
import { HeedTypeError, throwIfAborted } from '../errors.js'
import { Aligned } from './aligned.js'
import { type AddedToken, vocabOf } from './byte-level.js'
import { normalizerOf } from './normalizers.js'
import { preTokenizerOf } from './pretokenizers.js'

export interface LearnWordsOptions {
  /** Words in the vocabulary, with the specials. */
  vocabSize: number
  /** Take the first ids, in this order; `[UNK]`, what stands for all other words, is one of them. Default `[PAD]`, `[UNK]`. */
  specials?: readonly string[]
  signal?: AbortSignal
}

/** A tokenizer.json whose tokens are whole words, without case, as BERT's own without its pieces; Hugging Face's `tokenizers` reads it as it is. */
export type WordsJson = ReturnType<typeof wordsJson>

const normalizer = {
  type: 'BertNormalizer',
  clean_text: true,
  handle_chinese_chars: true,
  strip_accents: null,
  lowercase: true,
}
const preTokenizer = { type: 'BertPreTokenizer' }

/**
 * The most frequent words of some texts, of equally frequent ones those first in the order of UTF-16 units: a token is a
 * word or a punctuation mark, in lower case. Every other word is `[UNK]`. The same texts in any order give the same.
 *
 * @throws HeedTypeError `option` when vocabSize has no room for the specials, `[UNK]` is none of them, or one is empty or twice there
 * @throws HeedError `aborted` when the signal says so
 */
export async function learnWords(
  texts: Iterable<string>,
  { vocabSize, specials = ['[PAD]', '[UNK]'], signal }: LearnWordsOptions,
): Promise<WordsJson> {
  if (!Number.isSafeInteger(vocabSize) || vocabSize <= specials.length)
    throw new HeedTypeError(
      'option',
      `learnWords: vocabSize ${vocabSize} must be a whole number above ${specials.length}, the specials`,
    )
  if (!specials.includes(unknown))
    throw new HeedTypeError('option', `learnWords: ${unknown} must be one of the specials`)
  const normalize = normalizerOf(normalizer)
  const cut = preTokenizerOf(preTokenizer)
  const counts = new Map<string, number>()
  const breathe = breather()
  for (const text of texts) {
    for (const { text: word } of cut(normalize(Aligned.of(text))))
      counts.set(word, (counts.get(word) ?? 0) + 1)
    await breathe()
    throwIfAborted(signal)
  }
  for (const special of specials) counts.delete(special)
  const words = [...counts].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1)).map(([word]) => word)
  return wordsJson(specials, vocabOf(specials, words.slice(0, vocabSize - specials.length)))
}

const unknown = '[UNK]'

const wordsJson = (specials: readonly string[], vocab: ReadonlyMap<string, number>) => ({
  version: '1.0',
  truncation: null,
  padding: null,
  added_tokens: specials.map((content, id): AddedToken => {
    const asWritten = { single_word: false, lstrip: false, rstrip: false, normalized: false }
    return { id, content, ...asWritten, special: true }
  }),
  normalizer,
  pre_tokenizer: preTokenizer,
  post_processor: null,
  decoder: { type: 'WordPiece', prefix: '##', cleanup: true },
  model: {
    type: 'WordPiece',
    unk_token: unknown,
    continuing_subword_prefix: '##',
    max_input_chars_per_word: 100,
    vocab: Object.fromEntries(vocab),
  },
})
