import type { Kernels } from '../../backend.js'
import { i32s, kernelWith, type RunKernel } from '../emit/kernel.js'
import { scratchBytes } from '../pool.js'
import type { WasmHost } from '../storage.js'
import { valuesOf, withAttentionArgs } from './attention-args.js'
import { biasGrad, runBiasGrad, sinkGrad } from './attention-bias-grad.js'
import { attentionGradParts, gradArgs, outStep, scoreBytes } from './attention-grad-parts.js'
import { blockAt, blockColumns, blockRows, carver, headAt, overhang, rowBytes } from './attention-layout.js'
import { visibility } from './attention-visibility.js'
import { tileColumns, unroll } from './micro.js'

/**
 * Backward, all of one key head per item (the query heads that share it one after another, so that their gradients
 * add in a fixed order). For each block of keys and each block of queries the weights are recomputed from q, k, m
 * and ℓ, and with δ_i = Σ dO_i ⊙ O_i:
 *
 *   dV += Pᵀ dO      dS = P ⊙ (dO Vᵀ − δ)      dK += dSᵀ Q      dQ += dS K
 *
 * dS is meant for the scaled scores, before the softcap; the scale is applied once, where dQ and dK are written.
 * Queries go by in spans: as many blocks as scratch has room for are packed once, and their dQ added up there, while all
 * keys pass.
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
    const K = carve(depthK.mul(blockColumns * 4)) // for S = Q Kᵀ
    const V = carve(depthV.mul(blockColumns * 4)) // for dP = dO Vᵀ
    const Krows = carve(widthK.mul(blockColumns * 4)) // for dQ = dS K
    const P = carve(scoreBytes)
    const dS = carve(scoreBytes)
    const slopes = carve(groupRows * rowBytes)
    const dKsum = carve(widthK.mul((blockColumns + overhang) * 4))
    const dVsum = carve(widthV.mul((blockColumns + overhang) * 4))
    const ones = carve(groupRows * 4)
    parts.fill(f, ones, groupRows, 1)

    // What each block of a span has in scratch, `slot` bytes from one block to the next.
    const slots = carve(0)
    const Q = carve(depthK.mul((blockRows + overhang) * 4)) // for S
    const dO = carve(depthV.mul((blockRows + overhang) * 4)) // for dP
    const Qrows = carve(widthK.mul(blockRows * 4)) // for dK = dSᵀ Q
    const dOrows = carve(widthV.mul(blockRows * 4)) // for dV = Pᵀ dO
    const dQsum = carve(widthK.mul((blockRows + overhang) * 4))
    const delta = carve((blockRows + overhang) * 4)
    const slot = f.i32(carve(0).sub(slots))
    const spanRows = f.i32(scratch.add(scratchBytes).sub(slots).divU(slot).mul(blockRows))

    const k0 = f.i32(headAt(p.k, p.kB, batch, kvHead, p.D))
    const v0 = f.i32(headAt(p.v, p.vB, batch, kvHead, p.Dv))
    const dk0 = f.i32(headAt(p.dk, dkB, batch, kvHead, p.D))
    const dv0 = f.i32(headAt(p.dv, dvB, batch, kvHead, p.Dv))
    const [q0, dq0, out0, dOut0] = [f.i32(), f.i32(), f.i32(), f.i32()]
    const [h, head, s0, spanEnd, j0, keys] = [f.i32(), f.i32(), f.i32(), f.i32(), f.i32(), f.i32()]
    const [i0, rows, from, to, g, c, columns] = Array.from({ length: 7 }, () => f.i32())

    /** Runs the body for each block of the span, with all pieces of its slot in place. */
    const forEachBlock = (body: () => void) => {
      const pieces = [Q, dO, Qrows, dOrows, dQsum, delta]
      f.for(i0, s0, spanEnd, blockRows, () => {
        rows.set(spanEnd.sub(i0).min(blockRows))
        body()
        for (const piece of pieces) piece.set(piece.add(slot))
      })
      const passed = f.i32(
        spanEnd
          .sub(s0)
          .add(blockRows - 1)
          .divU(blockRows)
          .mul(slot),
      )
      for (const piece of pieces) piece.set(piece.sub(passed))
    }

    // Gradients of keys and values are added to in memory, so they begin as zeros.
    parts.zeroRows(f, { to: dk0, toStep: dkT, rows: p.Tk, width: p.D })
    parts.zeroRows(f, { to: dv0, toStep: dvT, rows: p.Tk, width: p.Dv })

    f.for(h, 0, p.group, 1, () => {
      head.set(kvHead.mul(p.group).add(h))
      q0.set(headAt(p.q, p.qB, batch, head, p.D))
      dq0.set(headAt(p.dq, dqB, batch, head, p.D))
      out0.set(headAt(p.out, outB, batch, head, p.Dv))
      dOut0.set(headAt(p.dOut, outB, batch, head, p.Dv))

      f.for(s0, 0, p.Tq, spanRows, () => {
        spanEnd.set(p.Tq.min(s0.add(spanRows)))
        forEachBlock(() => {
          const [qAt, dOutAt] = [f.i32(q0.add(i0.mul(p.qT))), f.i32(dOut0.add(i0.mul(outT)))]
          parts.packQueries(f, p, qAt, Q, rows, depthK)
          f.call(parts.packGroups, dOutAt, dO, rows, p.Dv, outT)
          f.call(parts.packRows, qAt, Qrows, p.D, rows, p.qT)
          f.call(parts.packRows, dOutAt, dOrows, p.Dv, rows, outT)
          parts.dots(f, {
            a: dOutAt,
            b: f.i32(out0.add(i0.mul(outT))),
            step: outT,
            width: p.Dv,
            rows,
            out: delta,
          })
          parts.fill(f, dQsum, widthK.mul(blockRows), 0)
        })

        f.for(j0, blockAt(see.from(s0)), see.until(spanEnd), blockColumns, () => {
          keys.set(p.Tk.sub(j0).min(blockColumns))
          f.call(parts.packColumns, k0.add(j0.mul(p.kT)), K, keys, p.D, p.kT)
          f.call(parts.packColumns, v0.add(j0.mul(p.vT)), V, keys, p.Dv, p.vT)
          f.call(parts.packRows, k0.add(j0.mul(p.kT)), Krows, p.D, keys, p.kT)
          parts.fill(f, dKsum, widthK.mul(blockColumns), 0)
          parts.fill(f, dVsum, widthV.mul(blockColumns), 0)

          forEachBlock(() => {
            f.if(see.meets(i0, rows, j0, keys), () => {
              const block = { batch, head, i0, rows, j0, keys, Q, K, dO, V, depthK, depthV, delta }
              parts.blockGradients(f, p, see, { ...block, P, dS, slopes })
              f.for(c, 0, keys, groupRows, () => {
                from.set(see.rowsFrom(j0.add(c)).sub(i0).max(0).and(-unroll))
                to.set(see.rowsUntil(j0.add(c).add(groupRows)).sub(i0).min(rows))
                f.if(from.lt(to), () => {
                  const [dVc, dKc] = [dVsum.add(c.mul(widthV).shl(2)), dKsum.add(c.mul(widthK).shl(2))]
                  const steps = { from, to, panelRows: rows, factors: ones }
                  parts.overQueries(f, P.add(c.shl(2)), dOrows, dVc, { ...steps, width: widthV })
                  parts.overQueries(f, dS.add(c.shl(2)), Qrows, dKc, { ...steps, width: widthK })
                })
              })
              f.for(g, 0, rows, groupRows, () => {
                columns.set(parts.columnsSeen(f, see, i0.add(g), { j0, keys }).min(keys))
                const dQg = dQsum.add(g.mul(widthK).shl(2))
                const steps = { keys: columns, panelKeys: keys, width: widthK, factors: ones }
                f.if(columns.gt(0), () => parts.overKeys(f, dS.add(g.mul(rowBytes)), Krows, dQg, steps))
              })
            })
          })
          const dkAt = { to: dk0.add(j0.mul(dkT)), toStep: dkT, rows: keys, width: p.D }
          parts.addRows(f, { from: dKsum, fromStep: widthK.shl(2), ...dkAt, factor: p.scale })
          const dvAt = { to: dv0.add(j0.mul(dvT)), toStep: dvT, rows: keys, width: p.Dv }
          parts.addRows(f, { from: dVsum, fromStep: widthV.shl(2), ...dvAt })
        })

        forEachBlock(() => {
          const dqAt = { to: dq0.add(i0.mul(dqT)), toStep: dqT, rows, width: p.D }
          parts.zeroRows(f, dqAt)
          parts.addRows(f, { from: dQsum, fromStep: widthK.shl(2), ...dqAt, factor: p.scale })
        })
      })
    })
  },
)

export const attentionGradKernels = [backward, biasGrad, sinkGrad]

export const attentionGrad = (run: RunKernel, host: WasmHost): Pick<Kernels, 'attentionGrad'> => ({
  attentionGrad({ v, out, dOut, dq, dk, dv, dBias, dSink, ...inputs }) {
    const [[B, , H], [, , Hkv]] = [inputs.q.shape, inputs.k.shape]
    const values = valuesOf(v, out)
    withAttentionArgs(host, inputs, (args) => {
      const all = { ...args, ...values, dOut }
      run(backward, B * Hkv, { ...all, dq, dk, dv })
      if (dBias) runBiasGrad(run, all, dBias)
      if (dSink) run(sinkGrad, H, { ...all, dSink, B })
    })
  },
})
