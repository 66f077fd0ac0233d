export { Cache } from './cache.js'
export {
  CausalModel,
  type EndReason,
  type GeneratedToken,
  type GenerateOptions,
  type Prompt,
} from './causal.js'
export { type ChatMessage, renderChat } from './chat.js'
export { initBert } from './bert-init.js'
export { ConfigReader } from './config.js'
export { type AliveHypothesis, type Hypothesis, topIds } from './beam-search.js'
export type { OnTooLong } from './batches.js'
export type { EmbedOptions } from './embed.js'
export {
  type Described,
  type DescribeOptions,
  EncoderModel,
  type Filled,
  type FillOptions,
  noneToken,
} from './encoder.js'
export type {
  AttentionInput,
  Family,
  InputProjections,
  Model,
  ModelFiles,
  NormWeights,
  Projection,
  Readout,
  TextRun,
  TextRunOptions,
} from './family.js'
export { type GenerationSettings, saveSettings } from './generation.js'
export { activationOf, benignFields, type BlockConfig, mustBeOff } from './hugging-face.js'
export { idTensor, type PaddedIds, padIds } from './ids.js'
export { initLlama } from './llama-init.js'
export type { PairRun, PairRunOptions } from './pair.js'
export type { Pooling } from './pooling.js'
export {
  defineFamily,
  listModels,
  loadModel,
  type LoadOptions,
  type LoadProgress,
  saveModel,
  type ShippedModels,
  type SaveOptions,
  type ShippedModel,
} from './registry.js'
export {
  type AttentionCall,
  type AttentionPart,
  type AttentionSeen,
  type Intervention,
  matchSites,
  type Observer,
  partOf,
  type Places,
  Run,
  type RunOptions,
  type SiteNames,
  type SitePattern,
  unlessEnded,
} from './run.js'
export { type Chances, chances, type SamplingOptions } from './sampling.js'
export { blockNames, BlockNet, type Net, SequenceModel, type SequenceRun } from './sequence.js'
export { initTransformer, Transformer, translationBatch, type TranslationBatch } from './transformer.js'
export { type TransformerConfig, transformerConfig, transformerShapes } from './transformer-config.js'
export {
  type DecodeOptions,
  translateIds,
  type TranslateIdsOptions,
  type TranslateOptions,
} from './translate.js'
export { type OutputAxis, type WeightDType, weightDTypes } from './weights.js'
export type { Weights } from '../nn/weights.js'
