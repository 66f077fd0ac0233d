import type { Device, Storage } from '../tensor/device.js'
import type { DType, TypedArray } from '../tensor/dtype.js'
import type { Tensor } from '../tensor/tensor.js'

/**
 * What an op may ask of a device. A backend knows memory and arithmetic; it does not know models, gradients' rules
 * (which kernel is whose derivative), shape rules, defaults or error messages: ops check and resolve all of that
 * first, so a kernel may trust its arguments.
 *
 * Conventions. Outputs are allocated by the op and overwritten whole. Tensors are dense and of the backend's float
 * dtype unless a kernel says otherwise; any dimension may be 0. `rows × width` means: the last dimension is `width`,
 * all others together are rows. A kernel has finished, or behaves as if it had, when the next one is called.
 */
export interface Backend extends Device {
  /** Float dtypes that the kernels take; the first is the default. */
  readonly floats: readonly DType[]
  readonly kernels: Kernels
  /** A storage's elements in place, unless they are narrow, for the few ops without kernels (ops/host.ts); take it anew after an allocation. */
  view(storage: Storage): TypedArray
  /** Stops threads and frees what the backend itself holds. */
  dispose(): void
}

export const activations = ['relu', 'gelu', 'geluTanh', 'silu'] as const
export type Activation = (typeof activations)[number]

export interface Kernels {
  fill(out: Tensor, value: number): void
  /** x and out of one shape, each with strides of its own, any dtype. */
  copy(x: Tensor, out: Tensor): void
  /** out = x + y, where y's elements repeat: y.size divides x.size. out may be x. */
  add(x: Tensor, y: Tensor, out: Tensor): void
  /** out[j] = Σ_i x[i · out.size + j]: the sum over leading dimensions, added in order of i. */
  sumLeading(x: Tensor, out: Tensor): void
  /** out = factor · x. */
  scale(x: Tensor, factor: number, out: Tensor): void
  activation(kind: Activation, x: Tensor, out: Tensor): void
  /** dx = dy · f′(x), x being the input of the activation. */
  activationGrad(kind: Activation, x: Tensor, dy: Tensor, dx: Tensor): void
  /** out = f(gate) ⊙ up, all of one shape. */
  gated(kind: Activation, gate: Tensor, up: Tensor, out: Tensor): void
  gatedGrad(args: GatedGrad): void
  /**
   * out[i] = x[i] / (1 − rate) where the random number of (seed, i) is at least `rate`, else 0: random.ts says which.
   * Applied to dy with the same seed it is its own derivative.
   */
  dropout(x: Tensor, rate: number, seed: number, out: Tensor): void
  /** Over the last dimension. */
  softmax(x: Tensor, out: Tensor): void
  /** dx = y ⊙ (dy − Σ dy ⊙ y), y being the output of softmax. */
  softmaxGrad(y: Tensor, dy: Tensor, dx: Tensor): void
  /** rows × width; gamma, beta [width]; mean, rstd [rows] are kept for the derivative. */
  layerNorm(
    x: Tensor,
    gamma: Tensor,
    beta: Tensor,
    eps: number,
    out: Tensor,
    mean: Tensor,
    rstd: Tensor,
  ): void
  layerNormGrad(args: LayerNormGrad): void
  /** rows × width; gamma [width]; rstd [rows], the inverse root mean square, is kept for the derivative. */
  rmsNorm(x: Tensor, gamma: Tensor, eps: number, out: Tensor, rstd: Tensor): void
  rmsNormGrad(args: RmsNormGrad): void
  /**
   * out [M, N] = A · B (+ bias [N]) in float arithmetic. A is a [M, K], or its transpose [K, M] where transposeA; B likewise.
   * b may be float16, all finite, or int8 with a scale for each of the N columns of B.
   */
  matmul(args: MatMul): void
  /** out[r] = factor · table[ids[r]]; ids int32 of any shape, table [V, width], which may be float16, all finite, or int8 with a scale for each row. */
  embedding(ids: Tensor, table: Tensor, factor: number, out: Tensor): void
  /** dTable[ids[r]] += factor · dy[r] over zeros, added in order of r. */
  embeddingGrad(ids: Tensor, dy: Tensor, factor: number, dTable: Tensor): void
  rotary(args: Rotary): void
  attention(args: AttentionForward): void
  attentionGrad(args: AttentionBackward): void
  /** Cells of the map of one batch and head from what `attention` kept: out [rows, cols], bit for bit the forward's scores. */
  attentionTile(args: AttentionTile): void
  crossEntropy(args: CrossEntropy): void
  crossEntropyGrad(args: CrossEntropyGrad): void
  /** out[index] = Σ x². */
  sumSquares(x: Tensor, out: Tensor, index: number): void
  /** One AdamW update, in place on param, m and v. */
  adamw(args: AdamWStep): void
}

export interface MatMul {
  a: Tensor
  b: Tensor
  out: Tensor
  transposeA?: boolean
  transposeB?: boolean
  bias?: Tensor
}

export interface LayerNormGrad {
  x: Tensor
  gamma: Tensor
  mean: Tensor
  rstd: Tensor
  dy: Tensor
  dx: Tensor
  dGamma: Tensor
  dBeta: Tensor
}

export interface RmsNormGrad {
  x: Tensor
  gamma: Tensor
  rstd: Tensor
  dy: Tensor
  dx: Tensor
  dGamma: Tensor
}

/** dGate = dy ⊙ up ⊙ f′(gate), dUp = dy ⊙ f(gate). */
export interface GatedGrad {
  kind: Activation
  gate: Tensor
  up: Tensor
  dy: Tensor
  dGate: Tensor
  dUp: Tensor
}

/** Turns pairs of the first R components of each head by their angles; the others are copied. */
export interface Rotary {
  /** [B, T, H, D]: [H, D] is dense, batch and time have strides. */
  x: Tensor
  /** cos and sin, dense [T, R/2] for every batch, or [B, T, R/2]; R ≤ D. */
  cos: Tensor
  sin: Tensor
  /** Pair i is (2i, 2i + 1) where interleaved, else (i, i + R/2). */
  interleaved: boolean
  /** By the opposite angles: the derivative. */
  inverse: boolean
  /** [B, T, H, D], dense */
  out: Tensor
}

/**
 * How scores are made, s_ij = softcap(scale · q_i·k_j) + bias_ij, and which query sees which key, resolved: query i of
 * batch b sees key j when every stated test allows it; where not, s_ij is −∞.
 */
export interface AttentionRules {
  /** Multiplies q·k. */
  scale: number
  /** c: a scaled score s becomes c · tanh(s / c). */
  softcap?: number
  /** [B, H, Tq, Tk] with a last stride of 1; the others of any kind, negative where rows overlap, 0 where they repeat. */
  bias?: Tensor
  /** [H]: a logit that joins the denominator only. */
  sink?: Tensor
  /** Per batch: first ≤ j − i. */
  first?: Int32Array
  /** Per batch: j − i ≤ last. */
  last?: Int32Array
  /** Per batch: j < length. Absent: all keys. */
  lengths?: Int32Array
  /** bool [B, H, Tq, Tk] with strides of any kind, 0 where it repeats: 1 = may attend. */
  mask?: Tensor
}

/** q [B,Tq,H,D], k [B,Tk,Hkv,D], v [B,Tk,Hkv,Dv]: [H, D] is dense, batch and time have strides. H is a multiple of Hkv. */
export interface AttentionForward extends AttentionRules {
  q: Tensor
  k: Tensor
  v: Tensor
  /** [B, Tq, H, Dv] */
  out: Tensor
  /** [B, H, Tq]: the row's largest score in natural units, the sink's included; of a row that has none, 0. */
  m: Tensor
  /** [B, H, Tq]: Σ_j exp(s_ij − m_i) + exp(sink − m_i); of a row that has no score, 0. */
  l: Tensor
}

export interface AttentionBackward extends AttentionForward {
  /** [B, Tq, H, Dv], dense */
  dOut: Tensor
  /** Shaped as q, k and v, dense. */
  dq: Tensor
  dk: Tensor
  dv: Tensor
  /** Zeros to add to, spread as the bias is; absent where nobody asks. */
  dBias?: Tensor
  /** [H] */
  dSink?: Tensor
}

export interface AttentionTile extends AttentionRules {
  q: Tensor
  k: Tensor
  m: Tensor
  l: Tensor
  batch: number
  head: number
  rows: readonly [start: number, end: number]
  cols: readonly [start: number, end: number]
  /** What a cell holds: the score s_ij, −∞ where it may not attend, or the weight. */
  what: 'scores' | 'weights'
  out: Tensor
}

/**
 * logits [rows, classes], targets int32 [rows]; a row whose target is `ignore` counts for nothing, and one whose target
 * is no class makes the loss NaN.
 */
export interface CrossEntropy {
  logits: Tensor
  targets: Tensor
  smoothing: number
  ignore: number
  /** [rows]: the row's loss, 0 where ignored. */
  losses: Tensor
  /** [rows]: log Σ exp of the row, kept for the derivative. */
  lse: Tensor
  /** [1]: the mean over rows that count; 0 when none does. */
  loss: Tensor
  /** [1]: how many rows count. */
  count: Tensor
}

export interface CrossEntropyGrad extends Omit<CrossEntropy, 'losses' | 'loss'> {
  /** [1] the derivative of the mean loss */
  dLoss: Tensor
  dLogits: Tensor
}

export interface AdamWStep {
  param: Tensor
  grad: Tensor
  /** First and second moments. */
  m: Tensor
  v: Tensor
  /** Multiplies the gradient first (clipping). */
  gradScale: number
  rate: number
  beta1: number
  beta2: number
  eps: number
  weightDecay: number
  /** 1 − beta1^t and 1 − beta2^t. */
  correction1: number
  correction2: number
}
