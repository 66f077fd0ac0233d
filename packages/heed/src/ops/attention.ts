import { HeedTypeError } from '../errors.js'
import { isDense, show } from '../tensor/shape.js'
import type { Tensor } from '../tensor/tensor.js'
import { type AttentionOptions, resolveRules } from './attention-rules.js'
import { checkFloats, dense, emptyLike } from './check.js'
import { record } from './record.js'
import { scope } from '../tensor/scope.js'

/** The output of attention with the two numbers per row from which any weight follows: w_ij = exp(s_ij − m_i) / ℓ_i. */
export interface AttentionResult {
  /** [B, Tq, H, Dv] */
  out: Tensor
  /** [B, H, Tq]: the largest score of the row, the sink's included, in natural units; 0 where there is none. */
  m: Tensor
  /** [B, H, Tq]: Σ_j exp(s_ij − m_i), the sink's term included; 0 where the row may attend to nothing. */
  l: Tensor
}

/**
 * Attention(Q, K, V) = softmax(scale · Q Kᵀ) V, by head ("Attention Is All You Need", equation 1), without ever
 * building the N×N map: blocks of keys pass by with an online softmax (Dao et al. 2022).
 *
 * q [B, Tq, H, D], k [B, Tk, Hkv, D], v [B, Tk, Hkv, Dv] → [B, Tq, H, Dv], H a multiple of Hkv (query head h reads
 * key head ⌊h · Hkv / H⌋). [H, D] must be dense; batch and time may have strides. A query that may attend to nothing
 * gives zeros.
 *
 * Backward, with P the weights recomputed from q, k, m and ℓ, and δ_i = Σ dO_i ⊙ O_i: dV = Pᵀ dO,
 * dS = P ⊙ (dO Vᵀ − δ), dQ = scale · dS′ K, dK = scale · dS′ᵀ Q, where
 * dS′ is dS times the derivative of the softcap; dBias is dS added up over what the bias spreads to, and
 * dsink_h = −Σ_i exp(sink_h − m_i) / ℓ_i · δ_i.
 *
 * @throws HeedTypeError `shape`, `dtype`, `backend` or `option` naming what does not fit, `unsupported` for heads wider
 *   than the backend takes; HeedError `disposed` for a tensor that was freed.
 */
export const attention = (q: Tensor, k: Tensor, v: Tensor, options: AttentionOptions = {}): Tensor =>
  scope(() => attentionWithStats(q, k, v, options).out)

/** `attention` that also gives m and ℓ of every row. Gradients flow through `out` alone: m and ℓ are numbers. */
export function attentionWithStats(
  q: Tensor,
  k: Tensor,
  v: Tensor,
  options: AttentionOptions = {},
): AttentionResult {
  return scope(() => {
    const { kernels } = checkFloats('attention', { q, k, v })
    checkShapes('attention', { q, k, v })
    const [B, Tq, H] = q.shape
    const { rules, bias } = resolveRules(q, k, options)
    const [Q, K, V] = [headsDense(q), headsDense(k), headsDense(v)]
    const out = emptyLike(q, [B, Tq, H, v.shape[3]])
    const [m, l] = [emptyLike(q, [B, H, Tq]), emptyLike(q, [B, H, Tq])]
    const args = { q: Q, k: K, v: V, out, m, l, ...rules }
    kernels.attention(args)
    record('attention', [q, k, v, bias?.source, options.sink], out, (dOut, wanted) => {
      const [dq, dk, dv] = [emptyLike(q), emptyLike(k), emptyLike(v)]
      const dBias = wanted[3] ? bias?.gradient() : undefined
      const dSink = wanted[4] && rules.sink ? emptyLike(rules.sink) : undefined
      kernels.attentionGrad({ ...args, dOut, dq, dk, dv, dBias: dBias?.spread, dSink })
      return [dq, dk, dv, dBias?.collect(), dSink]
    })
    return { out, m, l }
  })
}

/** Throws unless q [B, Tq, H, D], k [B, Tk, Hkv, D] and v, if there is one, [B, Tk, Hkv, Dv] belong together. */
export function checkShapes(op: string, tensors: { q: Tensor; k: Tensor; v?: Tensor }): void {
  const shapes = Object.entries(tensors)
    .map(([name, t]) => `${name} ${show(t.shape)}`)
    .join(', ')
  const check = (ok: boolean, problem: string) => {
    if (!ok) throw new HeedTypeError('shape', `${op}: ${problem}: ${shapes}`)
  }
  const { q, k, v = k } = tensors
  for (const [name, t] of Object.entries(tensors)) check(t.rank === 4, `${name} must be [B, T, H, D]`)
  const [B, , H, D] = q.shape
  const [Bk, Tk, Hkv, Dk] = k.shape
  check(B === Bk && B === v.shape[0], 'the batch sizes differ')
  check(D === Dk, 'q and k must share D')
  check(D > 0, 'D must be at least 1')
  check(Tk === v.shape[1] && Hkv === v.shape[2], 'k and v must share time and heads')
  check(Hkv === 0 ? H === 0 : H % Hkv === 0, `${H} query heads are not a multiple of ${Hkv} key heads`)
}

/** Kernels want [H, D] dense within a time step; batch and time keep their strides. */
export const headsDense = (t: Tensor): Tensor =>
  isDense(t.shape.slice(2), t.strides.slice(2)) ? t : dense(t)
