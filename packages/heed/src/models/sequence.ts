import { HeedError, throwIfAborted } from '../errors.js'
import type { Weights } from '../nn/weights.js'
import { checkOptions } from '../ops/check.js'
import { slice } from '../ops/views.js'
import { scope } from '../tensor/scope.js'
import type { Tensor } from '../tensor/tensor.js'
import type { Encoding, Token, Tokenizer } from '../text/index.js'
import { finiteValues } from './damaged.js'
import { embedTexts, type EmbedOptions } from './embed.js'
import {
  type InputProjections,
  type Model,
  type ModelFiles,
  type NormWeights,
  type Projection,
  type Readout,
  type TextRun,
  type TextRunOptions,
  tokenizerOf,
} from './family.js'
import type { BlockConfig } from './hugging-face.js'
import { checkText, type PaddedIds, padIds } from './ids.js'
import { layerActivations, Run, type SiteNames, unlessEnded } from './run.js'

/** The forward pass of a family that reads one sequence a row, and what it has to be named by. */
export interface Net {
  readonly sites: readonly string[]
  readonly activations: readonly string[]
  /** Query heads of every attention. */
  readonly heads: number
  readonly vocabSize: number
  /** The most tokens of a text. */
  readonly maxPositions: number
  /** The name of the weight [V, D] that holds the vector of every token. */
  readonly embedding: string
  /** ids [B, T], the first at position `start` → hidden states [B, T, D] after the last norm. */
  hidden(run: Run, ids: PaddedIds, start: number): Tensor
  /** Hidden states [..., D] → scores of the vocabulary [..., V]; absent where the checkpoint has no such output. */
  logits?(run: Run, hidden: Tensor): Tensor
  /** The norm behind the last layer; absent where every layer ends in a norm of its own. */
  readonly lastNorm?: NormWeights
  /** The name of the weight U [V, D] where `logits` is x Uᵀ and nothing more. */
  readonly unembedding?: string
  /** W_O of an attention, which joins its heads. */
  outputProjection?(site: string): Projection
  /** W_Q, W_K and W_V of an attention, and what they read. */
  inputProjections?(site: string): InputProjections
  /** Frees what the net made beside the weights. */
  dispose?(): void
}

/** What a net of blocks of self-attention and feed-forward calls its sites and activations. */
export function blockNames(layers: number): SiteNames {
  const blocks = Array.from({ length: layers }, (_, i) => `layers.${i}`)
  return {
    sites: blocks.map((at) => `${at}.self`),
    activations: ['embedding', ...blocks.flatMap((at) => layerActivations(at, ['self'])), 'logits'],
  }
}

/** 3 of `layers.3.self`. */
export const layerOf = (site: string): number => Number(site.split('.')[1])

/** A net of blocks: what its names and sizes follow from its config. */
export abstract class BlockNet<C extends BlockConfig> implements Net {
  readonly sites: readonly string[]
  readonly activations: readonly string[]
  readonly heads: number
  readonly vocabSize: number
  readonly maxPositions: number
  abstract readonly embedding: string

  constructor(
    readonly config: C,
    readonly weights: Weights,
  ) {
    ;({ sites: this.sites, activations: this.activations } = blockNames(config.layers))
    ;({ heads: this.heads, vocabSize: this.vocabSize, maxPositions: this.maxPositions } = config)
  }

  abstract hidden(run: Run, ids: PaddedIds, start: number): Tensor
}

/** A pass over a text of a model that reads one sequence. */
export interface SequenceRun extends TextRun {
  output: null
  /** [T], special tokens included. */
  ids: Int32Array
  /** [T, D]; of length 0 when the pass ended `until` a site. */
  hidden: Float32Array
}

/** A model that reads one sequence: encoders such as BERT, and language models such as GPT-2. It owns its weights. */
export class SequenceModel implements Model {
  readonly sites: readonly string[]
  readonly activations: readonly string[]
  readonly heads: number
  readonly embedding: string
  readonly maxPositions: number
  readonly tokenizer: Tokenizer | undefined

  constructor(
    /** config.json as it was read. */
    readonly config: { readonly model_type: string },
    readonly net: Net,
    readonly weights: Weights,
    readonly files: ModelFiles = {},
  ) {
    ;({
      sites: this.sites,
      heads: this.heads,
      embedding: this.embedding,
      maxPositions: this.maxPositions,
    } = net)
    this.activations = net.logits ? net.activations : net.activations.filter((name) => name !== 'logits')
    this.tokenizer = tokenizerOf(files, net.vocabSize)
    for (const t of Object.values(weights)) t.keep()
  }

  /** Ids that fill up batches: their hidden states mean nothing. */
  get padId(): number {
    return this.tokenizer?.padId ?? 0
  }

  /**
   * Hidden states [B, T, D] of ids [B, T]. In a run with a cache the ids are those of the next positions.
   *
   * @throws HeedError `input` for ids outside the vocabulary or more of them than the model has positions
   */
  hidden(run: Run, ids: PaddedIds): Tensor {
    const start = run.cache?.length ?? 0
    const { maxPositions } = this
    if (start + ids.width > maxPositions)
      throw new HeedError(
        'input',
        `the text has ${start + ids.width} tokens, this model takes at most ${maxPositions}; split it`,
      )
    return run.scope(() => this.net.hidden(run, ids, start))
  }

  /**
   * Scores of the vocabulary [B, T, V] of ids [B, T]; with `last` those of the last position alone, [B, 1, V].
   *
   * @throws HeedError `unsupported` when the checkpoint has no output over the vocabulary, and what `hidden` throws
   */
  logits(run: Run, ids: PaddedIds, { last = false }: { last?: boolean } = {}): Tensor {
    const { net } = this
    if (!net.logits)
      throw new HeedError(
        'unsupported',
        'this checkpoint has no output over the vocabulary, only hidden states',
      )
    return run.scope(() => {
      const hidden = this.hidden(run, ids)
      const asked = last ? slice(hidden, 1, ids.width - 1, ids.width) : hidden
      return run.at('logits', net.logits!(run, asked))
    })
  }

  /** Ids and tokens of a text, special tokens around them as the tokenizer has it. */
  encode(text: string): Encoding {
    return this.needTokenizer().encode(text)
  }

  /**
   * As `encode`, of a text that has something to attend to.
   *
   * @throws HeedError `input` for a text that is empty, or has no tokens of its own, as invisible characters may have none
   */
  encodeSome(text: string): Encoding {
    checkText(text)
    const encoding = this.encode(text)
    if (encoding.tokens.some(({ start, end }) => start < end)) return encoding
    throw new HeedError('input', 'the text has no tokens for this model; there is nothing to attend to')
  }

  get readout(): Readout | undefined {
    const { net } = this
    if (!net.logits) return undefined
    const { lastNorm: norm, unembedding } = net
    return { layers: 'layers', norm, unembedding, logits: (hidden) => net.logits!(new Run(this), hidden) }
  }

  outputProjection(site: string): Projection | undefined {
    return this.net.outputProjection?.(site)
  }

  inputProjections(site: string): InputProjections | undefined {
    return this.net.inputProjections?.(site)
  }

  sourceTokens(text: string): Token[] {
    return this.encode(text).tokens
  }

  /** @throws HeedError `unsupported` when the model has no tokenizer */
  protected needTokenizer(): Tokenizer {
    if (this.tokenizer) return this.tokenizer
    throw new HeedError('unsupported', 'this model has no tokenizer.json: it takes ids, not text')
  }

  /**
   * One pass over a text. The activation `logits` is computed where an observer, an intervention or `until` asks for it.
   *
   * @throws HeedError as `Model` says; HeedTypeError `option` for an option that there is not
   */
  async run(text: string, options: TextRunOptions = {}): Promise<SequenceRun> {
    checkOptions('run', options, ['observers', 'with', 'until', 'signal'])
    const { signal, ...rest } = options
    throwIfAborted(signal)
    const run = new Run(this, rest)
    const { ids, tokens } = this.encodeSome(text)
    const pass = () => {
      const hidden = this.hidden(run, padIds([ids], this.padId))
      if (run.asks('logits')) scope(() => void run.at('logits', this.net.logits!(run, hidden)))
      return hidden
    }
    using hidden = unlessEnded(() => scope(pass))?.keep()
    const values = hidden ? await finiteValues(hidden) : new Float32Array(0)
    return { text, output: null, tokens: { source: tokens }, ids, hidden: values }
  }

  /**
   * One vector [D] for each text, in order: its tokens' hidden states pooled. Texts of like length share a batch.
   *
   * @throws HeedError `input` for an empty text, or one that is too long (unless `onTooLong` is given); `aborted` by the
   *   signal; `unsupported` when the model has no tokenizer
   */
  async embed(texts: readonly string[], options: EmbedOptions = {}): Promise<Float32Array[]> {
    const { sites, activations, files, padId } = this
    const isOwn = this.encode('a').tokens.map(({ start, end }) => start < end)
    const kept = isOwn.length - 1 - isOwn.lastIndexOf(true)
    const specials = isOwn.filter((own) => !own).length
    const idsOf = (text: string) => this.tokenizer!.encodeIds(text)
    const hidden = (run: Run, ids: PaddedIds) => this.hidden(run, ids)
    const limit = this.maxPositions
    const embedder = { sites, activations, files, padId, specials, kept, limit, idsOf, hidden }
    return embedTexts(embedder, texts, options)
  }

  dispose(): void {
    for (const t of Object.values(this.weights)) t.dispose()
    this.net.dispose?.()
  }

  [Symbol.dispose](): void {
    this.dispose()
  }
}
