export { AdamW, type AdamWOptions, type AdamWState, type StepReport } from './adamw.js'
export { type Checkpoint, type CheckpointIndex, readCheckpoint, readCheckpointIndex } from './checkpoint.js'
export {
  type BatchOptions,
  type EncodedPair,
  encodePairs,
  epochBatches,
  paddingShare,
  type Pair,
  type PairFile,
  parsePairs,
  readPairs,
} from './data.js'
export { type MetricsRow, parseMetrics } from './metrics.js'
export type { RunState, Validation } from './run-state.js'
export {
  cosine,
  inverseSqrt,
  inverseSqrtCooldown,
  type Schedule,
  schedule,
  type ScheduleOptions,
} from './schedules.js'
export {
  trainingDefaults,
  type TrainingEvent,
  type TrainingProgress,
  type TrainTranslationOptions,
} from './settings.js'
export { type TrainingResult, trainTranslation } from './train-translation.js'
