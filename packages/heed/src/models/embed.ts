import { breather } from '../breathe.js'
import { HeedError, HeedTypeError, throwIfAborted } from '../errors.js'
import { checkOptions } from '../ops/check.js'
import { scope } from '../tensor/scope.js'
import type { Tensor } from '../tensor/tensor.js'
import { batchesByLength, fitting, type OnTooLong } from './batches.js'
import { finiteValues } from './damaged.js'
import type { ModelFiles } from './family.js'
import { type PaddedIds, padIds } from './ids.js'
import { type Pooling, pool, poolingOf } from './pooling.js'
import { type Intervention, Run, type SiteNames } from './run.js'

export interface EmbedOptions {
  /** How the vectors of a text's tokens become one. Default: what the model's sentence-transformers files say, else mean. */
  pooling?: Pooling
  /** Scales every vector to length 1. Default: what modules.json says, else false. */
  normalize?: boolean
  /** Tokens of a batch, padding included. Default 2,048. */
  batchTokens?: number
  signal?: AbortSignal
  /** Texts done, of all. */
  onProgress?: (progress: { done: number; total: number }) => void
  /** Called for a text that has more tokens than the model takes, which is then cut. Without it that is an error. */
  onTooLong?: OnTooLong
  with?: readonly Intervention[]
}

const embedOptions: readonly (keyof EmbedOptions)[] = [
  'pooling',
  'normalize',
  'batchTokens',
  'signal',
  'onProgress',
  'onTooLong',
  'with',
]

/** What embedding asks of a model. */
interface Embedder extends SiteNames {
  readonly files: ModelFiles
  /** Tokens around every text that are not its own. */
  readonly specials: number
  /** The most tokens of a text, and those at its end that a cut keeps. */
  readonly limit: number
  readonly kept: number
  readonly padId: number
  idsOf(text: string): Int32Array
  /** Ids [B, T] → hidden states [B, T, D]. */
  hidden(run: Run, ids: PaddedIds): Tensor
}

/**
 * One vector [D] for each text, in order: its tokens' hidden states pooled. Texts of like length share a batch.
 *
 * @throws HeedError `input` for an empty text, or one that is too long (unless `onTooLong` is given); `aborted` by the
 *   signal; `unsupported` when the model has no tokenizer
 */
export async function embedTexts(
  model: Embedder,
  texts: readonly string[],
  options: EmbedOptions = {},
): Promise<Float32Array[]> {
  checkOptions('embed', options, embedOptions)
  const { batchTokens = 2048, signal, onProgress, onTooLong } = options
  if (!(Number.isInteger(batchTokens) && batchTokens >= 1))
    throw new HeedTypeError('option', `batchTokens must be a whole number from 1 up, got ${batchTokens}`)
  if (!Array.isArray(texts) || !texts.every((text) => typeof text === 'string'))
    throw new HeedTypeError('option', 'embed takes a list of texts, as in model.embed(["The dog sleeps."])')
  const { pooling, normalize, maxTokens = Infinity } = poolingOf(model.files, options)
  const limit = Math.min(maxTokens, model.limit)
  const sources = texts.map((text, index) => {
    if (text.trim() === '') throw new HeedError('input', `text ${index + 1} is empty; it has no vector`)
    const ids = model.idsOf(text)
    if (ids.length <= model.specials)
      throw new HeedError('input', `text ${index + 1} has no tokens for this model; it has no vector`)
    return { index, ids: fitting({ index, ids }, limit, model.kept, onTooLong) }
  })
  const vectors: Float32Array[] = []
  let done = 0
  const breathe = breather()
  for (const batch of batchesByLength(sources, batchTokens)) {
    await breathe()
    throwIfAborted(signal)
    const run = new Run(model, { with: options.with })
    const padded = padIds(
      batch.map(({ ids }) => ids),
      model.padId,
    )
    const hidden = scope(() => model.hidden(run, padded)).keep()
    try {
      const pooled = pool(await finiteValues(hidden), padded, pooling, normalize)
      batch.forEach(({ index }, b) => (vectors[index] = pooled[b]))
    } finally {
      hidden.dispose()
    }
    onProgress?.({ done: (done += batch.length), total: texts.length })
  }
  return vectors
}
