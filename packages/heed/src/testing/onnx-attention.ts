import type { Backend } from '../backends/backend.js'
import {
  type AttentionOptions,
  attentionTile,
  attentionWithStats,
  full,
  reshape,
  slice,
  zeros,
} from '../ops/index.js'
import { scope, type Tensor } from '../tensor/index.js'

/** By the operator's names; Q, K and V are [B, heads, T, D], or [B, T, heads · D] with the two counts of heads. */
export interface OnnxInputs {
  Q: Tensor
  K: Tensor
  V: Tensor
  /** bool or float, spreads from the right to [B, H, Tq, Tk]; keys it does not reach are masked. */
  attn_mask?: Tensor
  past_key?: Tensor
  past_value?: Tensor
  nonpad_kv_seqlen?: Int32Array
}

export interface OnnxAttributes {
  q_num_heads?: number
  kv_num_heads?: number
  scale?: number
  is_causal?: 0 | 1
  left_window_size?: number
  right_window_size?: number
  softcap?: number
  /** Scores plain (0), capped (1), with bias and mask (2), or weights (3). */
  qk_matmul_output_mode?: 0 | 1 | 2 | 3
}

/** ONNX's operator Attention (opsets 23 to 25), all of its outputs, by heed's attention. */
export function onnxAttention(inputs: OnnxInputs, attributes: OnnxAttributes): Record<string, Tensor> {
  return scope(() => {
    const { past_key, past_value, nonpad_kv_seqlen: lengths } = inputs
    const q = byTime(inputs.Q, attributes.q_num_heads)
    const k = append(past_key, byTime(inputs.K, attributes.kv_num_heads))
    const v = append(past_value, byTime(inputs.V, attributes.kv_num_heads))
    const [Tq, Tk] = [q.shape[1], k.shape[1]]

    // Where the first query stands among the keys.
    const offset = past_key ? past_key.shape[2] : lengths ? lengths.map((length) => length - Tq) : 0
    const window = windowOf(attributes)
    if (window && !attributes.is_causal && offset !== Tk - Tq)
      throw new Error('heed takes an offset for its window from causal alone')
    const options: AttentionOptions = {
      scale: attributes.scale,
      softcap: attributes.softcap || undefined, // 0 is none
      causal: attributes.is_causal ? { offset } : false,
      window,
      lengths,
      ...maskOf(inputs.attn_mask, Tk),
    }
    const { out, m, l } = attentionWithStats(q, k, v, options)
    return {
      Y: inputs.Q.rank === 3 ? reshape(out, [out.shape[0], Tq, -1]) : swap(out),
      present_key: swap(k),
      present_value: swap(v),
      qk_matmul_output: mapOf({ q, k, m, l, options }, attributes.qk_matmul_output_mode ?? 0),
    }
  })
}

const kernelsOf = (t: Tensor) => (t.device as Backend).kernels

/** [B, H, T, D] seen as [B, T, H, D], and back. */
const swap = (x: Tensor): Tensor => {
  const [[B, H, T, D], [b, h, t, d]] = [x.shape, x.strides]
  return x.view([B, T, H, D], [b, t, h, d])
}

const byTime = (x: Tensor, heads = 0): Tensor =>
  x.rank === 3 ? reshape(x, [x.shape[0], x.shape[1], heads, x.shape[2] / heads]) : swap(x)

/** past [B, H, P, D] before x [B, T, H, D], as [B, P + T, H, D]. */
function append(past: Tensor | undefined, x: Tensor): Tensor {
  if (!past) return x
  const [B, T, H, D] = x.shape
  const P = past.shape[2]
  const all = zeros([B, P + T, H, D])
  kernelsOf(x).copy(swap(past), slice(all, 1, 0, P))
  kernelsOf(x).copy(x, slice(all, 1, P, P + T))
  return all
}

/** −1 is no bound. */
function windowOf({ left_window_size: left = -1, right_window_size: right = -1 }: OnnxAttributes) {
  if (left < 0 && right < 0) return undefined
  return [left < 0 ? Infinity : left, right < 0 ? Infinity : right] as const
}

/** A bool mask as heed's mask and a float one as its bias, in four dimensions and over all keys. */
function maskOf(mask: Tensor | undefined, Tk: number): Pick<AttentionOptions, 'mask' | 'bias'> {
  if (!mask) return {}
  const width = mask.shape.at(-1)!
  const shape = [1, 1, 1, ...mask.shape.slice(0, -1)].slice(-3)
  const isBool = mask.dtype === 'bool'
  const whole = full([...shape, Tk], isBool ? 0 : -Infinity, { dtype: mask.dtype })
  kernelsOf(mask).copy(reshape(mask, [...shape, width]), slice(whole, 3, 0, width))
  return isBool ? { mask: whole } : { bias: whole }
}

type Kept = Record<'q' | 'k' | 'm' | 'l', Tensor> & { options: AttentionOptions }

/** The map of every head at one of its four stages, [B, H, Tq, Tk]. */
function mapOf({ options, ...kept }: Kept, mode: 0 | 1 | 2 | 3): Tensor {
  const { scale, softcap } = options
  const inForce = [{ scale }, { scale, softcap }, options, options][mode]
  const what = mode === 3 ? 'weights' : 'scores'
  const [[B, Tq, H], Tk] = [kept.q.shape, kept.k.shape[1]]
  const maps = zeros([B, H, Tq, Tk])
  for (let batch = 0; batch < B; batch++)
    for (let head = 0; head < H; head++) {
      const tile = attentionTile({ ...kept, options: inForce, batch, head, what })
      const part = slice(slice(maps, 0, batch, batch + 1), 1, head, head + 1)
      kernelsOf(tile).copy(reshape(tile, [1, 1, Tq, Tk]), part)
    }
  return maps
}
