import { HeedTypeError } from '../errors.js'
import { quote } from '../json.js'
import type { TransformerConfig } from '../models/index.js'
import type { AdamWOptions } from './adamw.js'
import type { Pair } from './data.js'
import type { Document } from './language-data.js'
import type { LeftOut } from './left-out.js'
import type { Validation } from './run-state.js'
import type { ScheduleOptions } from './schedules.js'

/** What training a translator does unless told otherwise: the recipe of the shipped one's first stage. */
export const trainingDefaults = {
  vocabSize: 8000,
  steps: 4300,
  batchTokens: 2000,
  /** `warmup` is the most: a run of few steps warms up over a fifth of them. */
  schedule: {
    kind: 'inverse-sqrt-cooldown' as ScheduleOptions['kind'],
    peak: 1.5e-3,
    warmup: 800,
    cooldown: 0.4,
  },
  optimizer: { clip: 1, weightDecay: 0.01 },
  seed: 1,
  labelSmoothing: 0.1,
  dropHeads: 0,
  averageDecay: 0,
  evaluateEvery: 500,
  checkpointEvery: 250,
  reportEvery: 20,
  bleuSentences: 1000,
}

/** What training a language model does unless told otherwise. */
export const languageDefaults = {
  vocabSize: 8000,
  steps: 2000,
  batchTokens: 4096,
  schedule: { kind: 'cosine' as ScheduleOptions['kind'], peak: 1e-3, warmup: 200 },
  optimizer: { beta2: 0.95, eps: 1e-8, clip: 1, weightDecay: 0.1 },
  seed: 1,
  dropHeads: 0,
  averageDecay: 0,
  evaluateEvery: 250,
  checkpointEvery: 250,
  reportEvery: 20,
  contextLength: 256,
  documents: 'lines' as 'lines' | 'file',
}

/** What every kind of training takes. */
export interface TrainingOptions {
  /** The run folder, which must be new, or hold the run to `resume`. */
  out: string
  /**
   * A model to go on from, by any name that `loadModel` takes: its shape, weights and tokenizer, with a fresh optimiser
   * and schedule (fine-tuning). `vocabSize`, and of `config` all but `dropout`, are then the model's and cannot be given.
   * Default none: weights are drawn.
   */
  from?: string
  /** A parsed tokenizer.json. Default: one is learned from the training texts. */
  tokenizer?: Record<string, unknown>
  /** Of the tokenizer that is learned. */
  vocabSize?: number
  /** How many steps there are in all, also when the run is resumed. */
  steps?: number
  /** The most tokens of a batch (of a translator: on either side), padding included. */
  batchTokens?: number
  /** Of the learning rate. */
  schedule?: Partial<ScheduleOptions>
  /** Betas and eps are the paper's unless stated. */
  optimizer?: AdamWOptions
  /** Of weights, order of the data and dropout. */
  seed?: number
  /**
   * Share of the heads of every attention that a step drops, by sequence, so that no head becomes the only one to do its
   * work (DropHead, Zhou et al. 2020): see `dropHeads` of heed. 0 for none.
   */
  dropHeads?: number
  /**
   * Decay of the exponential moving average of the weights, such as 0.999: the averaged model is then the one that is
   * validated and saved. 0 for no average.
   */
  averageDecay?: number
  /** Steps between evaluations; also after the last step. */
  evaluateEvery?: number
  /** Steps between checkpoints; also after the last step and when an evaluation is the best so far. */
  checkpointEvery?: number
  /** Steps between lines of metrics.jsonl. */
  reportEvery?: number
  /** How many of the latest checkpoints are kept beside the best. Default 2. */
  keep?: number
  /** Of how many validation texts samples.jsonl shows at every evaluation what the model makes. Default 4; 0 for none. */
  samples?: number
  /** Go on from the latest checkpoint of `out`, if it has one. Default false. */
  resume?: boolean
  /** Stops after the step under way; a checkpoint is written first. */
  signal?: AbortSignal
  /** Called after every step. */
  onProgress?: (progress: TrainingProgress) => void
  /** Called when something happens beside the steps. */
  onEvent?: (event: TrainingEvent) => void
}

/** Numbers that are not given are those of `trainingDefaults`. */
export interface TrainTranslationOptions extends TrainingOptions {
  /** Pairs, or a file as `readPairs` reads it. */
  train: string | readonly Pair[]
  /** As `train`. Default none: then the last model is the final one. */
  valid?: string | readonly Pair[]
  /** What config.json shall say; `vocab_size` and the ids of special tokens come from the tokenizer. */
  config?: Partial<TransformerConfig>
  /** Share of the target spread over all pieces. */
  labelSmoothing?: number
  /** BLEU is of the first so many validation pairs; 0 for none. */
  bleuSentences?: number
}

/** Numbers that are not given are those of `languageDefaults`. */
export interface TrainLanguageOptions extends TrainingOptions {
  /** A text file, documents, or documents without end: number n is a pure function of n, from 0 up. */
  train: string | readonly Document[] | ((index: number) => Document)
  /** A text file or documents. Default none: then the last model is the final one. */
  valid?: string | readonly Document[]
  /** What a file holds: a document on every line that is not empty, or the whole file as one. */
  documents?: 'lines' | 'file'
  /**
   * What config.json shall say, in the fields of its `model_type`: llama, or with windows and other biases mistral, qwen2
   * or qwen3. `vocab_size` and the ids of special tokens come from the tokenizer, and what is left out from
   * `languageConfig`. Initial weights have the standard deviation `initializer_range`.
   */
  config?: Readonly<Record<string, unknown>>
  /** Tokens that the model reads at once in training, the start token included: longer documents are cut. */
  contextLength?: number
}

export interface TrainingProgress {
  step: number
  steps: number
  /** Smoothed training loss, per token that is predicted. */
  loss: number
  /** Tokens that are predicted, without padding. */
  tokensPerSecond: number
  /** Seconds to the last step. */
  eta: number
}

export type TrainingEvent =
  /** A tokenizer is being learned. */
  | { type: 'tokenizer'; done: number; total: number }
  /** `leftOut`: what is not trained on, and why. `padding`: share of target places, 0 to 1. */
  | {
      type: 'data'
      name: 'train' | 'valid'
      pairs: number
      tokens: number
      leftOut: readonly LeftOut[]
      padding: number
    }
  /** Of language models. `tokens`: those that are predicted. None of `train` where documents are made without end. */
  | {
      type: 'text'
      name: 'train' | 'valid'
      documents: number
      windows: number
      tokens: number
      leftOut: readonly LeftOut[]
    }
  /** Of models that describe. `unknown`: labels with a word outside the vocabulary; `long`: sentences beyond the positions. */
  | {
      type: 'labelled'
      name: 'train' | 'valid'
      sentences: number
      labels: number
      unknown: number
      long: number
    }
  | { type: 'model'; parameters: number; vocabSize: number }
  | { type: 'resumed'; step: number }
  /** The loss was finite and its gradient was not, so the step changed nothing. */
  | { type: 'skipped'; step: number; norm: number }
  | ({ type: 'evaluation'; best: boolean } & Validation)
  | { type: 'checkpoint'; step: number; folder: string }

/** What a kind of training does unless told otherwise. */
interface Defaults extends Required<
  Pick<
    TrainingOptions,
    | 'vocabSize'
    | 'steps'
    | 'batchTokens'
    | 'seed'
    | 'dropHeads'
    | 'averageDecay'
    | 'evaluateEvery'
    | 'checkpointEvery'
    | 'reportEvery'
    | 'optimizer'
  >
> {
  /** `warmup` is the most: a run of few steps warms up over a fifth of them. */
  schedule: ScheduleOptions
}

/** Options with all defaults filled in. */
export type Settings<O extends TrainingOptions = TrainingOptions, D extends Defaults = Defaults> = Omit<
  D,
  'schedule' | 'optimizer'
> &
  O & {
    keep: number
    samples: number
    schedule: ScheduleOptions
    optimizer: AdamWOptions
    onProgress: NonNullable<TrainingOptions['onProgress']>
    onEvent: NonNullable<TrainingOptions['onEvent']>
  }
export type TranslationSettings = Settings<TrainTranslationOptions, typeof trainingDefaults>
export type LanguageSettings = Settings<TrainLanguageOptions, typeof languageDefaults>

/** @throws HeedTypeError `option` for a number out of range */
export function translationSettings(options: TrainTranslationOptions): TranslationSettings {
  const settings = settingsOf(options, trainingDefaults, 'trainTranslation')
  const { bleuSentences } = settings
  if (!(bleuSentences >= 0))
    throw new HeedTypeError('option', `trainTranslation: bleuSentences must be a count, got ${bleuSentences}`)
  return settings
}

/** @throws HeedTypeError `option` for a number out of range */
export function languageSettings(options: TrainLanguageOptions): LanguageSettings {
  const settings = settingsOf(options, languageDefaults, 'trainLanguage')
  const { contextLength, documents } = settings
  if (!Number.isSafeInteger(contextLength) || contextLength < 2)
    throw new HeedTypeError(
      'option',
      `trainLanguage: contextLength must be a whole number from 2 up, got ${contextLength}`,
    )
  if (documents !== 'lines' && documents !== 'file')
    throw new HeedTypeError(
      'option',
      `trainLanguage: documents must be 'lines' or 'file', got ${quote(documents)}`,
    )
  return settings
}

export function settingsOf<O extends TrainingOptions, D extends Defaults>(
  options: O,
  defaults: D,
  caller: string,
): Settings<O, D> {
  checkFrom(options, caller)
  const { schedule, optimizer, ...flat } = defaults
  const given = over({ keep: 2, samples: 4, ...flat, onProgress: () => {}, onEvent: () => {} }, options)
  const warmup = Math.max(1, Math.min(schedule.warmup, Math.round(given.steps / 5)))
  const settings = {
    ...given,
    schedule: over({ ...schedule, warmup }, options.schedule),
    optimizer: over(optimizer, options.optimizer),
  } as Settings<O, D>
  const counts = ['steps', 'batchTokens', 'evaluateEvery', 'checkpointEvery', 'reportEvery', 'keep'] as const
  for (const name of counts)
    if (!Number.isSafeInteger(settings[name]) || settings[name] < 1)
      throw new HeedTypeError(
        'option',
        `${caller}: ${name} must be a whole number from 1 up, got ${settings[name]}`,
      )
  const { averageDecay, dropHeads, seed, samples } = settings
  if (!Number.isSafeInteger(samples) || samples < 0)
    throw new HeedTypeError('option', `${caller}: samples must be a count, got ${samples}`)
  for (const [name, share] of Object.entries({ averageDecay, dropHeads }))
    if (!(share >= 0 && share < 1))
      throw new HeedTypeError('option', `${caller}: ${name} must be from 0 to below 1, got ${share}`)
  if (!Number.isSafeInteger(seed))
    throw new HeedTypeError('option', `${caller}: seed must be a whole number, got ${seed}`)
  return settings
}

/** What is given, over the defaults; an option that is undefined is not given. */
function over<D extends object, G extends object>(defaults: D, given: G | undefined): D & G {
  const named = Object.entries(given ?? {}).filter(([, value]) => value !== undefined)
  return { ...defaults, ...Object.fromEntries(named) } as D & G
}

/** A model that is gone on from has its vocabulary and its shape. */
function checkFrom(options: TrainingOptions, caller: string): void {
  const { from, vocabSize, config } = options as TrainingOptions & { config?: object }
  if (from === undefined) return
  const shape = Object.entries({ vocabSize, ...config, dropout: undefined })
  const stated = shape.flatMap(([name, value]) => (value === undefined ? [] : [name]))
  if (stated.length > 0)
    throw new HeedTypeError(
      'option',
      `${caller}: ${stated.join(', ')} cannot be given with from, which brings a model's own; leave out one or the other`,
    )
}
