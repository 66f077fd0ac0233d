import { Tokenizer as HuggingFaceTokenizer } from '@huggingface/tokenizers'
import { HeedError } from '../errors.js'
import { quote } from '../json.js'
import { gpt2Pattern } from './bytes.js'
import { checkTokenizerJson } from './format.js'
import type { TokenizerKind } from './format.js'
import { byteLevelSpans } from './spans.js'
import type { Piece, Token } from './spans.js'

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
   * right for text by users, who could end their sentence with it. Default true.
   */
  parseSpecials?: boolean
}

/** What is used of `@huggingface/tokenizers`, whose own types do not resolve under NodeNext. */
interface Pipeline {
  normalizer: ((text: string) => string) | null
  pre_tokenizer: ((text: string) => string[]) & { tokenizers?: object[] }
  model: (words: string[]) => string[]
  tokenize(text: string, options: { add_special_tokens: boolean }): string[]
  decode(
    ids: number[],
    options: { skip_special_tokens: boolean; clean_up_tokenization_spaces: boolean },
  ): string
  id_to_token(id: number): string | undefined
  token_to_id(token: string): number | undefined
  get_added_tokens_decoder(): Map<number, { content: string; special: boolean }>
}

/** Another kind of tokenizer is another function here. */
const spanFinders: Record<TokenizerKind, (pieces: readonly Piece[], text: string) => Token[]> = {
  'byte-level': byteLevelSpans,
}

// What models call them whose tokenizer_config.json does not say.
const usualNames = {
  bos_token: ['<s>', '<|begin_of_text|>', '<bos>', '[CLS]', '<|endoftext|>'],
  eos_token: ['</s>', '<|end_of_text|>', '<eos>', '[SEP]', '<|endoftext|>'],
  pad_token: ['<pad>', '[PAD]', '<|pad|>'],
  mask_token: ['<mask>', '[MASK]'],
}

/** A tokenizer.json with the places of its tokens: text to ids and spans, ids to text. */
export class Tokenizer {
  /** Ids are below this: the rows that an embedding needs. */
  readonly vocabSize: number
  /** The token a text starts with; undefined when the tokenizer has none. */
  readonly bosId: number | undefined
  /** The token a text ends with; undefined when the tokenizer has none. */
  readonly eosId: number | undefined
  /** The token that fills batches; undefined when the tokenizer has none. */
  readonly padId: number | undefined
  /** The token that a masked language model fills in; undefined when the tokenizer has none. */
  readonly maskId: number | undefined

  readonly #pipeline: Pipeline
  readonly #findSpans: (pieces: readonly Piece[], text: string) => Token[]
  readonly #added: Map<number, { content: string; special: boolean }>
  /** The ids that the post-processor puts before and after a text. */
  readonly #before: number[]
  readonly #after: number[]

  private constructor(
    pipeline: Pipeline,
    kind: TokenizerKind,
    vocabSize: number,
    config: Record<string, unknown>,
  ) {
    this.#pipeline = pipeline
    this.#findSpans = spanFinders[kind]
    this.#added = pipeline.get_added_tokens_decoder()
    this.vocabSize = vocabSize
    const [before, after] = this.#surroundings()
    this.#before = before
    this.#after = after
    this.bosId = this.#namedId('bos_token', config)
    this.eosId = this.#namedId('eos_token', config)
    this.padId = this.#namedId('pad_token', config)
    this.maskId = this.#namedId('mask_token', config)
  }

  /**
   * @param tokenizerJson the parsed tokenizer.json; byte-level BPE (GPT-2, Llama 3, Qwen …) as yet
   * @param tokenizerConfig the parsed tokenizer_config.json, which names the special tokens
   * @throws HeedError `format` when the JSON is not what it claims to be, `unsupported` for other kinds of tokenizers
   */
  static fromJson(tokenizerJson: unknown, tokenizerConfig: unknown = {}): Tokenizer {
    const { json, kind, vocabSize } = checkTokenizerJson(tokenizerJson)
    if (typeof tokenizerConfig !== 'object' || tokenizerConfig === null)
      throw new HeedError('format', 'tokenizer_config.json: it is not an object')
    try {
      const pipeline = new HuggingFaceTokenizer(json, tokenizerConfig) as unknown as Pipeline
      for (const step of pipeline.pre_tokenizer.tokenizers ?? [pipeline.pre_tokenizer])
        if ('byte_encoder' in step) Object.assign(step, { pattern: gpt2Pattern })
      return new Tokenizer(pipeline, kind, vocabSize, tokenizerConfig as Record<string, unknown>)
    } catch (cause) {
      if (cause instanceof HeedError) throw cause
      throw new HeedError('format', `tokenizer.json: it cannot be used: ${quote(String(cause))}`, { cause })
    }
  }

  /**
   * Ids and tokens with their places in the text. The special tokens put around the text have empty spans; one that
   * is written in the text has the span of its text.
   *
   * @throws HeedError `unsupported` when the tokenizer normalises this text to another one
   */
  encode(text: string, options: EncodeOptions = {}): Encoding {
    const ids = this.#bodyIds(text, options)
    const normalised = this.#pipeline.normalizer?.(text) ?? text
    if (normalised !== text)
      throw new HeedError(
        'unsupported',
        `the tokenizer normalises ${quote(text.slice(0, 40))} to ${quote(normalised.slice(0, 40))}, ` +
          "so its tokens have no place there: normalise the text first, for most by text.normalize('NFC')",
      )
    const tokens = this.#findSpans(
      ids.map((id) => this.#piece(id)),
      text,
    )
    if (options.addSpecials === false) return { ids: Int32Array.from(ids), tokens }
    const around = (ids: number[], at: number): Token[] =>
      ids.map((id) => ({ id, text: this.#piece(id).content, start: at, end: at }))
    return {
      ids: this.#surround(ids),
      tokens: [...around(this.#before, 0), ...tokens, ...around(this.#after, text.length)],
    }
  }

  /** The ids of {@link encode} alone, which is faster and takes every text. */
  encodeIds(text: string, options: EncodeOptions = {}): Int32Array {
    const ids = this.#bodyIds(text, options)
    return options.addSpecials === false ? Int32Array.from(ids) : this.#surround(ids)
  }

  /**
   * The text of the ids; bytes that are no UTF-8 become U+FFFD.
   *
   * @throws HeedError `input` when an id is not in the vocabulary
   */
  decode(ids: ArrayLike<number>, { skipSpecials = true }: { skipSpecials?: boolean } = {}): string {
    const list = Array.from(ids)
    for (const id of list) this.#piece(id)
    if (list.length === 0) return ''
    return this.#pipeline.decode(list, {
      skip_special_tokens: skipSpecials,
      clean_up_tokenization_spaces: false,
    })
  }

  /**
   * Tokens of ids, as of generated ones, with their places in the text that {@link decode} gives for them. Special
   * tokens are not in that text: their spans are empty.
   *
   * @throws HeedError `input` when an id is not in the vocabulary or the ids do not decode to the text
   */
  tokensOf(ids: ArrayLike<number>, text: string): Token[] {
    const pieces = Array.from(ids, (id) => this.#piece(id))
    const found = this.#findSpans(
      pieces.filter((piece) => !this.#isSpecial(piece.id)),
      text,
    ).values()
    let at = 0
    return pieces.map(({ id, content }) => {
      if (this.#isSpecial(id)) return { id, text: content, start: at, end: at }
      const token = found.next().value as Token
      at = token.end
      return token
    })
  }

  /** The id of a piece as the vocabulary writes it, such as `</s>` or `Ġthe`. */
  idOf(piece: string): number | undefined {
    return this.#pipeline.token_to_id(piece)
  }

  #bodyIds(text: string, { parseSpecials = true }: EncodeOptions): number[] {
    if (typeof text !== 'string')
      throw new HeedError('input', `a tokenizer takes a string, not ${typeof text}`)
    const { normalizer, pre_tokenizer, model } = this.#pipeline
    const tokens = parseSpecials
      ? this.#pipeline.tokenize(text, { add_special_tokens: false })
      : model(pre_tokenizer(normalizer?.(text) ?? text))
    return tokens.map((token) => this.#knownId(token))
  }

  #surround(ids: number[]): Int32Array {
    return Int32Array.from([...this.#before, ...ids, ...this.#after])
  }

  /** What stands before and after a text's own tokens. */
  #surroundings(): [number[], number[]] {
    const probe = 'a'
    const own = this.#pipeline.tokenize(probe, { add_special_tokens: false })
    const all = this.#pipeline.tokenize(probe, { add_special_tokens: true })
    const at = all.indexOf(own[0])
    if (at < 0) throw new HeedError('format', 'tokenizer.json: its post_processor drops the text')
    const idsOf = (tokens: string[]) => tokens.map((token) => this.#knownId(token))
    return [idsOf(all.slice(0, at)), idsOf(all.slice(at + own.length))]
  }

  #knownId(token: string): number {
    const id = this.#pipeline.token_to_id(token)
    if (id === undefined)
      throw new HeedError('format', `tokenizer.json: ${quote(token)} is not in its vocabulary`)
    return id
  }

  #piece(id: number): Piece {
    const content = this.#pipeline.id_to_token(id)
    if (content === undefined)
      throw new HeedError('input', `${id} is not an id of this tokenizer, which has ${this.vocabSize}`)
    return { id, content, added: this.#added.has(id) }
  }

  #isSpecial(id: number): boolean {
    return this.#added.get(id)?.special === true
  }

  #namedId(name: keyof typeof usualNames, config: Record<string, unknown>): number | undefined {
    const entry = config[name]
    // A string, or an added token as an object.
    const content =
      typeof entry === 'string' ? entry : (entry as { content?: unknown } | null | undefined)?.content
    if (typeof content === 'string') return this.idOf(content)
    const added = new Map([...this.#added].map(([id, { content }]) => [content, id]))
    const usual = usualNames[name].find((content) => added.has(content))
    return usual === undefined ? undefined : added.get(usual)
  }
}
