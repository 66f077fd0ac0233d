import { HeedError } from '../errors.js'
import {
  initTransformer,
  Transformer,
  type TransformerConfig,
  transformerConfig,
  transformerShapes,
  translationBatch,
} from '../models/index.js'
import { bleu, learnBpe, Tokenizer } from '../text/index.js'
import {
  type EncodedPair,
  encodePairs,
  epochBatches,
  fingerprint,
  paddingShare,
  type Pair,
  readPairs,
} from './data.js'
import type { Score } from './run-state.js'
import { tokenizerFor, type TranslationSettings } from './settings.js'
import type { Batch, Epoch, Task } from './task.js'
import { meanLoss } from './validate.js'

/**
 * Reads the pairs, learns a tokenizer if none is given, and turns all into ids.
 *
 * @throws HeedError `input` when no training pair is left or the run has another tokenizer, `unsupported` when the tokenizer lacks a special token
 */
export async function translationTask(
  settings: TranslationSettings,
  savedTokenizer: Record<string, unknown> | undefined,
): Promise<Task<Transformer>> {
  const { signal, batchTokens, seed, labelSmoothing, bleuSentences, onEvent } = settings
  const train = await load(settings.train)
  const valid = await load(settings.valid ?? [])
  if (train.pairs.length === 0) throw noPair(train)
  const tokenizerJson = tokenizerFor(settings, savedTokenizer) ?? (await learn(train.pairs, settings))
  const tokenizer = Tokenizer.fromJson(tokenizerJson)
  const config = configFor(tokenizer, settings.config ?? {})

  const encode = async (
    name: 'train' | 'valid',
    { pairs, skipped }: { pairs: readonly Pair[]; skipped: number },
  ) => {
    const { encoded, kept } = await encodePairs(pairs, tokenizer, { maxLength: config.max_positions, signal })
    const batches = epochBatches(encoded, { batchTokens, seed, epoch: 0 })
    onEvent({
      type: 'data',
      name,
      pairs: encoded.length,
      tokens: tokensOf(encoded),
      empty: skipped,
      long: pairs.length - encoded.length,
      padding: paddingShare(encoded, batches),
    })
    return { encoded, pairs: kept }
  }
  const { encoded } = await encode('train', train)
  if (encoded.length === 0) throw noPair(train)
  const held = await encode('valid', valid)

  const epochOf = (
    pairs: readonly EncodedPair[],
    order: { seed: number; epoch: number },
    smoothing = 0,
  ): Epoch<Transformer> => {
    const batches = epochBatches(pairs, { batchTokens, ...order })
    const chosen = (i: number) => batches[i].map((n) => pairs[n])
    return { count: batches.length, batch: (i) => batchOf(chosen(i), smoothing) }
  }
  const validate = async (model: Transformer): Promise<Score> => {
    const loss = await meanLoss(model, epochOf(held.encoded, { seed: 0, epoch: 0 }), signal)
    const pairs = held.pairs.slice(0, bleuSentences)
    return bleuSentences > 0 ? { loss, bleu: await bleuOf(model, pairs, signal) } : { loss }
  }
  const { dropout, ...shape } = config
  void dropout // may change while the rest may not
  return {
    config: { ...config },
    tokenizerJson,
    vocabSize: config.vocab_size,
    identity: {
      seed,
      batchTokens,
      ...(settings.tokenizer ? {} : { vocabSize: settings.vocabSize }),
      data: fingerprint(encoded),
      config: JSON.stringify(shape),
    },
    shapes: transformerShapes(config),
    initial: () => initTransformer(config, seed, { tokenizerJson }),
    create: (weights) => new Transformer(config, weights, { tokenizerJson }),
    epoch: (epoch) => epochOf(encoded, { seed, epoch }, labelSmoothing),
    validate: held.encoded.length > 0 ? validate : undefined,
  }
}

const tokensOf = (pairs: readonly EncodedPair[]) => pairs.reduce((sum, { target }) => sum + target.length, 0)

const batchOf = (pairs: readonly EncodedPair[], labelSmoothing: number): Batch<Transformer> => ({
  tokens: tokensOf(pairs),
  loss: (model, run) => model.loss(run, translationBatch(pairs, model.config), { labelSmoothing }),
})

/** BLEU of greedy translations against all references. */
async function bleuOf(
  model: Transformer,
  pairs: readonly Pair[],
  signal: AbortSignal | undefined,
): Promise<number> {
  const sources = pairs.map(({ source }) => source)
  const translations = await model.translate(sources, { beam: 1, signal })
  return bleu(
    translations,
    pairs.map(({ targets }) => targets),
  ).score
}

const noPair = ({ pairs, skipped }: { pairs: readonly Pair[]; skipped: number }) =>
  new HeedError(
    'input',
    `no pair to train on: ${skipped} lines had an empty side, ${pairs.length} pairs were too long`,
  )

const load = async (pairs: string | readonly Pair[]) =>
  typeof pairs === 'string' ? readPairs(pairs) : { pairs, skipped: 0 }

async function learn(pairs: readonly Pair[], { vocabSize, signal, onEvent }: TranslationSettings) {
  function* lines() {
    for (const { source, targets } of pairs) {
      yield source
      yield targets[0]
    }
  }
  onEvent({ type: 'tokenizer', done: 0, total: vocabSize })
  return learnBpe(lines(), { vocabSize, signal, onProgress: (p) => onEvent({ type: 'tokenizer', ...p }) })
}

/** The model's config with what the tokenizer decides. */
function configFor(tokenizer: Tokenizer, config: Partial<TransformerConfig>): TransformerConfig {
  const { padId, bosId, eosId, vocabSize } = tokenizer
  if (padId === undefined || bosId === undefined || eosId === undefined)
    throw new HeedError(
      'unsupported',
      'the tokenizer lacks one of <pad>, <s> and </s>, which a translator needs',
    )
  return transformerConfig({
    ...config,
    vocab_size: vocabSize,
    pad_token_id: padId,
    bos_token_id: bosId,
    eos_token_id: eosId,
    unk_token_id: tokenizer.idOf('<unk>') ?? padId,
  })
}
