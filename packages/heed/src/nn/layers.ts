import type { Activation } from '../backends/backend.js'
import { gated } from '../ops/gated.js'
import { layerNorm } from '../ops/layer-norm.js'
import { linear, type LinearOptions } from '../ops/linear.js'
import { rmsNorm } from '../ops/rms-norm.js'
import type { Tensor } from '../tensor/tensor.js'
import { byRows } from './by-rows.js'
import { optionalWeight, type Weights, weight } from './weights.js'

/**
 * x Wᵀ + b with `<name>.weight` [out, in] and `<name>.bias` [out]: x [..., in] → [..., out]. Where the model has no
 * weight `<name>.bias`, it is x Wᵀ.
 */
export const project = (weights: Weights, name: string, x: Tensor, options?: LinearOptions): Tensor =>
  linear(x, weight(weights, `${name}.weight`), optionalWeight(weights, `${name}.bias`), options)

/** Layer normalisation with `<name>.weight` and `<name>.bias`, both [D]: x [..., D] → [..., D]. */
export const normalize = (weights: Weights, name: string, x: Tensor, eps: number): Tensor =>
  layerNorm(x, weight(weights, `${name}.weight`), weight(weights, `${name}.bias`), eps)

/** Root-mean-square normalisation with `<name>.weight` [D]: x [..., D] → [..., D]. */
export const rmsNormalize = (weights: Weights, name: string, x: Tensor, eps: number): Tensor =>
  rmsNorm(x, weight(weights, `${name}.weight`), eps)

/**
 * FFN(x) = max(0, x W₁ + b₁) W₂ + b₂, position by position ("Attention Is All You Need", equation 2), with
 * `<name>.in` [d_ff, D] and `<name>.out` [D, d_ff]: x [..., D] → [..., D].
 */
export const feedForward = (weights: Weights, name: string, x: Tensor): Tensor =>
  byRows(x, (x) => project(weights, `${name}.out`, project(weights, `${name}.in`, x, { activation: 'relu' })))

/**
 * FFN(x) = W_down (f(W_gate x) ⊙ W_up x) ("GLU Variants Improve Transformer", Shazeer 2020), position by position, with
 * `<name>.gate_proj` and `.up_proj` [d_ff, D] and `<name>.down_proj` [D, d_ff], as Llama and its kin name them:
 * x [..., D] → [..., D]. `silu` makes SwiGLU, `geluTanh` the GEGLU of Gemma.
 */
export const gatedFeedForward = (weights: Weights, name: string, x: Tensor, kind: Activation): Tensor =>
  byRows(x, (x) => {
    const [gate, up] = ['gate_proj', 'up_proj'].map((part) => project(weights, `${name}.${part}`, x))
    return project(weights, `${name}.down_proj`, gated(gate, up, kind))
  })

/** Scores of every entry of an embedding table, tied as output projection: x [..., D], table [V, D] → [..., V]. */
export const unembed = (weights: Weights, name: string, x: Tensor): Tensor =>
  linear(x, weight(weights, `${name}.weight`))
