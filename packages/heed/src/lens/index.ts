export { type AlignmentOptions, type AlignmentScore, alignmentScores, copiedWords } from './alignment.js'
export { capture, Capture, type CapturedText, type CaptureOptions, matchHeads } from './capture.js'
export { sentenceSpans, type Span, wordSpans } from './gather.js'
export type { KeepOptions, KeptAttention } from './kept.js'
export { AttentionMap, type MapPart, type RowBlock, type Stage, type TileOptions } from './map.js'
export type { Overview, OverviewOptions } from './overview.js'
export { Recorder, type RecorderOptions } from './recorder.js'
export { see, type Seen, type SeenMap, type SeeOptions } from './see.js'
export type { Link, ScanOptions, StrongestOptions, TopKeys } from './strongest.js'
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
export type { HeadChoice } from './interventions-put.js'
export { type Pattern, replacePattern, swapSoftmax } from './interventions-weights.js'
export { patch, type PatchOptions } from './patch.js'
export {
  type Change,
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
