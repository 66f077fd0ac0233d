import type { Kernels } from '../../backend.js'
import type { Fn } from '../emit/function.js'
import { i32s, kernelWith, type RunKernel } from '../emit/kernel.js'
import { i32, type I32 } from '../emit/values.js'
import type { WasmHost } from '../storage.js'
import { valuesOf, withAttentionArgs } from './attention-args.js'
import { biasGrad, runBiasGrad, sinkGrad } from './attention-bias-grad.js'
import { attentionGradParts, dots, gradArgs, outStep, scoreRows } from './attention-grad-parts.js'
import {
  addRows,
  blockAt,
  blockColumns,
  blockRows,
  carver,
  fillFloats,
  headAt,
  rowBytes,
  visibility,
} from './attention-parts.js'
import { tileColumns, unroll } from './micro.js'
import { addresses } from './support.js'

/**
 * Backward, all of one key head per item (the query heads that share it one after another, so that their gradients
 * add in a fixed order). For each block of keys and each block of queries the weights are recomputed from q, k, m
 * and ℓ, and with δ_i = Σ dO_i ⊙ O_i:
 *
 *   dV += Pᵀ dO      dS = P ⊙ (dO Vᵀ − δ)      dK += dSᵀ Q      dQ += dS K
 *
 * dS is meant for the scaled scores, before the softcap; the scale is applied once, where dQ and dK are written.
 */
const backward = kernelWith(
  'attentionGrad',
  { ...gradArgs, ...i32s('dq', 'dk', 'dv') },
  attentionGradParts,
  (f, p, item, scratch, parts) => {
    const groupRows = f.simd.rows
    const kvHeads = f.i32(p.H.divU(p.group))
    const batch = f.i32(item.divU(kvHeads))
    const kvHead = f.i32(item.remU(kvHeads))
    const see = visibility(f, p, batch)
    const [depthK, depthV] = [f.i32(p.D.roundUp(unroll)), f.i32(p.Dv.roundUp(unroll))]
    const [widthK, widthV] = [f.i32(p.D.roundUp(tileColumns)), f.i32(p.Dv.roundUp(tileColumns))]
    // Bytes from one time step, and from one batch, to the next in the dense tensors.
    const [dqT, dkT] = [f.i32(p.H.mul(p.D).shl(2)), f.i32(kvHeads.mul(p.D).shl(2))]
    const [outT, dvT] = [f.i32(outStep(p)), f.i32(kvHeads.mul(p.Dv).shl(2))]
    const [dqB, outB, dkB, dvB] = [p.Tq.mul(dqT), p.Tq.mul(outT), p.Tk.mul(dkT), p.Tk.mul(dvT)]

    const carve = carver(f, scratch)
    const K = carve(depthK.mul(rowBytes)) // for S = Q Kᵀ
    const V = carve(depthV.mul(rowBytes)) // for dP = dO Vᵀ
    const Krows = carve(widthK.mul(rowBytes)) // for dQ = dS K
    const Q = carve(depthK.mul(blockRows * 4)) // for S
    const dO = carve(depthV.mul(blockRows * 4)) // for dP
    const Qrows = carve(widthK.mul(blockRows * 4)) // for dK = dSᵀ Q
    const dOrows = carve(widthV.mul(blockRows * 4)) // for dV = Pᵀ dO
    const P = carve(scoreRows * rowBytes)
    const dS = carve(scoreRows * rowBytes)
    const slopes = carve(groupRows * rowBytes)
    const dKsum = carve(widthK.mul(rowBytes))
    const dVsum = carve(widthV.mul(rowBytes))
    const dQsum = carve(widthK.mul(blockRows * 4))
    const delta = carve(blockRows * 4)
    const ones = carve(groupRows * 4)
    fillFloats(f, delta, blockRows, 0)
    fillFloats(f, ones, groupRows, 1)

    const k0 = f.i32(headAt(p.k, p.kB, batch, kvHead, p.D))
    const v0 = f.i32(headAt(p.v, p.vB, batch, kvHead, p.Dv))
    const dk0 = f.i32(headAt(p.dk, dkB, batch, kvHead, p.D))
    const dv0 = f.i32(headAt(p.dv, dvB, batch, kvHead, p.Dv))
    const [q0, dq0, out0, dOut0] = [f.i32(), f.i32(), f.i32(), f.i32()]
    const [h, head, j0, keys, columns] = [f.i32(), f.i32(), f.i32(), f.i32(), f.i32()]
    const [i0, rows, qAt, dOutAt] = [f.i32(), f.i32(), f.i32(), f.i32()]
    const [g, c] = [f.i32(), f.i32()]

    // Gradients are added to in memory, so they begin as zeros.
    zeroRows(f, dk0, dkT, p.Tk, p.D)
    zeroRows(f, dv0, dvT, p.Tk, p.Dv)

    f.for(h, 0, p.group, 1, () => {
      head.set(kvHead.mul(p.group).add(h))
      q0.set(headAt(p.q, p.qB, batch, head, p.D))
      dq0.set(headAt(p.dq, dqB, batch, head, p.D))
      out0.set(headAt(p.out, outB, batch, head, p.Dv))
      dOut0.set(headAt(p.dOut, outB, batch, head, p.Dv))
      zeroRows(f, dq0, dqT, p.Tq, p.D)

      f.for(j0, blockAt(see.from(i32(0))), see.until(p.Tq), blockColumns, () => {
        keys.set(p.Tk.sub(j0).min(blockColumns))
        columns.set(keys.roundUp(tileColumns))
        f.call(parts.packColumns, k0.add(j0.mul(p.kT)), K, keys, p.D, p.kT)
        f.call(parts.packColumns, v0.add(j0.mul(p.vT)), V, keys, p.Dv, p.vT)
        f.call(parts.packRows, k0.add(j0.mul(p.kT)), Krows, p.D, keys, p.kT)
        fillFloats(f, dKsum, widthK.mul(blockColumns), 0)
        fillFloats(f, dVsum, widthV.mul(blockColumns), 0)

        f.for(i0, 0, p.Tq, blockRows, () => {
          rows.set(p.Tq.sub(i0).min(blockRows))
          f.if(see.meets(i0, rows, j0, keys), () => {
            qAt.set(q0.add(i0.mul(p.qT)))
            dOutAt.set(dOut0.add(i0.mul(outT)))
            parts.packQueries(f, p, qAt, Q, rows, depthK)
            f.call(parts.packGroups, dOutAt, dO, rows, p.Dv, outT)
            f.call(parts.packRows, qAt, Qrows, p.D, rows, p.qT)
            f.call(parts.packRows, dOutAt, dOrows, p.Dv, rows, outT)
            dots(f, { a: dOutAt, b: out0.add(i0.mul(outT)), step: outT, width: p.Dv, rows, out: delta })
            fillFloats(f, dQsum, widthK.mul(blockRows), 0)

            const block = { batch, head, i0, rows, j0, keys, columns, Q, K, dO, V, depthK, depthV, delta }
            parts.blockGradients(f, p, see, { ...block, P, dS, slopes })
            for (const X of [P, dS]) zeroRowsBehind(f, X, rows)

            f.for(c, 0, keys, groupRows, () => {
              const dVc = dVsum.add(c.mul(widthV).shl(2))
              const dKc = dKsum.add(c.mul(widthK).shl(2))
              parts.overQueries(f, P.add(c.shl(2)), dOrows, dVc, { rows, width: widthV, factors: ones })
              parts.overQueries(f, dS.add(c.shl(2)), Qrows, dKc, { rows, width: widthK, factors: ones })
            })
            f.for(g, 0, rows, groupRows, () => {
              const dQg = dQsum.add(g.mul(widthK).shl(2))
              parts.overKeys(f, dS.add(g.mul(rowBytes)), Krows, dQg, {
                keys,
                panelKeys: keys,
                width: widthK,
                factors: ones,
              })
            })
            const dqAt = { to: dq0.add(i0.mul(dqT)), toStep: dqT, rows, width: p.D }
            addRows(f, { from: dQsum, fromStep: widthK.shl(2), ...dqAt, factor: p.scale })
          })
        })
        const dkAt = { to: dk0.add(j0.mul(dkT)), toStep: dkT, rows: keys, width: p.D }
        addRows(f, { from: dKsum, fromStep: widthK.shl(2), ...dkAt, factor: p.scale })
        const dvAt = { to: dv0.add(j0.mul(dvT)), toStep: dvT, rows: keys, width: p.Dv }
        addRows(f, { from: dVsum, fromStep: widthV.shl(2), ...dvAt })
      })
    })
  },
)

/** Zeros into `rows` rows of `width` floats that are `step` bytes apart. */
function zeroRows(f: Fn, at: I32, step: I32, rows: I32, width: I32): void {
  const [r, row] = [f.i32(), f.i32()]
  f.for(r, 0, rows, 1, () => {
    row.set(at.add(r.mul(step)))
    fillFloats(f, row, width, 0)
  })
}

/** Zeros into the rows of scores from `rows` on that products still read: queries that do not exist add nothing. */
function zeroRowsBehind(f: Fn, scores: I32, rows: I32): void {
  const end = rows.roundUp(unroll).max(rows.roundUp(f.simd.rows))
  fillFloats(f, scores.add(rows.mul(rowBytes)), end.sub(rows).mul(blockColumns), 0)
}

export const attentionGradKernels = [backward, biasGrad, sinkGrad]

export const attentionGrad = (run: RunKernel, host: WasmHost): Pick<Kernels, 'attentionGrad'> => ({
  attentionGrad({ v, out, dOut, dq, dk, dv, dBias, dSink, ...inputs }) {
    const [[B, , H], [, , Hkv]] = [inputs.q.shape, inputs.k.shape]
    const values = valuesOf(v, out)
    withAttentionArgs(host, inputs, (args) => {
      const all = { ...args, ...values, ...addresses({ dOut }) }
      run(backward, B * Hkv, { ...all, ...addresses({ dq, dk, dv }) })
      if (dBias) runBiasGrad(run, all, dBias)
      if (dSink) run(sinkGrad, H, { ...all, ...addresses({ dSink }), B })
    })
  },
})
