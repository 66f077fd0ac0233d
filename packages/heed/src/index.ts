export { type ErrorCode, HeedError, HeedTypeError } from './errors.js'
export {
  type Device,
  type DType,
  liveTensors,
  scope,
  type Shape,
  Tensor,
  type TypedArray,
} from './tensor/index.js'
export type { Activation, Backend } from './backends/backend.js'
export { currentBackend, useBackend } from './backends/current.js'
export { enableRelaxedSimd } from './backends/wasm/features.js'
export * from './ops/index.js'
export { sinusoidalPositions } from './nn/positions.js'
export {
  type RotaryFrequencies,
  rotaryFrequencies,
  type RotaryFrequenciesOptions,
  type RotaryPositions,
  rotaryTables,
} from './nn/rotary.js'
export type { LinearScaling, Llama3Scaling, RotaryScaling, YarnScaling } from './nn/rotary-scaling.js'
export { valueAndGrad } from './autograd/index.js'
