import { backendOf } from '../backends/current.js'
import { foldSeed, randomUnit } from '../backends/random.js'
import { HeedError } from '../errors.js'
import { attentionBlock } from '../nn/attention-block.js'
import { feedForward, normalize, unembed } from '../nn/layers.js'
import { sinusoidalPositions } from '../nn/positions.js'
import { type Weights, weight } from '../nn/weights.js'
import { add } from '../ops/arithmetic.js'
import { floatOf } from '../ops/check.js'
import { type CreateOptions, full, randn, tensor } from '../ops/create.js'
import { crossEntropy } from '../ops/cross-entropy.js'
import { embedding } from '../ops/embedding.js'
import { slice } from '../ops/views.js'
import { scope } from '../tensor/scope.js'
import { type Shape, sizeOf } from '../tensor/shape.js'
import type { Tensor } from '../tensor/tensor.js'
import type { Token, Tokenizer } from '../text/index.js'
import { embedTexts, type EmbedOptions } from './embed.js'
import {
  type AttentionInput,
  type Family,
  type InputProjections,
  type Model,
  type ModelFiles,
  type Projection,
  type Readout,
  tokenizerOf,
} from './family.js'
import { type GenerationSettings, generationSettings } from './generation.js'
import { idTensor, type PaddedIds, padIds } from './ids.js'
import { type PairRun, type PairRunOptions, runPair } from './pair.js'
import type { Run } from './run.js'
import {
  type TransformerConfig,
  transformerConfig,
  transformerShapes,
  transformerSites,
} from './transformer-config.js'
import { translate, type TranslateOptions } from './translate.js'

/** Sentences to learn from: the decoder reads `targetIn` and should say `targetOut`, the same one step on. */
export interface TranslationBatch {
  /** Each ends with `</s>`. */
  source: PaddedIds
  /** Each starts with `<s>`. */
  targetIn: PaddedIds
  /** [rows · width] of targetIn; each ends with `</s>`, then −100, which counts for nothing. */
  targetOut: Int32Array
}

/** The batch of some pairs whose sides both end with `</s>`. */
export function translationBatch(
  pairs: readonly { source: ArrayLike<number>; target: ArrayLike<number> }[],
  { pad_token_id, bos_token_id }: TransformerConfig,
): TranslationBatch {
  const targets = pairs.map(({ target }) => Array.from(target))
  return {
    source: padIds(
      pairs.map(({ source }) => source),
      pad_token_id,
    ),
    targetIn: padIds(
      targets.map((ids) => [bos_token_id, ...ids.slice(0, -1)]),
      pad_token_id,
    ),
    targetOut: padIds(targets, -100).ids,
  }
}

/** The encoder-decoder Transformer. It owns its weights from when it is made on: `dispose` frees them. */
export class Transformer implements Model {
  readonly config: TransformerConfig
  readonly weights: Weights
  readonly files: ModelFiles
  readonly heads: number
  readonly embedding = 'embedding.weight'
  readonly maxPositions: number
  readonly tokenizer: Tokenizer | undefined
  /** How it is best asked, from generation_config.json. */
  readonly generation: GenerationSettings
  /** Its attentions: encoder.N.self, decoder.N.self and decoder.N.cross. */
  readonly sites: readonly string[]
  /** All that passes through `run.at`. */
  readonly activations: readonly string[]
  /** Sinusoidal positions [rows, D], as many as were asked for so far. */
  #positions: Tensor

  /**
   * @param weights as `transformerShapes` lists them
   * @param files parsed; without tokenizer.json it takes and gives ids only
   */
  constructor(config: TransformerConfig, weights: Weights, files: ModelFiles = {}) {
    this.config = config
    this.weights = weights
    this.files = files
    this.heads = config.num_heads
    this.maxPositions = config.max_positions
    this.generation = generationSettings(files.generationConfig ?? {}, config)
    this.tokenizer = tokenizerOf(files, config.vocab_size)
    ;({ sites: this.sites, activations: this.activations } = transformerSites(config))
    this.#positions = this.#makePositions(Math.min(256, config.max_positions))
    for (const t of Object.values(weights)) t.keep()
  }

  /** Source ids [B, S] → the encoder's output, the memory, [B, S, D]. */
  encode(run: Run, source: PaddedIds): Tensor {
    const { config, weights } = this
    const { num_heads: heads } = config
    const lengths = source.lengths
    return run.scope(() => {
      const embedded = this.#embed(run, 'encoder', source, 0)
      const x = run.blocks(config.encoder_layers, embedded, (x, i) => {
        const at = `encoder.${i}`
        x = run.at(`${at}.input`, x)
        x = this.#residual(run, `${at}.attention`, `${at}.norm1`, x, (x) =>
          attentionBlock(run, weights, `${at}.self`, x, x, { heads, lengths }),
        )
        x = this.#residual(run, `${at}.mlp`, `${at}.norm2`, x, (x) =>
          feedForward(weights, `${at}.feed_forward`, x),
        )
        return run.at(`${at}.output`, x)
      })
      return run.at('encoder.output', this.#finalNorm('encoder.norm', x))
    })
  }

  /**
   * Target ids [R, T] and the memory [B, S, D] of sources of the given lengths → logits [R, T, V]: row t scores the
   * token after target t. R = B, or a multiple: then R / B rows after one another share a source. In a run with a
   * cache the ids are those of the next positions only.
   */
  decode(run: Run, target: PaddedIds, memory: Tensor, lengths: Int32Array): Tensor {
    const { config, weights } = this
    const { num_heads: heads } = config
    return run.scope(() => {
      const embedded = this.#embed(run, 'decoder', target, run.cache?.length ?? 0)
      const x = run.blocks(config.decoder_layers, embedded, (x, i) => {
        const at = `decoder.${i}`
        x = run.at(`${at}.input`, x)
        x = this.#residual(run, `${at}.attention`, `${at}.norm1`, x, (x) =>
          attentionBlock(run, weights, `${at}.self`, x, x, { heads, causal: true }),
        )
        x = this.#residual(run, `${at}.cross.attention`, `${at}.norm2`, x, (x) =>
          attentionBlock(run, weights, `${at}.cross`, x, memory, { heads, lengths }),
        )
        x = this.#residual(run, `${at}.mlp`, `${at}.norm3`, x, (x) =>
          feedForward(weights, `${at}.feed_forward`, x),
        )
        return run.at(`${at}.output`, x)
      })
      const out = run.at('decoder.output', this.#finalNorm('decoder.norm', x))
      return run.at('logits', unembed(weights, 'embedding', out))
    })
  }

  /**
   * The mean cross-entropy per target token in nats, a tensor of shape []; 0 when there is none.
   *
   * @throws HeedError `input` for ids outside the vocabulary or more than max_positions; HeedTypeError `shape` when the
   *   sides do not belong together
   */
  loss(run: Run, batch: TranslationBatch, { labelSmoothing = 0 }: { labelSmoothing?: number } = {}): Tensor {
    return run.scope(() => {
      const memory = this.encode(run, batch.source)
      const logits = this.decode(run, batch.targetIn, memory, batch.source.lengths)
      const { rows, width } = batch.targetIn
      const targets = tensor(batch.targetOut, [rows, width], { backend: backendOf(logits) })
      return crossEntropy(logits, targets, { labelSmoothing })
    })
  }

  /**
   * The ids of a source text, `</s>` at the end. Special tokens written in the text are text.
   *
   * @throws HeedError `unsupported` when the model has no tokenizer
   */
  sourceIds(text: string): Int32Array {
    return Int32Array.from([...this.targetIds(text), this.config.eos_token_id])
  }

  /** The ids of a text alone. */
  targetIds(text: string): Int32Array {
    if (!this.tokenizer)
      throw new HeedError('unsupported', 'this model has no tokenizer.json: it takes ids, not text')
    return this.tokenizer.encodeIds(text, { addSpecials: false, parseSpecials: false })
  }

  get readout(): Readout {
    const { norm, layer_norm_eps: eps } = this.config
    return {
      layers: 'decoder',
      norm: norm === 'pre' ? { kind: 'layer', name: 'decoder.norm', eps } : undefined,
      unembedding: this.embedding,
      logits: (hidden) => unembed(this.weights, 'embedding', hidden),
    }
  }

  outputProjection(site: string): Projection {
    return { name: `${site}.output` }
  }

  inputProjections(site: string): InputProjections {
    const [side, layer, kind] = site.split('.')
    const at = `${side}.${layer}`
    const { norm, layer_norm_eps: eps } = this.config
    const normed = (name: string) => ({ norm: { kind: 'layer', name: `${at}.${name}`, eps } as const })
    const of = (part: string) => ({ name: `${site}.${part}` })
    const [q, k, v] = [of('query'), of('key'), of('value')]
    if (kind === 'self') {
      const input: AttentionInput = { of: [`${at}.input`], ...(norm === 'pre' && normed('norm1')) }
      return { queries: input, keys: input, q, k, v }
    }
    // Behind the block's self-attention, which norm1 closes where norms come last.
    const queries = {
      of: [`${at}.input`, `${at}.attention`],
      ...normed(norm === 'pre' ? 'norm2' : 'norm1'),
    }
    return { queries, keys: { of: ['encoder.output'] }, q, k, v }
  }

  sourceTokens(text: string): Token[] {
    const ids = this.sourceIds(text)
    return this.tokenizer!.tokensOf(ids, text)
  }

  /**
   * Translates texts, in order; see `TranslateOptions`.
   *
   * @throws HeedError `input` for a text longer than max_positions, unless `onTooLong` is given; `aborted` by the signal;
   *   `unsupported` when the model has no tokenizer; `not-found` for a site of `with` that there is not
   */
  translate(texts: readonly string[], options: TranslateOptions = {}): Promise<string[]> {
    return translate(this, texts, options)
  }

  /**
   * One pass over a source and its target, both whole (teacher forcing): what observers want to see.
   *
   * @throws HeedError `input` for an empty text, or a side with more tokens than max_positions; `not-found` for a site
   *   that there is not; `aborted` by the signal; `unsupported` when the model has no tokenizer
   */
  run(text: string, options: PairRunOptions = {}): Promise<PairRun> {
    return runPair(this, text, options)
  }

  /**
   * One vector [D] for each text, in order: the encoder's output pooled, the mean of its tokens by default.
   *
   * @throws HeedError `input` for an empty text, or one that is too long (unless `onTooLong` is given); `aborted` by the
   *   signal; `unsupported` when the model has no tokenizer
   */
  embed(texts: readonly string[], options: EmbedOptions = {}): Promise<Float32Array[]> {
    const { sites, activations, files, config } = this
    const idsOf = (text: string) => this.sourceIds(text)
    const hidden = (run: Run, ids: PaddedIds) => this.encode(run, ids)
    const { max_positions: limit, pad_token_id: padId } = config
    const embedder = { sites, activations, files, padId, specials: 1, kept: 1, limit, idsOf, hidden }
    return embedTexts(embedder, texts, options)
  }

  dispose(): void {
    for (const t of Object.values(this.weights)) t.dispose()
    this.#positions.dispose()
  }

  [Symbol.dispose](): void {
    this.dispose()
  }

  #makePositions(rows: number): Tensor {
    const { d_model: D } = this.config
    const table = weight(this.weights, 'embedding.weight')
    const like = { dtype: floatOf(table), backend: backendOf(table) }
    return tensor(sinusoidalPositions(rows, D), [rows, D], like).keep()
  }

  /** Rows of the table [end − start, D]. It doubles when a text needs more: `max_positions` alone costs nothing. */
  #positionsOf(start: number, end: number): Tensor {
    if (end > this.#positions.shape[0]) {
      const rows = Math.min(this.config.max_positions, Math.max(end, 2 * this.#positions.shape[0]))
      const before = this.#positions
      this.#positions = this.#makePositions(rows)
      before.dispose()
    }
    return slice(this.#positions, 0, start, end)
  }

  /** √d_model · E[ids] + positions from `start` on (sections 3.4 and 3.5). */
  #embed(run: Run, side: 'encoder' | 'decoder', ids: PaddedIds, start: number): Tensor {
    const { vocab_size, d_model, max_positions, dropout } = this.config
    const end = start + ids.width
    if (end > max_positions)
      throw new HeedError(
        'input',
        `the ${side === 'encoder' ? 'source' : 'target'} has ${end} tokens, this model takes at most ${max_positions} (max_positions); split the text`,
      )
    const table = weight(this.weights, 'embedding.weight')
    const words = embedding(idTensor(ids, vocab_size, backendOf(table)), table, Math.sqrt(d_model))
    const x = add(words, this.#positionsOf(start, end))
    return run.at(`${side}.embedding`, run.dropout(x, dropout))
  }

  /** x + f(x), with the norm where the config has it (section 3.1; pre-norm: Xiong et al. 2020). */
  #residual(run: Run, name: string, norm: string, x: Tensor, f: (x: Tensor) => Tensor): Tensor {
    const { dropout, layer_norm_eps } = this.config
    const branch = (x: Tensor) => run.dropout(run.at(name, f(x)), dropout)
    const normed = (x: Tensor) => normalize(this.weights, norm, x, layer_norm_eps)
    return this.config.norm === 'pre' ? add(x, branch(normed(x))) : normed(add(x, branch(x)))
  }

  #finalNorm(name: string, x: Tensor): Tensor {
    return this.config.norm === 'pre' ? normalize(this.weights, name, x, this.config.layer_norm_eps) : x
  }
}

/**
 * A new model: linear weights from U(−a, a) with a = √(6 / (in + out)) (Glorot & Bengio 2010), embeddings from
 * N(0, 1/√d_model), biases 0, norms 1 and 0. The same seed gives the same weights on every backend: weight n, in
 * the order of `transformerShapes`, draws from `foldSeed(seed, n)`.
 *
 * @throws what `transformerConfig` throws
 */
export function initTransformer(
  config: Partial<TransformerConfig> & Pick<TransformerConfig, 'vocab_size'>,
  seed: number,
  { tokenizerJson, tokenizerConfig, generationConfig, ...create }: ModelFiles & CreateOptions = {},
): Transformer {
  const checked = transformerConfig({ ...config })
  return scope(() => {
    const shapes = [...transformerShapes(checked)]
    const weights = shapes.map(([name, shape], n) => [name, initial(name, shape, foldSeed(seed, n), create)])
    const files = { tokenizerJson, tokenizerConfig, generationConfig }
    return new Transformer(checked, Object.fromEntries(weights) as Weights, files)
  })
}

function initial(name: string, shape: Shape, seed: number, options: CreateOptions): Tensor {
  if (name.endsWith('.bias')) return full(shape, 0, options)
  if (shape.length === 1) return full(shape, 1, options)
  if (name.startsWith('embedding')) return randn(shape, { seed, std: shape[1] ** -0.5, ...options })
  const a = Math.sqrt(6 / (shape[0] + shape[1]))
  const values = Float64Array.from({ length: sizeOf(shape) }, (_, i) => a * (2 * randomUnit(seed, i) - 1))
  return tensor(values, shape, options)
}

export const family: Family<TransformerConfig, Transformer> = {
  type: 'heed-transformer',
  config: transformerConfig,
  shapes: transformerShapes,
  create: (config, weights, files) => new Transformer(config, weights, files),
}
