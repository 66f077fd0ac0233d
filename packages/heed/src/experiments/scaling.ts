import { scoreSizes, type ScoreStatistics, scoreStatistics } from './score-statistics.js'
import { type ExperimentOptions, type ExperimentSettings, settingsOf } from './settings.js'
import { lookup } from './lookup.js'
import { lookupTraining, type Setting, type TrainedSetting, trainSettings } from './train-lookup.js'

/** Why scores are divided by √d_k: what softmax makes of them, and what training does with them. */
export interface ScalingReport {
  experiment: 'scaling'
  settings: ExperimentSettings & {
    scores: typeof scoreSizes
    task: typeof lookup
    training: typeof lookupTraining
  }
  scores: ScoreStatistics[]
  training: TrainedSetting[]
}

/**
 * A small and a large d_k, each with the paper's scale, with none, with 1/d_k (Yang et al. 2021, for wide models), and
 * with none but a W_Q that starts smaller by √d_k, as T5's does (Raffel et al. 2020): the same scores before the first
 * step as with the paper's.
 */
export const scalingSettings: readonly Setting[] = [8, 256].flatMap((keySize) => {
  const setting = (name: string, scale: number, queryStart?: number): Setting => ({
    name: `d_k ${keySize}, ${name}`,
    keySize,
    scale,
    ...(queryStart !== undefined && { queryStart }),
    normalizer: 'softmax',
  })
  return [
    setting('scale 1/√d_k', 1 / Math.sqrt(keySize)),
    setting('scale 1', 1),
    setting('scale 1/d_k', 1 / keySize),
    setting('scale 1, small W_Q', 1, 1 / Math.sqrt(keySize)),
  ]
})

/**
 * Measures scores with and without 1/√d_k (`scoreStatistics`), and trains a dictionary look-up with `scalingSettings`.
 *
 * @throws HeedTypeError `option` when a number is out of range; HeedError `aborted`.
 */
export async function scalingExperiment(options: ExperimentOptions = {}): Promise<ScalingReport> {
  const { steps, seeds, rate } = settingsOf(options)
  const scores = await scoreStatistics(options)
  const training = await trainSettings(scalingSettings, options)
  return {
    experiment: 'scaling',
    settings: { steps, seeds, rate, scores: scoreSizes, task: lookup, training: lookupTraining },
    scores,
    training,
  }
}
