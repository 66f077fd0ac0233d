import { HeedTypeError } from '../errors.js'
import { quote } from '../json.js'
import { byteSymbols } from './bytes.js'

/** A special or otherwise fixed token of a tokenizer.json. */
export interface AddedToken {
  id: number
  content: string
  single_word: boolean
  lstrip: boolean
  rstrip: boolean
  normalized: boolean
  special: boolean
}

/** The tokenizer.json of a byte-level BPE, as `learnBpe` and `byteTokenizer` make it; Hugging Face's `tokenizers` reads it as it is. */
export type TokenizerJson = {
  version: '1.0'
  truncation: null
  padding: null
  added_tokens: AddedToken[]
  normalizer: null
  pre_tokenizer: ByteLevelConfig
  post_processor: {
    type: 'TemplateProcessing'
    single: TemplateItem[]
    pair: TemplateItem[]
    special_tokens: Record<string, { id: string; ids: number[]; tokens: string[] }>
  } | null
  decoder: ByteLevelConfig
  model: {
    type: 'BPE'
    dropout: null
    unk_token: null
    continuing_subword_prefix: null
    end_of_word_suffix: null
    fuse_unk: false
    byte_fallback: false
    ignore_merges: false
    vocab: Record<string, number>
    merges: [string, string][]
  }
}

export interface ByteLevelConfig {
  type: 'ByteLevel'
  add_prefix_space: false
  trim_offsets: false
  use_regex: true
}

export type TemplateItem =
  { Sequence: { id: 'A' | 'B'; type_id: number } } | { SpecialToken: { id: string; type_id: number } }

/** Specials that stand before and after every encoded text. */
export interface Around {
  before?: readonly string[]
  after?: readonly string[]
}

export interface ByteTokenizerOptions {
  /** Take the first ids, in this order. Default `<pad>`, `<s>`, `</s>`. */
  specials?: readonly string[]
  /** The specials around every encoded text. Default: `<s>` before it, if that is one of them. */
  around?: Around
}

/**
 * A tokenizer.json that has no merges: every byte of a text is a token, byte b the id `specials.length + b`.
 *
 * @throws HeedTypeError `option` when a special is empty, twice there or a byte's symbol, or `around` names no special
 */
export function byteTokenizer(options: ByteTokenizerOptions = {}): TokenizerJson {
  const { specials = ['<pad>', '<s>', '</s>'] } = options
  const { around = specials.includes('<s>') ? { before: ['<s>'] } : {} } = options
  return byteLevelJson({ specials, around, vocab: vocabOf(specials, byteSymbols), merges: [] })
}

/**
 * Ids of specials, then of the symbols of bytes.
 *
 * @throws HeedTypeError `option` when a special is empty, twice there or a byte's symbol
 */
export function vocabOf(specials: readonly string[], symbols: readonly string[]): Map<string, number> {
  const pieces = [...specials, ...symbols]
  const vocab = new Map(pieces.map((piece, id) => [piece, id]))
  if (vocab.size < pieces.length || vocab.has(''))
    throw new HeedTypeError('option', `specials ${quote([...specials])} must differ and not be empty`)
  return vocab
}

interface ByteLevelParts {
  specials: readonly string[]
  around?: Around
  vocab: ReadonlyMap<string, number>
  merges: [string, string][]
}

/** @throws HeedTypeError `option` when `around` names what is no special */
export function byteLevelJson({ specials, around, vocab, merges }: ByteLevelParts): TokenizerJson {
  const byteLevel: ByteLevelConfig = {
    type: 'ByteLevel',
    add_prefix_space: false,
    trim_offsets: false,
    use_regex: true,
  }
  return {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: specials.map((content, id) => ({
      id,
      content,
      single_word: false,
      lstrip: false,
      rstrip: false,
      normalized: false,
      special: true,
    })),
    normalizer: null,
    pre_tokenizer: byteLevel,
    post_processor: templateOf(around ?? endOf(specials), vocab, specials),
    decoder: byteLevel,
    model: {
      type: 'BPE',
      dropout: null,
      unk_token: null,
      continuing_subword_prefix: null,
      end_of_word_suffix: null,
      fuse_unk: false,
      byte_fallback: false,
      ignore_merges: false,
      vocab: Object.fromEntries(vocab),
      merges,
    },
  }
}

const endOf = (specials: readonly string[]): Around => (specials.includes('</s>') ? { after: ['</s>'] } : {})

function templateOf(
  { before = [], after = [] }: Around,
  vocab: ReadonlyMap<string, number>,
  specials: readonly string[],
): TokenizerJson['post_processor'] {
  const named = [...new Set([...before, ...after])]
  const unknown = named.find((name) => !specials.includes(name))
  if (unknown !== undefined)
    throw new HeedTypeError(
      'option',
      `around: ${quote(unknown)} is none of the specials ${quote([...specials])}`,
    )
  if (named.length === 0) return null
  const special = (type_id: number) => (id: string) => ({ SpecialToken: { id, type_id } })
  const text = (id: 'A' | 'B', type_id: number): TemplateItem[] => [
    ...before.map(special(type_id)),
    { Sequence: { id, type_id } },
    ...after.map(special(type_id)),
  ]
  const entries = named.map((id) => [id, { id, ids: [vocab.get(id)!], tokens: [id] }])
  return {
    type: 'TemplateProcessing',
    single: text('A', 0),
    pair: [...text('A', 0), ...text('B', 1)],
    special_tokens: Object.fromEntries(entries) as NonNullable<
      TokenizerJson['post_processor']
    >['special_tokens'],
  }
}
