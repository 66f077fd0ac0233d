import { HeedError, HeedTypeError } from '../errors.js'

import { AddedTokens } from './added.js'
import type { LiteralToken } from './added.js'
import { Aligned } from './aligned.js'
import { byteIds, byteSymbols } from './bytes.js'
import { decoderOf, isByteLevelDecoder } from './decoders.js'
import type { Decoder, Piece } from './decoders.js'
import { checkTokenizerJson, unsupported } from './format.js'
import type { TokenizerParts } from './format.js'
import { modelOf } from './models.js'
import type { Model } from './models.js'
import { normalizerOf } from './normalizers.js'
import type { Normalizer } from './normalizers.js'
import { isByteLevel, preTokenizerOf } from './pretokenizers.js'
import type { PreTokenizer } from './pretokenizers.js'
import { coverText, spansIn } from './spans.js'
import { templateOf } from './template.js'
import type { Template } from './template.js'
import { Vocabulary } from './vocabulary.js'

/** A token and where it stands in the text. */
export interface Token {
  id: number
  /**
   * The piece decoded: ` elephant`, never `Ġelephant` or `##ant`; U+FFFD where it holds part of a character; for an
   * unknown token the text under its span.
   */
  text: string
  /** UTF-16 offsets into the text; equal for a special token that does not stand in the text. */
  start: number
  end: number
}

export interface Encoding {
  ids: Int32Array
  /** One for each id. */
  tokens: Token[]
}

export interface EncodeOptions {
  /** Add the special tokens that the tokenizer puts around a text, such as `</s>`. Default true. */
  addSpecials?: boolean
  /**
   * Read `</s>` or `[MASK]` written in the text as the token, as Hugging Face does. With false it is plain text:
   * right for text by users, who could end their sentence with it. Added tokens that are not special, such as runs of
   * spaces, are read in any case. Default true.
   */
  parseSpecials?: boolean
  /**
   * Keep the first tokens of the text, so that with the special tokens there are at most this many. Encoders have a
   * most, such as 512. Default: all.
   */
  maxLength?: number
}

/** A tokenizer.json with the places of its tokens: text to ids and spans, ids to text. */
export class Tokenizer {
  /** Ids are below this: the rows that an embedding needs. */
  readonly vocabSize: number
  /** The token a text starts with; undefined when the tokenizer has none, as with those that follow. */
  readonly bosId: number | undefined
  /** The token a text ends with. */
  readonly eosId: number | undefined
  /** The token that fills batches. */
  readonly padId: number | undefined
  /** The token for what the vocabulary does not have. */
  readonly unkId: number | undefined
  /** The token that hides one, to be guessed. */
  readonly maskId: number | undefined
  /** The token in front whose vector stands for the text. */
  readonly clsId: number | undefined
  /** The token after each text of a pair. */
  readonly sepId: number | undefined

  readonly #vocabulary: Vocabulary
  readonly #written: AddedTokens
  readonly #normalize: Normalizer
  readonly #writtenNormalised: AddedTokens
  readonly #preTokenize: PreTokenizer
  readonly #model: Model
  readonly #decoder: Decoder
  readonly #template: Template

  private constructor(parts: TokenizerParts, config: Record<string, unknown>) {
    const { added } = parts
    const specials = new Set(added.filter(({ special }) => special).map(({ content }) => content))
    const { model, vocab, unkId } = modelOf(parts.model, (piece) => specials.has(piece))
    this.#vocabulary = new Vocabulary(vocab, added)
    this.#normalize = normalizerOf(parts.normalizer)
    this.#preTokenize = preTokenizerOf(parts.pre_tokenizer)
    this.#model = model
    this.#decoder = decoderOf(parts.decoder)
    const bytes = isByteLevel(parts.pre_tokenizer)
    if (bytes !== isByteLevelDecoder(this.#decoder))
      unsupported(`a ByteLevel ${bytes ? 'pre-tokenizer' : 'decoder'} without the other`)
    if (unkId === undefined) checkCoversAll(vocab, bytes, parts.model.byte_fallback === true)
    const split = (normalized: boolean, contentOf: (token: LiteralToken) => string) =>
      new AddedTokens(
        added.filter((token) => token.normalized === normalized),
        contentOf,
      )
    this.#written = split(false, ({ content }) => content)
    this.#writtenNormalised = split(true, ({ content }) => this.#normalize(Aligned.of(content)).text)
    this.#template = templateOf(parts.post_processor, (piece) => this.idOf(piece))

    this.vocabSize = this.#vocabulary.size
    this.unkId = unkId
    this.bosId = this.#vocabulary.named('bos_token', config)
    this.eosId = this.#vocabulary.named('eos_token', config)
    this.padId = this.#vocabulary.named('pad_token', config)
    this.maskId = this.#vocabulary.named('mask_token', config)
    this.clsId = this.#vocabulary.named('cls_token', config)
    this.sepId = this.#vocabulary.named('sep_token', config)
  }

  /**
   * Byte-level BPE (GPT-2, RoBERTa, Llama 3, Qwen …), SentencePiece's BPE (Llama 2, Mistral, Gemma) and Unigram
   * (T5, XLM-R, ALBERT), and WordPiece (BERT), with the ids of the Rust `tokenizers`. What the file says of
   * truncation and padding is not applied.
   *
   * @param tokenizerJson the parsed tokenizer.json
   * @param tokenizerConfig the parsed tokenizer_config.json, which names the special tokens
   * @throws HeedError `format` when the JSON is not what it claims to be, `unsupported`, naming the step, for what
   * would not give the same ids here
   */
  static fromJson(tokenizerJson: unknown, tokenizerConfig: unknown = {}): Tokenizer {
    const parts = checkTokenizerJson(tokenizerJson)
    if (typeof tokenizerConfig !== 'object' || tokenizerConfig === null)
      throw new HeedError('format', 'tokenizer_config.json: it is not an object')
    return new Tokenizer(parts, tokenizerConfig as Record<string, unknown>)
  }

  /**
   * Ids and tokens with their places in the text as it was before normalisation. What normalisation took away
   * belongs to the token before it, or at the start to the first. The special tokens put around the text have empty
   * spans; one that is written in the text has the span of its text.
   *
   * @throws HeedTypeError `option` when maxLength has no room for the special tokens
   */
  encode(text: string, options: EncodeOptions = {}): Encoding {
    const { addSpecials = true } = options
    const found = this.#find(text, options)
    coverText(found, text)
    const kept = this.#truncate(found, options)
    const tokens = kept.map(({ id, start, end }) => {
      const own = id === this.unkId ? text.slice(start, end) : this.#decoder.textOf(this.#piece(id))
      return { id, text: own, start, end }
    })
    if (!addSpecials) return { ids: Int32Array.from(kept, ({ id }) => id), tokens }
    const { before, after } = this.#template
    const around = (ids: number[], at: number): Token[] =>
      ids.map((id) => ({ id, text: this.#piece(id).content, start: at, end: at }))
    const all = [...around(before, 0), ...tokens, ...around(after, text.length)]
    return { ids: Int32Array.from(all, ({ id }) => id), tokens: all }
  }

  /** The ids of {@link encode} alone, which is faster. */
  encodeIds(text: string, options: EncodeOptions = {}): Int32Array {
    const ids = this.#truncate(this.#find(text, options), options).map(({ id }) => id)
    if (options.addSpecials === false) return Int32Array.from(ids)
    return Int32Array.from([...this.#template.before, ...ids, ...this.#template.after])
  }

  /**
   * The text of the ids; bytes that are no UTF-8 become U+FFFD.
   *
   * @throws HeedError `input` when an id is not in the vocabulary
   */
  decode(ids: ArrayLike<number>, { skipSpecials = true }: { skipSpecials?: boolean } = {}): string {
    const pieces = Array.from(ids, (id) => this.#piece(id))
    return this.#decoder.decode(
      skipSpecials ? pieces.filter(({ id }) => !this.#vocabulary.isSpecial(id)) : pieces,
    )
  }

  /**
   * Tokens of ids, as of generated ones, with their places in the text that {@link decode} gives for them. Special
   * tokens are not in that text: their spans are empty.
   *
   * @throws HeedError `input` when an id is not in the vocabulary or the ids do not decode to the text
   */
  tokensOf(ids: ArrayLike<number>, text: string): Token[] {
    const pieces = Array.from(ids, (id) => this.#piece(id))
    const own = pieces.filter(({ id }) => !this.#vocabulary.isSpecial(id))
    const spans = spansIn(this.#decoder.fragments(own), own.length, text).values()
    let at = 0
    return pieces.map((piece) => {
      const { id, content } = piece
      if (this.#vocabulary.isSpecial(id)) return { id, text: content, start: at, end: at }
      const { start, end } = spans.next().value!
      at = end
      return { id, text: this.#decoder.textOf(piece), start, end }
    })
  }

  /** The id of a piece as the vocabulary writes it, such as `</s>` or `Ġthe`. */
  idOf(piece: string): number | undefined {
    return this.#vocabulary.idOf(piece)
  }

  /**
   * Whether the vocabulary has a piece for the id, as {@link decode} needs. Not all ids below {@link vocabSize} have
   * one: a file may leave some out.
   */
  has(id: number): boolean {
    return this.#vocabulary.piece(id) !== undefined
  }

  /** The text's own tokens, in order. */
  #find(text: string, { parseSpecials = true }: EncodeOptions): Found[] {
    if (typeof text !== 'string')
      throw new HeedError('input', `a tokenizer takes a string, not ${typeof text}`)
    const found: Found[] = []
    const addText = (section: Aligned) => {
      for (const word of this.#preTokenize(section))
        for (const { id, start, end } of this.#model(word.text))
          found.push({ id, start: word.starts[start], end: word.ends[end - 1] })
    }
    for (const section of this.#written.split(Aligned.of(text), parseSpecials)) {
      if ('token' in section) found.push({ id: section.token.id, start: section.start, end: section.end })
      else
        for (const inner of this.#writtenNormalised.split(this.#normalize(section.text), parseSpecials))
          if ('token' in inner) found.push({ id: inner.token.id, start: inner.start, end: inner.end })
          else addText(inner.text)
    }
    return found
  }

  #truncate(found: Found[], { addSpecials = true, maxLength = Infinity }: EncodeOptions): Found[] {
    const specials = addSpecials ? this.#template.before.length + this.#template.after.length : 0
    if (!(maxLength >= specials && (Number.isInteger(maxLength) || maxLength === Infinity)))
      throw new HeedTypeError(
        'option',
        `maxLength is ${maxLength}, not a whole number of at least ${specials}, the count of special tokens`,
      )
    return found.slice(0, maxLength - specials)
  }

  #piece(id: number): Piece {
    const piece = this.#vocabulary.piece(id)
    if (!piece)
      throw new HeedError('input', `${id} is not an id of this tokenizer, which has ${this.vocabSize}`)
    return piece
  }
}

interface Found {
  id: number
  start: number
  end: number
}

/** A tokenizer without an unknown token needs all bytes. */
function checkCoversAll(vocab: ReadonlyMap<string, number>, isByteLevel: boolean, fallsBack: boolean): void {
  // 0xC0, 0xC1 and those from 0xF5 on do not occur in UTF-8.
  const missing = byteSymbols.findIndex(
    (symbol, byte) => byte < 0xf5 && byte !== 0xc0 && byte !== 0xc1 && !vocab.has(symbol),
  )
  if (isByteLevel ? missing < 0 : fallsBack && byteIds(vocab)) return
  const lack = isByteLevel ? `byte ${missing}` : 'bytes and an unknown token'
  throw new HeedError(
    'unsupported',
    `tokenizer.json: its vocabulary lacks ${lack}, so it cannot encode every text`,
  )
}
