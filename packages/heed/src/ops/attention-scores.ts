import type { AttentionRules, Kernels } from '../backends/backend.js'
import { HeedTypeError } from '../errors.js'
import { scope } from '../tensor/scope.js'
import { forEachOffset, type Tensor } from '../tensor/tensor.js'
import { checkShapes, headsDense } from './attention.js'
import type { Bias } from './attention-bias.js'
import { type AttentionOptions, resolveRules } from './attention-rules.js'
import { checkFloats, emptyLike } from './check.js'
import { elementsOf } from './host.js'
import { record } from './record.js'
import { byHead, byTime, forEachGroup } from './weighted-sum.js'

/** All of attention's options but the sink, which is no score of a key. */
export type AttentionScoresOptions = Omit<AttentionOptions, 'sink'>

/**
 * The scores of attention with the map written out, s_ij = softcap(scale · q_i·k_j) + bias_ij, and −∞ where query i
 * may not attend to key j: q [B, Tq, H, D], k [B, Tk, Hkv, D] → [B, H, Tq, Tk], N×N on purpose. They are those that
 * `attention` computes inside, bit for bit. Default scale 1/√D; `scale: 1` gives q·k as it is.
 *
 * `weightedSum(softmax(attentionScores(q, k, options)), v)` is `attention(q, k, v, options)` step by step, for whoever
 * wants to see a step or to put another in its place; `normalizers` has functions for softmax's.
 *
 * Backward: dS counts where s is finite; dS′ = scale · dS ⊙ softcap′; dQ = dS′ K, dK = dS′ᵀ Q added up over the query
 * heads of a group; dBias is dS added up over what the bias spreads to.
 *
 * @throws HeedTypeError `shape`, `dtype`, `backend` or `option` naming what does not fit; `unsupported` for a `sink`,
 *   which joins softmax's denominator only.
 */
export function attentionScores(q: Tensor, k: Tensor, options: AttentionScoresOptions = {}): Tensor {
  return scope(() => {
    const { kernels } = checkFloats('attentionScores', { q, k })
    checkShapes('attentionScores', { q, k })
    const { rules, bias } = resolveRules(q, k, options)
    if (rules.sink)
      throw new HeedTypeError(
        'unsupported',
        'attentionScores: a sink is no score of a key but joins softmax’s denominator; leave it out',
      )
    const scores = allScores(kernels, q, k, rules)
    record('attentionScores', [q, k, bias?.source], scores, (dS, [wantQ, wantK, wantBias]) => {
      const seen = onlySeen(dS, scores)
      const dBias = wantBias && bias ? biasGradient(bias, seen) : undefined
      const { scale, softcap } = rules
      kernels.scale(
        softcap ? bySlope(seen, allScores(kernels, q, k, { scale, softcap }), softcap) : seen,
        scale,
        seen,
      )
      const [Q, K] = [byHead(q), byHead(k)]
      const [dQ, dK] = [emptyLike(Q), emptyLike(K)]
      forEachGroup(q.shape[0], k.shape[2], [seen, Q, K, dQ, dK], (ds, queries, keys, dq, dk) => {
        if (wantQ) kernels.matmul({ a: ds, b: keys, out: dq })
        if (wantK) kernels.matmul({ a: ds, b: queries, transposeA: true, out: dk })
      })
      return [wantQ ? byTime(dQ) : undefined, wantK ? byTime(dK) : undefined, dBias]
    })
    return scores
  })
}

/** [B, H, Tq, Tk], one head's map after another, by the kernel that reads parts of a map. */
function allScores(kernels: Kernels, q: Tensor, k: Tensor, rules: AttentionRules): Tensor {
  const [B, Tq, H] = q.shape
  const Tk = k.shape[1]
  const scores = emptyLike(q, [B, H, Tq, Tk])
  // The kernel also takes m and ℓ, which scores do not need.
  const [m, l] = [emptyLike(q, [B, H, Tq]), emptyLike(q, [B, H, Tq])]
  const inputs = { q: headsDense(q), k: headsDense(k), m, l, ...rules, what: 'scores' } as const
  if (scores.size === 0) return scores
  for (let batch = 0; batch < B; batch++)
    for (let head = 0; head < H; head++)
      scope(() => {
        const out = scores.view([Tq, Tk], undefined, (batch * H + head) * Tq * Tk)
        kernels.attentionTile({ ...inputs, batch, head, rows: [0, Tq], cols: [0, Tk], out })
      })
  return scores
}

/** dS where the score is finite: a cell that is −∞ stays −∞ whatever q and k are. */
function onlySeen(dS: Tensor, scores: Tensor): Tensor {
  const out = emptyLike(scores)
  const [seen, given, s] = [out, dS, scores].map(elementsOf)
  for (let at = 0; at < seen.length; at++) seen[at] = s[at] === -Infinity ? 0 : given[at]
  return out
}

/** dS ⊙ (1 − tanh²(s / c)), in place, from capped = c · tanh(s / c). */
function bySlope(dS: Tensor, capped: Tensor, c: number): Tensor {
  const [ds, y] = [dS, capped].map(elementsOf)
  for (let at = 0; at < ds.length; at++) ds[at] *= (1 - y[at] / c) * (1 + y[at] / c)
  return dS
}

function biasGradient(bias: Bias, dS: Tensor): Tensor {
  const { spread, collect } = bias.gradient()
  const ds = elementsOf(dS)
  const whole = spread.view([spread.storage.length], undefined, 0)
  const sums = new Float64Array(whole.size)
  forEachOffset(spread.shape, spread.strides, (offset, at) => (sums[spread.offset + offset] += ds[at]))
  elementsOf(whole).set(sums)
  return collect()
}
