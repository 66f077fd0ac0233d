import { normalizers, type Normalizer } from '../ops/normalizers.js'
import { lookup } from './lookup.js'
import { type ExperimentOptions, type ExperimentSettings, settingsOf } from './settings.js'
import { lookupTraining, type Setting, type TrainedSetting, trainSettings } from './train-lookup.js'

/** What softmax is for: the same task and budget with each of `normalizers` in its place. */
export interface SoftmaxReport {
  experiment: 'softmax'
  settings: ExperimentSettings & { task: typeof lookup; training: typeof lookupTraining }
  training: TrainedSetting[]
}

/** d_k = 32 with the paper's scale. */
export const softmaxSettings: readonly Setting[] = (Object.keys(normalizers) as Normalizer[]).map(
  (normalizer) => ({ name: normalizer, keySize: 32, scale: 1 / Math.sqrt(32), normalizer }),
)

/**
 * Trains a dictionary look-up with `softmaxSettings`, and asks it dictionaries of up to four times the length.
 *
 * @throws HeedTypeError `option` when a number is out of range; HeedError `aborted`.
 */
export async function softmaxExperiment(options: ExperimentOptions = {}): Promise<SoftmaxReport> {
  const { steps, seeds, rate } = settingsOf(options)
  const training = await trainSettings(softmaxSettings, options)
  return {
    experiment: 'softmax',
    settings: { steps, seeds, rate, task: lookup, training: lookupTraining },
    training,
  }
}
