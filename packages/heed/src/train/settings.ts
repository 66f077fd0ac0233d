import { HeedTypeError } from '../errors.js'
import type { TransformerConfig } from '../models/index.js'
import type { AdamWOptions } from './adamw.js'
import type { Pair } from './data.js'
import type { Validation } from './run-state.js'
import type { ScheduleOptions } from './schedules.js'

/** What training does unless told otherwise: the recipe of the shipped translator. */
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
  averageDecay: 0,
  evaluateEvery: 500,
  checkpointEvery: 250,
  reportEvery: 20,
  bleuSentences: 1000,
}

/** Numbers that are not given are those of `trainingDefaults`. */
export interface TrainTranslationOptions {
  /** Pairs, or a file as `readPairs` reads it. */
  train: string | readonly Pair[]
  /** As `train`. Default none: then the last model is the final one. */
  valid?: string | readonly Pair[]
  /** The run folder, which must be new, or hold the run to `resume`. */
  out: string
  /** What config.json shall say; `vocab_size` and the ids of special tokens come from the tokenizer. */
  config?: Partial<TransformerConfig>
  /** A parsed tokenizer.json. Default: one is learned from the training pairs. */
  tokenizer?: Record<string, unknown>
  /** Of the tokenizer that is learned. */
  vocabSize?: number
  /** How many steps there are in all, also when the run is resumed. */
  steps?: number
  /** The most tokens of a batch on either side, padding included. */
  batchTokens?: number
  /** Of the learning rate. */
  schedule?: Partial<ScheduleOptions>
  /** Betas and eps are the paper's unless stated. */
  optimizer?: AdamWOptions
  /** Of weights, order of the data and dropout. */
  seed?: number
  /** Share of the target spread over all pieces. */
  labelSmoothing?: number
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
  /** BLEU is of the first so many validation pairs; 0 for none. */
  bleuSentences?: number
  /** Go on from the latest checkpoint of `out`, if it has one. Default false. */
  resume?: boolean
  /** Stops after the step under way; a checkpoint is written first. */
  signal?: AbortSignal
  /** Called after every step. */
  onProgress?: (progress: TrainingProgress) => void
  /** Called when something happens beside the steps. */
  onEvent?: (event: TrainingEvent) => void
}

export interface TrainingProgress {
  step: number
  steps: number
  /** Smoothed training loss, per target token. */
  loss: number
  /** Target tokens, without padding. */
  tokensPerSecond: number
  /** Seconds to the last step. */
  eta: number
}

export type TrainingEvent =
  /** A tokenizer is being learned. */
  | { type: 'tokenizer'; done: number; total: number }
  /** `empty`: lines without a side; `long`: pairs beyond max_positions. `padding`: share of target places, 0 to 1. */
  | {
      type: 'data'
      name: 'train' | 'valid'
      pairs: number
      tokens: number
      empty: number
      long: number
      padding: number
    }
  | { type: 'model'; parameters: number; vocabSize: number }
  | { type: 'resumed'; step: number }
  /** The gradient was not finite, so the step changed nothing. */
  | { type: 'skipped'; step: number; norm: number }
  | ({ type: 'evaluation'; best: boolean } & Validation)
  | { type: 'checkpoint'; step: number; folder: string }

/** The options with all defaults filled in. */
export type Settings = ReturnType<typeof settingsOf>

/** @throws HeedTypeError `option` for a number out of range */
export function settingsOf(options: TrainTranslationOptions) {
  const { schedule, optimizer, ...flat } = trainingDefaults
  const given = over({ ...flat, config: {}, onProgress: () => {}, onEvent: () => {} }, options)
  const warmup = Math.max(1, Math.min(schedule.warmup, Math.round(given.steps / 5)))
  const settings = {
    ...given,
    schedule: over({ ...schedule, warmup }, options.schedule),
    optimizer: over(optimizer, options.optimizer),
  }
  for (const name of ['steps', 'batchTokens', 'evaluateEvery', 'checkpointEvery', 'reportEvery'] as const)
    if (!Number.isSafeInteger(settings[name]) || settings[name] < 1)
      throw new HeedTypeError(
        'option',
        `trainTranslation: ${name} must be a whole number from 1 up, got ${settings[name]}`,
      )
  const { averageDecay, bleuSentences, seed } = settings
  if (!(averageDecay >= 0 && averageDecay < 1))
    throw new HeedTypeError(
      'option',
      `trainTranslation: averageDecay must be from 0 to below 1, got ${averageDecay}`,
    )
  if (!Number.isSafeInteger(seed))
    throw new HeedTypeError('option', `trainTranslation: seed must be a whole number, got ${seed}`)
  if (!(bleuSentences >= 0))
    throw new HeedTypeError('option', `trainTranslation: bleuSentences must be a count, got ${bleuSentences}`)
  return settings
}

/** What is given, over the defaults; an option that is undefined is not given. */
function over<D extends object, G extends object>(defaults: D, given: G | undefined): D & G {
  const named = Object.entries(given ?? {}).filter(([, value]) => value !== undefined)
  return { ...defaults, ...Object.fromEntries(named) } as D & G
}
