export { AdamW, type AdamWOptions, type AdamWState, type Params, type StepReport } from './adamw.js'
export { type Checkpoint, type CheckpointIndex, readCheckpoint, readCheckpointIndex } from './checkpoint.js'
export { type BatchOptions } from './batches.js'
export {
  type EncodedPair,
  encodePairs,
  epochBatches,
  paddingShare,
  type Pair,
  type PairFile,
  parsePairs,
  readPairs,
  type ReadPairsOptions,
} from './data.js'
export { type Flaw, type LeftOut, leftOutWords } from './left-out.js'
export { type LabelledSentence, parseLabelled, type Place, readLabelled } from './describe-data.js'
export { describeDefaults, type TrainDescribeOptions } from './describe-settings.js'
export { describeConfig } from './describe-task.js'
export type { ProjectionNorms } from './gradient-norms.js'
export { type MetricsRow, parseMetrics } from './metrics.js'
export { parseRows, type StepRow } from './step-log.js'
export type { Document } from './language-data.js'
export { languageConfig } from './language-task.js'
export { type RandomOptions, randomSequences, repeatedSequences, type SequenceKind } from './sequences.js'
export {
  describeSession,
  type DescribeSessionOptions,
  type SessionStep,
  type TrainingSession,
} from './session.js'
export type { RunState, Score, Validation } from './run-state.js'
export {
  cosine,
  inverseSqrt,
  inverseSqrtCooldown,
  type Schedule,
  schedule,
  type ScheduleOptions,
} from './schedules.js'
export {
  languageDefaults,
  trainingDefaults,
  type TrainingEvent,
  type TrainingOptions,
  type TrainingProgress,
  type TrainLanguageOptions,
  type TrainTranslationOptions,
} from './settings.js'
export { findRuns, readRun, readSamples, type RunEnd, type RunInfo, type RunSummary } from './run-folder.js'
export type { MapRow, Sample, SampledMap, SamplesRow } from './samples.js'
export type { TrainingResult } from './train.js'
export type { TrainedStep } from './training.js'
export { trainDescribe } from './train-describe.js'
export { trainLanguage } from './train-language.js'
export { trainTranslation } from './train-translation.js'
