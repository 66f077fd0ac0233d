export {
  initLookup,
  lookup,
  type LookupAttention,
  type LookupBatch,
  lookupBatch,
  type LookupModel,
  type LookupPass,
  lookupPass,
} from './lookup.js'
export { type ScalingReport, scalingExperiment, scalingSettings } from './scaling.js'
export { scoreKeySizes, scoreSizes, type ScoreStatistics, scoreStatistics } from './score-statistics.js'
export type { ExperimentOptions, ExperimentProgress, ExperimentSettings } from './settings.js'
export { softmaxExperiment, type SoftmaxReport, softmaxSettings } from './softmax.js'
export { median, type Spread, spread } from './statistics.js'
export {
  type LookupPoint,
  type LookupRun,
  type LookupTest,
  lookupTraining,
  overSteps,
  type Setting,
  stepsTo,
  type TrainedSetting,
} from './train-lookup.js'
