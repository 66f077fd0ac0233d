import { layerNorm } from '../ops/layer-norm.js'
import { linear, type LinearOptions } from '../ops/linear.js'
import { scope } from '../tensor/scope.js'
import type { Tensor } from '../tensor/tensor.js'
import { type Weights, weight } from './weights.js'

/** x Wᵀ + b with `<name>.weight` [out, in] and `<name>.bias` [out]: x [..., in] → [..., out]. */
export const project = (weights: Weights, name: string, x: Tensor, options?: LinearOptions): Tensor =>
  linear(x, weight(weights, `${name}.weight`), weight(weights, `${name}.bias`), options)

/** Layer normalisation with `<name>.weight` and `<name>.bias`, both [D]: x [..., D] → [..., D]. */
export const normalize = (weights: Weights, name: string, x: Tensor, eps: number): Tensor =>
  layerNorm(x, weight(weights, `${name}.weight`), weight(weights, `${name}.bias`), eps)

/**
 * FFN(x) = max(0, x W₁ + b₁) W₂ + b₂, position by position ("Attention Is All You Need", equation 2), with
 * `<name>.in` [d_ff, D] and `<name>.out` [D, d_ff]: x [..., D] → [..., D].
 */
export const feedForward = (weights: Weights, name: string, x: Tensor): Tensor =>
  scope(() => project(weights, `${name}.out`, project(weights, `${name}.in`, x, { activation: 'relu' })))

/** Scores of every entry of an embedding table, tied as output projection: x [..., D], table [V, D] → [..., V]. */
export const unembed = (weights: Weights, name: string, x: Tensor): Tensor =>
  linear(x, weight(weights, `${name}.weight`))
