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

/** A small and a large d_k, each with three scales: the paper's, none, and 1/d_k (Yang et al. 2021, for wide models). */
export const scalingSettings: readonly Setting[] = [8, 256].flatMap((keySize) =>
  (
    [
      ['1/√d_k', 1 / Math.sqrt(keySize)],
      ['1', 1],
      ['1/d_k', 1 / keySize],
    ] as const
  ).map(([scaleName, scale]) => ({
    name: `d_k ${keySize}, scale ${scaleName}`,
    keySize,
    scale,
    normalizer: 'softmax' as const,
  })),
)

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
