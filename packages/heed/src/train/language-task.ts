import { backendOf } from '../backends/current.js'
import { HeedError } from '../errors.js'
import { CausalModel, initLlama, padIds, type Run } from '../models/index.js'
import { llamaFamily, llamas } from '../models/llama-init.js'
import { crossEntropy, tensor } from '../ops/index.js'
import type { Tensor } from '../tensor/tensor.js'
import { learnBpe, Tokenizer } from '../text/index.js'
import { batchesByLength } from './batches.js'
import {
  bytesOf,
  type Document,
  type DocumentFile,
  fingerprintOf,
  predicted,
  readDocuments,
  Windows,
} from './language-data.js'
import { configFrom, type Given, tokenizerFor } from './given.js'
import { leftOutWords } from './left-out.js'
import type { Score } from './run-state.js'
import { MAP_TOKENS, type Sample, type Samples, weightsAt } from './samples.js'
import type { LanguageSettings } from './settings.js'
import type { Batch, Epoch, Task } from './task.js'
import { meanLoss } from './validate.js'

/** What a config.json of a language model says where the caller does not, beside what the tokenizer decides. */
export const languageConfig = {
  model_type: 'llama',
  architectures: ['LlamaForCausalLM'],
  hidden_size: 256,
  num_hidden_layers: 4,
  num_attention_heads: 4,
  num_key_value_heads: null, // as many as query heads
  intermediate_size: 704,
  hidden_act: 'silu',
  rms_norm_eps: 1e-5,
  rope_theta: 10000,
  tie_word_embeddings: true,
}

/**
 * Reads the documents, learns a tokenizer if none is given, and cuts all into windows.
 *
 * @throws HeedError `input` when there is no training text, contextLength is beyond the model's positions or the run has
 *   another tokenizer; `unsupported` when the tokenizer lacks a start or end token, or for a field of the config
 */
export async function languageTask(settings: LanguageSettings, given?: Given): Promise<Task<CausalModel>> {
  const { seed, batchTokens, contextLength, signal, onEvent } = settings
  const read = async (name: 'train' | 'valid', from: string | readonly Document[]): Promise<DocumentFile> => {
    const file =
      typeof from === 'string'
        ? await readDocuments(from, settings.documents)
        : { documents: from, leftOut: [] }
    if (file.documents.length > 0) return file
    const purpose = name === 'train' ? 'to train on' : 'to validate with'
    const why = file.leftOut.length > 0 ? leftOutWords(file.leftOut) : 'there is no document'
    throw new HeedError('input', `no text ${purpose}: ${why}`)
  }
  const endless = typeof settings.train === 'function' ? settings.train : undefined
  const text = typeof settings.train === 'function' ? none : await read('train', settings.train)
  const held = settings.valid !== undefined ? await read('valid', settings.valid) : none

  const tokenizerJson = tokenizerFor(settings, given) ?? (await learn(text.documents, settings))
  const tokenizer = Tokenizer.fromJson(tokenizerJson)
  const windows = new Windows(tokenizer, contextLength)
  const config = configFrom(settings, given, llamas) ?? configFor(tokenizer, settings)
  checkContext(config, settings)
  const family = llamaFamily(config)
  const padId = tokenizer.padId ?? 0

  const windowsOf = async (name: 'train' | 'valid', { documents, leftOut }: DocumentFile) => {
    const all = await windows.ofAll(documents, { signal })
    const size = { documents: documents.length, windows: all.length, tokens: tokensOf(all) }
    if (size.documents > 0) onEvent({ type: 'text', name, ...size, leftOut })
    return all
  }
  const epochOf = (
    all: readonly Int32Array[],
    order: { seed: number; epoch: number },
  ): Epoch<CausalModel> => {
    const batches = batchesByLength(all.length, (i) => predicted(all[i]), { batchTokens, ...order })
    const chosen = (i: number) => batches[i].map((n) => all[n])
    return { count: batches.length, batch: (i) => batchOf(chosen(i), padId) }
  }
  const train = endless ? undefined : await windowsOf('train', text)
  const valid = await windowsOf('valid', held)
  const bytes = bytesOf(held.documents)
  const validate = async (model: CausalModel): Promise<Score> => {
    const loss = await meanLoss(model, epochOf(valid, { seed: 0, epoch: 0 }), signal)
    const score = { loss, perplexity: Math.exp(loss) }
    return bytes ? { ...score, bitsPerByte: (loss * tokensOf(valid)) / bytes / Math.LN2 } : score
  }

  /** The first window of a document; a batch has as many as fit. */
  const made = (index: number) => windows.of(endless!(index))[0]
  const rows = Math.max(1, Math.floor(batchTokens / contextLength))
  const first = (batch: number) => Array.from({ length: rows }, (_, row) => made(batch * rows + row))
  return {
    kind: 'language',
    config,
    tokenizerJson,
    vocabSize: tokenizer.vocabSize,
    identity: {
      seed,
      batchTokens,
      contextLength,
      ...(settings.tokenizer ? {} : { vocabSize: settings.vocabSize }),
      data: fingerprintOf(train ?? first(0)),
      config: JSON.stringify(config),
    },
    shapes: family.shapes(family.config(config)),
    initial: () => initLlama(config, seed, { tokenizerJson }),
    create: (weights) => family.create(family.config(config), weights, { tokenizerJson }),
    epoch: (epoch) =>
      train ? epochOf(train, { seed, epoch }) : { count: Infinity, batch: (i) => batchOf(first(i), padId) },
    validate: valid.length > 0 ? validate : undefined,
    sample: valid.length > 0 ? (model) => sampleOf(model, tokenizer, valid, settings) : undefined,
  }
}

/** The most tokens of a beginning that a sample goes on from, and of what it says. */
const [BEGINNING, SAID] = [128, 40]

/**
 * How the model goes on, always likeliest token first, from the first halves of windows, and how its last attention looks
 * back over the beginning of the first.
 */
async function sampleOf(
  model: CausalModel,
  tokenizer: Tokenizer,
  windows: readonly Int32Array[],
  { samples: count, signal }: LanguageSettings,
): Promise<Samples> {
  const samples: Sample[] = []
  const textOf = (ids: ArrayLike<number>) => tokenizer.decode(ids)
  for (const window of windows.slice(0, count)) {
    const half = Math.min(BEGINNING, Math.ceil(window.length / 2))
    const [beginning, rest] = [window.subarray(0, half), window.subarray(half, half + SAID)]
    const output = await model.complete(beginning, { maxTokens: SAID, signal })
    samples.push({ source: textOf(beginning), output, reference: textOf(rest) })
  }
  if (samples.length === 0) return { samples }
  const site = model.sites.at(-1)!
  const ids = windows[0].subarray(0, -1).subarray(0, MAP_TOKENS)
  const weights = await weightsAt(model, site, (run) => model.logits(run, padIds([ids], model.padId)))
  const tokens = tokenizer.tokensOf(ids, textOf(ids)).map(({ text }) => text)
  return { samples, map: { site, queries: tokens, keys: tokens, weights } }
}

const none: DocumentFile = { documents: [], leftOut: [] }

const tokensOf = (windows: readonly Int32Array[]) => windows.reduce((sum, w) => sum + predicted(w), 0)

const batchOf = (windows: readonly Int32Array[], padId: number): Batch<CausalModel> => ({
  tokens: tokensOf(windows),
  loss: (model, run) => languageLoss(model, run, windows, padId),
})

/** The mean cross-entropy of every token but the first of each window, in nats, a tensor of shape []. */
export function languageLoss(
  model: CausalModel,
  run: Run,
  windows: readonly Int32Array[],
  padId = model.padId,
): Tensor {
  const inputs = padIds(
    windows.map((w) => w.subarray(0, -1)),
    padId,
  )
  const targets = padIds(
    windows.map((w) => w.subarray(1)),
    -100,
  )
  return run.scope(() => {
    const logits = model.logits(run, inputs)
    const shape = [targets.rows, targets.width]
    return crossEntropy(logits, tensor(targets.ids, shape, { backend: backendOf(logits) }))
  })
}

async function learn(
  documents: readonly Document[],
  { vocabSize, signal, onEvent }: LanguageSettings,
): Promise<Record<string, unknown>> {
  const texts = documents.filter((document) => typeof document === 'string')
  if (texts.length === 0)
    throw new HeedError('input', 'a tokenizer is learned from texts, and there are none; give one')
  onEvent({ type: 'tokenizer', done: 0, total: vocabSize })
  return learnBpe(texts, {
    vocabSize,
    specials: ['<pad>', '<s>', '</s>'],
    around: { before: ['<s>'] },
    signal,
    onProgress: (p) => onEvent({ type: 'tokenizer', ...p }),
  })
}

/** config.json with what the tokenizer decides. */
function configFor(
  { vocabSize, bosId, eosId, padId }: Tokenizer,
  { config, contextLength }: LanguageSettings,
): Record<string, unknown> {
  return {
    ...languageConfig,
    max_position_embeddings: contextLength,
    ...config,
    vocab_size: vocabSize,
    bos_token_id: bosId,
    eos_token_id: eosId,
    pad_token_id: padId ?? null,
  }
}

function checkContext(config: Record<string, unknown>, { contextLength, from }: LanguageSettings): void {
  const { maxPositions } = llamaFamily(config).config(config)
  if (contextLength > maxPositions)
    throw new HeedError(
      'input',
      `contextLength ${contextLength} is beyond the model's ${maxPositions} positions; ` +
        (from === undefined ? 'raise max_position_embeddings' : 'lower it'),
    )
}
