import type { AttentionForward, AttentionRules, Kernels } from '../backend.js'
import type { Tensor } from '../../tensor/tensor.js'
import { dot, maxOf, sumOf } from './reductions.js'
import { elements, memory } from './storage.js'

/** out_i = Σ_j w_ij v_j with w_ij = exp(s_ij − m_i) / ℓ_i, row by row. */
export const attention: Kernels['attention'] = (args) => {
  const [[B, Tq, H], [, Tk, Hkv], Dv] = [args.q.shape, args.k.shape, args.v.shape[3]]
  const score = scores(args)
  const v = vectors(args.v)
  const [out, m, l] = [elements(args.out), elements(args.m), elements(args.l)]
  const sink = args.sink && elements(args.sink)

  forEachRow(B, H, Tq, (b, h, i) => {
    const s = Float64Array.from({ length: Tk }, (_, j) => score(b, h, i, j))
    const row = (b * H + h) * Tq + i
    const largest = sink ? Math.max(sink[h], maxOf(s)) : maxOf(s)
    m[row] = largest === -Infinity ? 0 : largest
    // From m as it is stored, rounded: whoever computes weights from it later gets these.
    const e = s.map((sij) => Math.exp(sij - m[row]))
    const sum = sumOf(e) + (sink ? Math.exp(sink[h] - m[row]) : 0)
    l[row] = sum

    const o = new Float64Array(Dv)
    e.forEach((eij, j) => {
      if (eij === 0) return
      const vj = v(b, j, groupOf(h, H, Hkv))
      for (let d = 0; d < Dv; d++) o[d] += (eij / sum) * vj[d]
    })
    out.set(o, ((b * Tq + i) * H + h) * Dv)
  })
}

/**
 * δ_i = Σ dO_i ⊙ O_i; dV = Pᵀ dO; dS = P ⊙ (dO Vᵀ − δ), which is the bias's; dS′ = dS ⊙ softcap′; dQ = scale · dS′ K;
 * dK = scale · dS′ᵀ Q; dsink = −Σ_i exp(sink − m_i) / ℓ_i · δ_i.
 */
export const attentionGrad: Kernels['attentionGrad'] = (args) => {
  const [[B, Tq, H, D], [, Tk, Hkv, Dv]] = [args.q.shape, args.v.shape]
  const [weight, slope] = [weights(args), softcapSlope(args)]
  const [q, k, v, out, dOut] = [args.q, args.k, args.v, args.out, args.dOut].map(vectors)
  const [m, l, sink] = [args.m, args.l, args.sink].map((t) => t && elements(t))
  // Every query head of a group adds to its key head: summed in double, stored at the end.
  const [dQ, dK, dV] = [args.q, args.k, args.v].map((t) => new Float64Array(t.size))
  const dSink = args.dSink && new Float64Array(H)
  const dBias = args.dBias && new Float64Array(memory(args.dBias).length)

  forEachRow(B, H, Tq, (b, h, i) => {
    const g = groupOf(h, H, Hkv)
    const [qi, dOi] = [q(b, i, h), dOut(b, i, h)]
    const delta = dot(dOi, out(b, i, h))
    const [row, atQ] = [(b * H + h) * Tq + i, ((b * Tq + i) * H + h) * D]
    if (dSink && l![row] > 0) dSink[h] -= (Math.exp(sink![h] - m![row]) / l![row]) * delta
    for (let j = 0; j < Tk; j++) {
      const p = weight(b, h, i, j)
      if (p === 0) continue
      const [kj, vj] = [k(b, j, g), v(b, j, g)]
      const ds = p * (dot(dOi, vj) - delta)
      if (dBias) dBias[args.dBias!.offset + dot([b, h, i, j], args.dBias!.strides)] += ds
      const dqk = args.scale * ds * slope(b, h, i, j)
      const [atK, atV] = [((b * Tk + j) * Hkv + g) * D, ((b * Tk + j) * Hkv + g) * Dv]
      for (let d = 0; d < D; d++) {
        dQ[atQ + d] += dqk * kj[d]
        dK[atK + d] += dqk * qi[d]
      }
      for (let d = 0; d < Dv; d++) dV[atV + d] += p * dOi[d]
    }
  })
  elements(args.dq).set(dQ)
  elements(args.dk).set(dK)
  elements(args.dv).set(dV)
  if (dBias) memory(args.dBias!).set(dBias)
  if (dSink) elements(args.dSink!).set(dSink)
}

export const attentionTile: Kernels['attentionTile'] = (args) => {
  const { batch, head, rows, cols, what } = args
  const cell = what === 'scores' ? scores(args) : weights(args)
  const out = elements(args.out)
  let at = 0
  for (let i = rows[0]; i < rows[1]; i++)
    for (let j = cols[0]; j < cols[1]; j++) out[at++] = cell(batch, head, i, j)
}

type Cell = (b: number, h: number, i: number, j: number) => number

type Scored = Pick<AttentionForward, 'q' | 'k'> & AttentionRules

/** scale · q_i·k_j */
function scaled({ q, k, scale }: Scored): Cell {
  const [H, Hkv] = [q.shape[2], k.shape[2]]
  const [queries, keys] = [vectors(q), vectors(k)]
  return (b, h, i, j) => scale * dot(queries(b, i, h), keys(b, j, groupOf(h, H, Hkv)))
}

/** s_ij = softcap(scale · q_i·k_j) + bias_ij, −∞ where query i may not see key j. */
function scores(args: Scored): Cell {
  const [score, sees, bias] = [scaled(args), visibility(args), args.bias && cells(args.bias)]
  const c = args.softcap
  return (b, h, i, j) => {
    if (!sees(b, h, i, j)) return -Infinity
    const s = score(b, h, i, j)
    return (c ? c * Math.tanh(s / c) : s) + (bias ? bias(b, h, i, j) : 0)
  }
}

/** Derivative of c · tanh(s / c): 1 − tanh², written so that it keeps its precision where it is small. */
function softcapSlope(args: Scored): Cell {
  const [score, c] = [scaled(args), args.softcap]
  return (...at) => (c ? 1 / Math.cosh(score(...at) / c) ** 2 : 1)
}

/** w_ij = exp(s_ij − m_i) / ℓ_i, 0 where ℓ_i = 0. */
function weights(args: Pick<AttentionForward, 'q' | 'k' | 'm' | 'l'> & AttentionRules): Cell {
  const [, Tq, H] = args.q.shape
  const [score, m, l] = [scores(args), elements(args.m), elements(args.l)]
  return (b, h, i, j) => {
    const row = (b * H + h) * Tq + i
    return l[row] === 0 ? 0 : Math.exp(score(b, h, i, j) - m[row]) / l[row]
  }
}

function visibility({ first, last, lengths, mask }: AttentionRules): (...at: Parameters<Cell>) => boolean {
  const allowed = mask && cells(mask)
  return (b, h, i, j) =>
    (!first || first[b] <= j - i) &&
    (!last || j - i <= last[b]) &&
    (!lengths || j < lengths[b]) &&
    (!allowed || allowed(b, h, i, j) !== 0)
}

/** The elements of a tensor [B, H, Tq, Tk] of any strides. */
function cells(t: Tensor): Cell {
  const all = memory(t)
  return (...at) => all[t.offset + dot(at, t.strides)]
}

/** The vectors [D] of a [B, T, H, D] tensor by (b, t, h); only [H, D] is dense. */
function vectors(t: Tensor): (b: number, time: number, h: number) => ArrayLike<number> {
  const [all, D] = [memory(t), t.shape[3]]
  return (b, time, h) => {
    const at = t.offset + b * t.strides[0] + time * t.strides[1] + h * D
    return all.subarray(at, at + D)
  }
}

/** The key head that query head h reads. */
const groupOf = (h: number, H: number, Hkv: number): number => Math.floor((h * Hkv) / H)

function forEachRow(
  B: number,
  H: number,
  Tq: number,
  visit: (b: number, h: number, i: number) => void,
): void {
  for (let b = 0; b < B; b++) for (let h = 0; h < H; h++) for (let i = 0; i < Tq; i++) visit(b, h, i)
}
