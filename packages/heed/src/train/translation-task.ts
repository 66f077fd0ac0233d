import { HeedError } from '../errors.js'
import {
  initTransformer,
  padIds,
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
  type PairFile,
  readPairs,
} from './data.js'
import { configFrom, type Given, tokenizerFor } from './given.js'
import { type LeftOut, leftOutWords, Tally } from './left-out.js'
import type { Score } from './run-state.js'
import { MAP_TOKENS, type SampledMap, type Samples, weightsAt } from './samples.js'
import type { TranslationSettings } from './settings.js'
import type { Batch, Epoch, Task } from './task.js'
import { meanLoss } from './validate.js'

/**
 * Reads the pairs, learns a tokenizer if none is given, and turns all into ids.
 *
 * @throws HeedError `input` when no training pair is left or the run has another tokenizer, `unsupported` when the tokenizer
 *   lacks a special token or the model to go on from is of another kind
 */
export async function translationTask(
  settings: TranslationSettings,
  given?: Given,
): Promise<Task<Transformer>> {
  const { signal, batchTokens, seed, labelSmoothing, bleuSentences, onEvent } = settings
  const base = configFrom(settings, given, ['heed-transformer'])
  const asked: Partial<TransformerConfig> = { ...base, ...settings.config }
  const maxCharacters = MOST_CHARACTERS * (asked.max_positions ?? 256)
  const train = await load(settings.train, maxCharacters)
  const valid = settings.valid === undefined ? undefined : await load(settings.valid, maxCharacters)
  if (train.pairs.length === 0) throw noPair('to train on', train.leftOut)
  if (valid?.pairs.length === 0) throw noPair('to validate with', valid.leftOut)
  const tokenizerJson = tokenizerFor(settings, given) ?? (await learn(train.pairs, settings))
  const tokenizer = Tokenizer.fromJson(tokenizerJson)
  const config = base ? transformerConfig(asked) : configFor(tokenizer, asked)

  const encode = async (name: 'train' | 'valid', { pairs, lines, leftOut }: PairFile) => {
    const { encoded, kept } = await encodePairs(pairs, tokenizer, { maxLength: config.max_positions, signal })
    const batches = epochBatches(encoded, { batchTokens, seed, epoch: 0 })
    const all = withLong(leftOut, lines, pairs, kept)
    if (encoded.length === 0) throw noPair(name === 'train' ? 'to train on' : 'to validate with', all)
    onEvent({
      type: 'data',
      name,
      pairs: encoded.length,
      tokens: tokensOf(encoded),
      leftOut: all,
      padding: paddingShare(encoded, batches),
    })
    return { encoded, pairs: kept }
  }
  const { encoded } = await encode('train', train)
  const held = valid ? await encode('valid', valid) : { encoded: [], pairs: [] }

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
    kind: 'translation',
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
    sample: held.encoded.length > 0 ? (model) => sampleOf(model, held.pairs, settings) : undefined,
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

/** Greedy translations of the first pairs, and how the first short one attends from its reference to its source. */
async function sampleOf(
  model: Transformer,
  pairs: readonly Pair[],
  { samples: count, signal }: TranslationSettings,
): Promise<Samples> {
  const some = pairs.slice(0, count)
  const outputs = await model.translate(
    some.map(({ source }) => source),
    { beam: 1, signal },
  )
  const samples = some.map(({ source, targets }, i) => ({
    source,
    output: outputs[i],
    reference: targets[0],
  }))
  const sides = ({ source, targets }: Pair) => [model.sourceIds(source), model.targetIds(targets[0])]
  const short = some.find((pair) => sides(pair).every((ids) => ids.length < MAP_TOKENS))
  return { samples, map: short && (await mapOf(model, short)) }
}

async function mapOf(model: Transformer, { source, targets }: Pair): Promise<SampledMap> {
  const site = `decoder.${model.generation.alignmentLayer}.cross`
  const { pad_token_id: pad, bos_token_id } = model.config
  const [asked, said] = [model.sourceIds(source), model.targetIds(targets[0])]
  const asking = Int32Array.from([bos_token_id, ...said])
  const weights = await weightsAt(model, site, (run) => {
    const ids = padIds([asked], pad)
    return model.decode(run, padIds([asking], pad), model.encode(run, ids), ids.lengths)
  })
  const words = (ids: Int32Array, text: string) =>
    model.tokenizer!.tokensOf(ids, text).map(({ text }) => text)
  return { site, queries: words(asking, targets[0]), keys: words(asked, source), weights }
}

/** @param purpose what there is no pair for */
const noPair = (purpose: string, leftOut: readonly LeftOut[]) =>
  new HeedError(
    'input',
    `no pair ${purpose}: ${leftOut.length > 0 ? leftOutWords(leftOut) : 'there is no line'}; a line is source TAB target`,
  )

/** Characters of a side for each position: what is longer is not even read, or learned a vocabulary from. */
const MOST_CHARACTERS = 32

const load = async (from: string | readonly Pair[], maxCharacters: number): Promise<PairFile> =>
  typeof from === 'string'
    ? readPairs(from, { maxCharacters })
    : { pairs: [...from], lines: from.map((_, i) => i + 1), leftOut: [] }

/** What is left out, with the pairs that turned out to have too many tokens. */
function withLong(
  leftOut: readonly LeftOut[],
  lines: readonly number[],
  pairs: readonly Pair[],
  kept: readonly Pair[],
): LeftOut[] {
  const tally = new Tally(leftOut)
  let n = 0
  pairs.forEach((pair, i) => (pair === kept[n] ? n++ : tally.add('long', lines[i])))
  return tally.list
}

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
