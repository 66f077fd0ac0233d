export {
  attentionBlock,
  type AttentionBlockOptions,
  type AttentionRun,
  type KeysValues,
  splitHeads,
} from './attention-block.js'
export { byRows } from './by-rows.js'
export { feedForward, gatedFeedForward, normalize, project, rmsNormalize, unembed } from './layers.js'
export { sinusoidalPositions } from './positions.js'
export {
  type RotaryFrequencies,
  rotaryFrequencies,
  type RotaryFrequenciesOptions,
  type RotaryPositions,
  rotaryTables,
} from './rotary.js'
export type {
  LinearScaling,
  Llama3Scaling,
  RotaryScaling,
  RotaryScalingKind,
  YarnScaling,
} from './rotary-scaling.js'
export { optionalWeight, type Weights, weight } from './weights.js'
