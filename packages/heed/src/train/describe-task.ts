import { foldSeed } from '../backends/random.js'
import { HeedError } from '../errors.js'
import { bert } from '../models/bert.js'
import { bertShapes } from '../models/bert-init.js'
import { type EncoderModel, initBert, noneToken } from '../models/index.js'
import { learnWords, Tokenizer } from '../text/index.js'
import { batchesByLength } from './batches.js'
import {
  type EncodedSentence,
  encodeLabelled,
  fingerprintOfLabelled,
  type LabelledSentence,
  readLabelled,
} from './describe-data.js'
import { describeLoss, rightAnswers } from './describe-loss.js'
import type { DescribeSettings } from './describe-settings.js'
import { configFrom, type Given, tokenizerFor } from './given.js'
import type { Score } from './run-state.js'
import type { Epoch, Task } from './task.js'
import { meanLoss } from './validate.js'

/** What a config.json of a model that describes says where the caller does not, beside what the tokenizer decides. */
export const describeConfig = {
  model_type: 'bert',
  architectures: ['BertForMaskedLM'],
  hidden_size: 64,
  num_hidden_layers: 1,
  num_attention_heads: 4,
  intermediate_size: 128,
  hidden_act: 'gelu',
  max_position_embeddings: 64,
  type_vocab_size: 1,
  layer_norm_eps: 1e-12,
  initializer_range: 0.1,
  tie_word_embeddings: true,
}

/**
 * Reads the sentences, learns a vocabulary of words if no tokenizer is given, and makes ids of all.
 *
 * @throws HeedError `input` when there is no sentence to train on, or the run has another tokenizer; `unsupported` when
 *   the tokenizer has no `[NONE]`, or for a field of the config; `format` for a malformed line
 */
export async function describeTask(settings: DescribeSettings, given?: Given): Promise<Task<EncoderModel>> {
  const { seed, batchTokens, vocabSize, others, with: interventions, signal, onEvent } = settings
  const read = (from: string | readonly LabelledSentence[]) =>
    typeof from === 'string' ? readLabelled(from) : from
  const sentences = await read(settings.train)
  const held = await read(settings.valid ?? [])
  if (sentences.length === 0)
    throw new HeedError('input', 'no sentence to train on: a line is a sentence TAB word=describing word')

  const texts = sentences.map(({ text }) => text)
  const specials = ['[PAD]', '[UNK]', noneToken]
  const tokenizerJson: Record<string, unknown> =
    tokenizerFor(settings, given) ?? (await learnWords(texts, { vocabSize, specials, signal }))
  const tokenizer = Tokenizer.fromJson(tokenizerJson)
  const none = tokenizer.idOf(noneToken)
  if (none === undefined) throw new HeedError('unsupported', `the tokenizer has no ${noneToken} token`)
  const padId = tokenizer.padId ?? 0
  const config: Record<string, unknown> = configFrom(settings, given, [bert.type]) ?? {
    ...describeConfig,
    ...settings.config,
    vocab_size: tokenizer.vocabSize,
    pad_token_id: padId,
  }
  const family = bert.config(config)

  const encode = async (name: 'train' | 'valid', some: readonly LabelledSentence[]) => {
    const options = { none, maxLength: family.maxPositions, signal }
    const { encoded, ...counts } = await encodeLabelled(some, tokenizer, options)
    onEvent({ type: 'labelled', name, sentences: encoded.length, ...counts })
    return encoded
  }
  const train = await encode('train', sentences)
  const valid = await encode('valid', held)
  if (train.length === 0)
    throw new HeedError('input', `all sentences have more than ${family.maxPositions} tokens`)
  const epochOf = (
    all: readonly EncodedSentence[],
    order: { seed: number; epoch: number },
    others: number,
  ): Epoch<EncoderModel> => {
    const batches = batchesByLength(all.length, (i) => all[i].ids.length, { batchTokens, ...order })
    return {
      count: batches.length,
      batch(i) {
        const chosen = batches[i].map((n) => all[n])
        const options = { none, others, seed: foldSeed(order.seed, order.epoch, i), padId }
        return {
          tokens: chosen.reduce((sum, { ids }) => sum + ids.length, 0),
          loss: (model, run) => describeLoss(model, run, chosen, options),
        }
      },
    }
  }
  const validate = async (model: EncoderModel): Promise<Score> => {
    const loss = await meanLoss(model, epochOf(valid, { seed: 0, epoch: 0 }, 1), signal, interventions)
    return { loss, ...(await rightAnswers(model, valid, { none, batchTokens, with: interventions, signal })) }
  }
  return {
    kind: 'describe',
    config,
    tokenizerJson,
    vocabSize: tokenizer.vocabSize,
    identity: {
      seed,
      batchTokens,
      others,
      ...(settings.tokenizer ? {} : { vocabSize }),
      data: fingerprintOfLabelled(train),
      config: JSON.stringify(config),
    },
    with: interventions,
    shapes: bertShapes(config),
    initial: () => initBert(config, seed, { tokenizerJson }),
    create: (weights) => bert.create(family, weights, { tokenizerJson }),
    epoch: (epoch) => epochOf(train, { seed, epoch }, others),
    validate: valid.length > 0 ? validate : undefined,
  }
}
