export {
  type AlignmentOptions,
  type AlignmentScore,
  alignmentScores,
  type CopiedWord,
  copiedWords,
  type SentencePair,
} from './alignment.js'
export {
  type Attribution,
  type AttributionChoice,
  type AttributionOptions,
  attributeLogit,
  type LogitPart,
} from './attribution.js'
export { type AxisSpan, axisSpans } from './axes.js'
export { detectHead, type DetectOptions, type HeadPattern } from './detectors.js'
export {
  type Capturable,
  capture,
  Capture,
  type CaptureChoice,
  type CapturedText,
  type CaptureOptions,
  matchHeads,
  sidesOf,
} from './capture.js'
export { sentenceSpans, type Span, wordSpans } from './gather.js'
export {
  type HeadRow,
  type HeadsOptions,
  measureHeads,
  type RankedText,
  sortHeads,
  type TokenLink,
} from './heads.js'
export type { KeepOptions, KeptAttention } from './kept.js'
export {
  type Likely,
  logitLens,
  type LogitLens,
  type LogitLensChoice,
  type LogitLensOptions,
  type Readable,
} from './logit-lens.js'
export { AttentionMap, type MapPart, type RowBlock, type Stage, type TileOptions } from './map.js'
export {
  type MapStats,
  type Measure,
  type MeasureName,
  measures,
  separatorsOf,
  type StatsOptions,
} from './measures.js'
export { normMap, type NormOptions, valueNorms } from './norms.js'
export type { Overview, OverviewOptions, OverviewSize } from './overview.js'
export { Recorder, type RecorderOptions } from './recorder.js'
export { openCapture, saveCapture } from './saved.js'
export { inductionOnRepeats, type RepeatOptions, type RepeatScore } from './repeats.js'
export { rollout, type RolloutOptions } from './rollout.js'
export { see, type SeeChoice, type Seen, seenIn, type SeenMap, type SeeOptions } from './see.js'
export type { Region, ScanOptions, WalkOptions } from './scan.js'
export type { Link, StrongestOptions, TopKeys } from './strongest.js'
export {
  ablate,
  type AblateOptions,
  forbid,
  headMeans,
  type HeadMeans,
  type HeadMeansOptions,
  type HeadOptions,
  type PositionPair,
  rescale,
} from './interventions.js'
export type { HeadChoice } from './interventions-heads.js'
export { type Pattern, replacePattern, swapSoftmax } from './interventions-weights.js'
export { patch, type PatchOptions } from './patch.js'
export {
  type Change,
  damageName,
  damageOf,
  effect,
  type Effect,
  type EffectOptions,
  type HeadEffect,
  headEffects,
  type HeadEffectsOptions,
  type PredictionChange,
} from './effect.js'
export { type LinkEffect, linkEffects, type LinkEffectsOptions, type MapLink } from './effect-links.js'
export { patchSweep, type PatchSweep, type PatchSweepOptions, type SweptText } from './patch-sweep.js'
export {
  attentionInputs,
  type AttentionInputs,
  type HeadProjection,
  headProjections,
  inputActivations,
  type Projecting,
} from './projections.js'
