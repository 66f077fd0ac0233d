import { HeedTypeError } from '../errors.js'
import type { Intervention } from '../models/index.js'
import type { LabelledSentence } from './describe-data.js'
import type { ScheduleOptions } from './schedules.js'
import { type Settings, settingsOf, type TrainingOptions } from './settings.js'

/** What training a model that describes does unless told otherwise: the recipe of the shipped one. */
export const describeDefaults = {
  vocabSize: 6000,
  others: 0.25,
  steps: 3000,
  batchTokens: 1024,
  schedule: { kind: 'cosine' as ScheduleOptions['kind'], peak: 5e-3, warmup: 150 },
  optimizer: { beta2: 0.98, eps: 1e-8, clip: 1, weightDecay: 0.01 },
  seed: 1,
  averageDecay: 0,
  dropHeads: 0,
  evaluateEvery: 500,
  checkpointEvery: 250,
  reportEvery: 20,
}

/** Numbers that are not given are those of `describeDefaults`. */
export interface TrainDescribeOptions extends TrainingOptions {
  /** Labelled sentences, or a file as `readLabelled` reads it. */
  train: string | readonly LabelledSentence[]
  /** As `train`. Default none: then the last model is the final one. */
  valid?: string | readonly LabelledSentence[]
  /**
   * What config.json shall say, in the fields of a BERT; `vocab_size` and `pad_token_id` come from the tokenizer, and what is
   * left out from `describeConfig`. Initial weights have the standard deviation `initializer_range`.
   */
  config?: Readonly<Record<string, unknown>>
  /**
   * The share of the words that nothing describes at which the loss of a batch looks, above 0 up to 1; they are drawn anew
   * for every batch, and stand for all.
   */
  others?: number
  /**
   * What changes every pass, in training and validation: another scale, another normaliser in softmax's place (`heed/lens`
   * has such interventions). The model that comes out is one that needs them. Default nothing.
   */
  with?: readonly Intervention[]
}

export type DescribeSettings = Settings<TrainDescribeOptions, typeof describeDefaults>

/** @throws HeedTypeError `option` for a number out of range */
export function describeSettings(options: TrainDescribeOptions): DescribeSettings {
  const settings = settingsOf(options, describeDefaults, 'trainDescribe')
  const { others } = settings
  if (!(others > 0 && others <= 1))
    throw new HeedTypeError('option', `trainDescribe: others must be above 0 and at most 1, got ${others}`)
  return settings
}
