export { type ErrorCode, HeedError, HeedTypeError } from './errors.js'
export {
  type Device,
  type DType,
  type KeptArray,
  liveTensors,
  type NarrowDType,
  scope,
  type Shape,
  type Storage,
  Tensor,
  type TypedArray,
} from './tensor/index.js'
export type {
  Activation,
  AdamWStep,
  AttentionBackward,
  AttentionForward,
  AttentionRules,
  AttentionTile,
  Backend,
  CrossEntropy,
  CrossEntropyGrad,
  GatedGrad,
  Kernels,
  LayerNormGrad,
  MatMul,
  RmsNormGrad,
  Rotary,
} from './backends/backend.js'
export { currentBackend, useBackend } from './backends/current.js'
export type { ReferenceOptions } from './backends/reference/index.js'
export { enableRelaxedSimd } from './backends/wasm/features.js'
export type { WasmOptions } from './backends/wasm/index.js'
export * from './ops/index.js'
export { sinusoidalPositions } from './nn/positions.js'
export {
  type RotaryFrequencies,
  rotaryFrequencies,
  type RotaryFrequenciesOptions,
  type RotaryPositions,
  rotaryTables,
} from './nn/rotary.js'
export type {
  LinearScaling,
  Llama3Scaling,
  RotaryScaling,
  RotaryScalingKind,
  YarnScaling,
} from './nn/rotary-scaling.js'
export { valueAndGrad } from './autograd/index.js'
