import { HeedTypeError } from '../errors.js'
import { show } from '../tensor/shape.js'
import { scope } from '../tensor/scope.js'
import type { Tensor } from '../tensor/tensor.js'
import { checkFloats, dense, emptyLike } from './check.js'
import { record } from './record.js'

/**
 * out_i = Σ_j w_ij v_j by head, the last step of attention with the map written out: weights [B, H, Tq, Tk],
 * v [B, Tk, Hkv, Dv] → [B, Tq, H, Dv], H a multiple of Hkv (query head h reads value head ⌊h · Hkv / H⌋). After
 * `softmax(attentionScores(q, k))` it is `attention(q, k, v)`, at the price of memory for the N×N map.
 *
 * Backward: dW = dOut Vᵀ, dV = Wᵀ dOut added up over the query heads of a group.
 *
 * @throws HeedTypeError `shape`, `dtype` or `backend` naming what does not fit.
 */
export function weightedSum(weights: Tensor, v: Tensor): Tensor {
  return scope(() => {
    const { kernels } = checkFloats('weightedSum', { weights, v })
    checkMap(weights, v)
    const [B, H, Tq] = weights.shape
    const [, , Hkv, Dv] = v.shape
    const W = dense(weights)
    const V = byHead(v)
    const out = emptyLike(v, [B, H, Tq, Dv])
    forEachGroup(B, Hkv, [W, V, out], (a, b, out) => kernels.matmul({ a, b, out }))
    return record('weightedSum', [weights, v], byTime(out), (dOut, [wantW, wantV]) => {
      const [dW, dV, dO] = [emptyLike(W), emptyLike(V), byHead(dOut)]
      forEachGroup(B, Hkv, [W, V, dO, dW, dV], (w, values, dy, dw, dv) => {
        if (wantW) kernels.matmul({ a: dy, b: values, transposeB: true, out: dw })
        if (wantV) kernels.matmul({ a: w, b: dy, transposeA: true, out: dv })
      })
      return [wantW ? dW : undefined, wantV ? byTime(dV) : undefined]
    })
  })
}

function checkMap(weights: Tensor, v: Tensor): void {
  const [B, H, , Tk] = weights.shape
  const [Bv, Tv, Hkv] = v.shape
  const fits = B === Bv && Tk === Tv && (Hkv === 0 ? H === 0 : H % Hkv === 0)
  if (weights.rank !== 4 || v.rank !== 4 || !fits)
    throw new HeedTypeError(
      'shape',
      `weightedSum: weights must be [B, H, Tq, Tk] for v [B, Tk, Hkv, Dv], H a multiple of Hkv: weights ${show(weights.shape)}, v ${show(v.shape)}`,
    )
}

/** [B, T, H, D] as a dense [B, H, T, D]. */
export const byHead = (t: Tensor): Tensor => dense(swapped(t))

/** [B, H, T, D] as a dense [B, T, H, D]: the same exchange of dimensions, back. */
export const byTime = byHead

function swapped(t: Tensor): Tensor {
  const [b, x, y, d] = t.strides
  const [B, X, Y, D] = t.shape
  return t.view([B, Y, X, D], [b, y, x, d])
}

/**
 * Calls `visit` for every batch and key head with the matrices [rows, width] that belong to it, of dense tensors
 * [B, heads, T, width]. The query heads of a group stand one after another, so they are one matrix of more rows, and a
 * product over its rows is also the sum over the group.
 */
export function forEachGroup(
  B: number,
  Hkv: number,
  tensors: readonly Tensor[],
  visit: (...matrices: Tensor[]) => void,
): void {
  for (let g = 0; g < B * Hkv; g++)
    scope(() =>
      visit(
        ...tensors.map((t) => {
          const [rows, width] = [(t.shape[1] / Hkv) * t.shape[2], t.shape[3]]
          return t.view([rows, width], undefined, t.offset + g * rows * width)
        }),
      ),
    )
}
