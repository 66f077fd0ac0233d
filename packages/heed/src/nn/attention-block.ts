import type { AttentionOptions } from '../ops/attention-rules.js'
import { reshape } from '../ops/views.js'
import { scope } from '../tensor/scope.js'
import type { Tensor } from '../tensor/tensor.js'
import { project } from './layers.js'
import type { Weights } from './weights.js'

/** What the block asks of the pass it is part of; a model's `Run` is one. */
export interface AttentionRun {
  /** The attention itself: q [B, Tq, H, D], k and v [B, Tk, H, D] → [B, Tq, H, D]. */
  attend(site: string, q: Tensor, k: Tensor, v: Tensor, options: AttentionOptions): Tensor
  /** Keys and values that stay the same for a whole source; a run with a cache makes them once. */
  once(site: string, make: () => KeysValues): KeysValues
}

export interface KeysValues {
  k: Tensor
  v: Tensor
}

export interface AttentionBlockOptions extends AttentionOptions {
  heads: number
}

/**
 * Multi-head attention: Concat(head₁ … head_H) W_O with head_h = Attention(x W_Q, s W_K, s W_V) ("Attention Is All
 * You Need", section 3.2.2), with the weights `<site>.query`, `.key`, `.value` and `.output`, all [D, D] with biases.
 *
 * x [R, T, D] asks; `source` [B, S, D] is asked: x itself in self-attention. R may be a multiple of B: then R / B
 * rows after one another (the beams of one sentence) share a source row, and its keys and values are not repeated.
 */
export function attentionBlock(
  run: AttentionRun,
  weights: Weights,
  site: string,
  x: Tensor,
  source: Tensor,
  { heads, ...options }: AttentionBlockOptions,
): Tensor {
  const keysValues = () => ({
    k: splitHeads(project(weights, `${site}.key`, source), heads),
    v: splitHeads(project(weights, `${site}.value`, source), heads),
  })
  return scope(() => {
    const { k, v } = source === x ? keysValues() : run.once(site, keysValues)
    const [B, , H, width] = k.shape
    // Queries know nothing of each other, so rows of one source are simply more queries: [R, T, H, d] → [B, R/B · T, H, d].
    const q = reshape(splitHeads(project(weights, `${site}.query`, x), heads), [B, -1, H, width])
    const mixed = run.attend(site, q, k, v, options)
    return project(weights, `${site}.output`, reshape(mixed, x.shape))
  })
}

/** [B, T, D] → [B, T, heads, D / heads]: head h owns the columns from h · D / heads on. */
export const splitHeads = (x: Tensor, heads: number): Tensor =>
  reshape(x, [x.shape[0], x.shape[1], heads, x.shape[2] / heads])
