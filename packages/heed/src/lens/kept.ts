import type { AttentionSeen } from '../models/run.js'
import type { AttentionOptions } from '../ops/attention-rules.js'
import { dense } from '../ops/check.js'
import { scope, tensorsIn } from '../tensor/scope.js'
import type { Tensor } from '../tensor/tensor.js'

/** An attention that outlives its run: enough for any part of its map. Its tensors are its own. */
export interface KeptAttention {
  readonly site: string
  /** [B, Tq, H, D], as the attention was called with it: after rotary, before scale. */
  readonly q: Tensor
  /** [B, Tk, Hkv, D] */
  readonly k: Tensor
  /** [B, Tk, Hkv, Dv], where asked for. */
  readonly v?: Tensor
  /** [B, Tq, H, Dv], where asked for: the heads' outputs, before any intervention on them. */
  readonly out?: Tensor
  /** [B, H, Tq], natural units */
  readonly m: Tensor
  /** [B, H, Tq] */
  readonly l: Tensor
  readonly options: AttentionOptions
  /** [B, H, Tq, Tk]: what an intervention put in the place of softmax's weights. */
  readonly weights?: Tensor
}

/** What is kept of an attention beside q, k, m and ℓ. */
export interface KeepOptions {
  /** Values, which norms of what a head moves need. Default false. */
  values?: boolean
  /** The heads' outputs. Default false. */
  outputs?: boolean
}

/** Keeps what was seen alive. */
export const keepAttention = (
  { v, out, ...seen }: Omit<AttentionSeen, 'places'>,
  { values, outputs }: KeepOptions,
): KeptAttention => keepAgain({ ...seen, ...(values && { v }), ...(outputs && { out }) })

/** The same attention with tensors of its own. */
export function keepAgain({ site, q, k, v, out, m, l, options, weights }: KeptAttention): KeptAttention {
  const { mask, bias, sink } = options
  return {
    site,
    q: keep(q),
    k: keep(k),
    ...(v && { v: keep(v) }),
    ...(out && { out: keep(out) }),
    m: keep(m),
    l: keep(l),
    options: {
      ...options,
      ...(mask && { mask: keep(mask) }),
      ...(bias && { bias: 'relative' in bias ? { ...bias, relative: keep(bias.relative) } : keep(bias) }),
      ...(sink && { sink: keep(sink) }),
    },
    ...(weights && { weights: keep(weights) }),
  }
}

export function disposeAttention(kept: KeptAttention): void {
  for (const t of tensorsIn(kept)) t.dispose()
}

/** A tensor of our own: a view, or a copy where a view would hold much more memory than it shows, as of one of q, k, v in a fused projection. */
export const keep = (t: Tensor): Tensor =>
  scope(() => (t.storage.length > 1.5 * t.size ? copied(t) : t.view(t.shape, t.strides))).keep()

const copied = (t: Tensor): Tensor => {
  const all = dense(t)
  return all === t ? t.view(t.shape, t.strides) : all
}
