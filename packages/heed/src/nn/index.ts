export {
  attentionBlock,
  type AttentionBlockOptions,
  type AttentionRun,
  type KeysValues,
  splitHeads,
} from './attention-block.js'
export { feedForward, normalize, project, unembed } from './layers.js'
export { sinusoidalPositions } from './positions.js'
export { type Weights, weight } from './weights.js'
