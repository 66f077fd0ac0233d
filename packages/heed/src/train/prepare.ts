import { HeedError } from '../errors.js'
import { type TransformerConfig, transformerConfig } from '../models/index.js'
import { learnBpe, Tokenizer } from '../text/index.js'
import {
  type EncodedPair,
  encodePairs,
  epochBatches,
  fingerprint,
  paddingShare,
  type Pair,
  readPairs,
} from './data.js'
import type { RunState } from './run-state.js'
import type { Settings } from './settings.js'

/** All that training reads: token ids, and what a model for them looks like. */
export interface TranslationData {
  train: EncodedPair[]
  valid: { encoded: EncodedPair[]; pairs: Pair[] }
  tokenizerJson: Record<string, unknown>
  config: TransformerConfig
  identity: RunState['identity']
}

/**
 * Reads the pairs, learns a tokenizer if none is given, and turns all into ids.
 *
 * @throws HeedError `input` when no training pair is left or the run has another tokenizer, `unsupported` when the tokenizer lacks a special token
 */
export async function prepareData(
  settings: Settings,
  savedTokenizer: Record<string, unknown> | undefined,
): Promise<TranslationData> {
  const { signal, batchTokens, seed, onEvent } = settings
  const train = await load(settings.train)
  const valid = await load(settings.valid ?? [])
  if (train.pairs.length === 0) throw noPair(train)
  const given = settings.tokenizer
  if (savedTokenizer && given && JSON.stringify(given) !== JSON.stringify(savedTokenizer))
    throw new HeedError(
      'input',
      `${settings.out}: the run was started with another tokenizer; leave it out, or start a new run in another folder`,
    )
  const tokenizerJson = savedTokenizer ?? given ?? (await learn(train.pairs, settings))
  const tokenizer = Tokenizer.fromJson(tokenizerJson)
  const config = configFor(tokenizer, settings.config)

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
      tokens: encoded.reduce((sum, { target }) => sum + target.length, 0),
      empty: skipped,
      long: pairs.length - encoded.length,
      padding: paddingShare(encoded, batches),
    })
    return { encoded, pairs: kept }
  }
  const { encoded } = await encode('train', train)
  if (encoded.length === 0) throw noPair(train)
  const { dropout, ...shape } = config
  void dropout // may change while the rest may not
  return {
    train: encoded,
    valid: await encode('valid', valid),
    tokenizerJson,
    config,
    identity: {
      seed,
      batchTokens,
      ...(given ? {} : { vocabSize: settings.vocabSize }),
      data: fingerprint(encoded),
      config: JSON.stringify(shape),
    },
  }
}

const noPair = ({ pairs, skipped }: { pairs: readonly Pair[]; skipped: number }) =>
  new HeedError(
    'input',
    `no pair to train on: ${skipped} lines had an empty side, ${pairs.length} pairs were too long`,
  )

const load = async (pairs: string | readonly Pair[]) =>
  typeof pairs === 'string' ? readPairs(pairs) : { pairs, skipped: 0 }

async function learn(pairs: readonly Pair[], { vocabSize, signal, onEvent }: Settings) {
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
