import type { Kernels } from '../../backend.js'
import type { Fn, Local } from '../emit/function.js'
import { kernelWith, type RunKernel } from '../emit/kernel.js'
import type { Callable, ModuleBuilder } from '../emit/module.js'
import { f32, i32, type I32, v128 } from '../emit/values.js'
import type { WasmBackend } from '../index.js'
import {
  attentionArgs, attentionParts, blockColumns, blockRows, carver, fillFloats, maxHeadSize, tooWide, visibility, withArgs,
} from './attention-parts.js' // prettier-ignore
import { tileColumns, unroll } from './micro.js'
import { address } from './support.js'

const rowBytes = blockColumns * 4

/**
 * Backward, all of one key head per item (the query heads that share it one after another, so that their gradients
 * add in a fixed order). For each block of keys and each block of queries the weights are recomputed from q, k, m
 * and ℓ, and with δ_i = Σ dO_i ⊙ O_i:
 *
 *   dV += Pᵀ dO      dS = P ⊙ (dO Vᵀ − δ)      dK += dSᵀ Q      dQ += dS K
 *
 * dS is meant for the scaled scores; the scale is applied once, where dQ and dK are written.
 */
const backward = kernelWith(
  'attentionGrad',
  {
    ...attentionArgs,
    v: 'i32', vB: 'i32', vT: 'i32', Dv: 'i32',
    out: 'i32', dOut: 'i32', dq: 'i32', dk: 'i32', dv: 'i32',
  }, // prettier-ignore
  (m) => ({ ...attentionParts(m), gradScores: gradScores(m) }),
  (f, p, item, scratch, parts) => {
    const MR = f.simd.rows
    const kvHeads = f.i32(p.H.divU(p.group))
    const b = f.i32(item.divU(kvHeads))
    const kvHead = f.i32(item.remU(kvHeads))
    const see = visibility(f, p, b)
    const [depthK, depthV] = [f.i32(p.D.roundUp(unroll)), f.i32(p.Dv.roundUp(unroll))]
    const [widthK, widthV] = [f.i32(p.D.roundUp(tileColumns)), f.i32(p.Dv.roundUp(tileColumns))]
    // Bytes from one time step to the next in the dense tensors, and the first element of this key head.
    const stepQ = f.i32(p.H.mul(p.D).shl(2))
    const stepO = f.i32(p.H.mul(p.Dv).shl(2))
    const stepK = f.i32(kvHeads.mul(p.D).shl(2))
    const stepV = f.i32(kvHeads.mul(p.Dv).shl(2))
    const k0 = f.i32(p.k.add(b.mul(p.kB)).add(kvHead.mul(p.D).shl(2)))
    const v0 = f.i32(p.v.add(b.mul(p.vB)).add(kvHead.mul(p.Dv).shl(2)))
    const dk0 = f.i32(p.dk.add(b.mul(p.Tk).mul(stepK)).add(kvHead.mul(p.D).shl(2)))
    const dv0 = f.i32(p.dv.add(b.mul(p.Tk).mul(stepV)).add(kvHead.mul(p.Dv).shl(2)))

    const carve = carver(f, scratch)
    const K = carve(depthK.mul(rowBytes)) // for S = Q Kᵀ
    const V = carve(depthV.mul(rowBytes)) // for dP = dO Vᵀ
    const Krows = carve(widthK.mul(rowBytes)) // for dQ = dS K
    const Q = carve(depthK.mul(blockRows * 4)) // for S
    const dO = carve(depthV.mul(blockRows * 4)) // for dP
    const Qrows = carve(widthK.mul(blockRows * 4)) // for dK = dSᵀ Q
    const dOrows = carve(widthV.mul(blockRows * 4)) // for dV = Pᵀ dO
    const P = carve((blockRows + 8) * rowBytes)
    const dS = carve((blockRows + 8) * rowBytes)
    const dKsum = carve(widthK.mul(rowBytes))
    const dVsum = carve(widthV.mul(rowBytes))
    const dQsum = carve(widthK.mul(blockRows * 4))
    const delta = carve(blockRows * 4)
    const ones = carve(32)
    fillFloats(f, ones, ones.add(32), 1)
    fillFloats(f, delta, delta.add(blockRows * 4), 0)

    const [head, h, j0, keys, i0, rows] = [f.i32(), f.i32(), f.i32(), f.i32(), f.i32(), f.i32()]
    const [i, g, c, columns, stats, panel] = [f.i32(), f.i32(), f.i32(), f.i32(), f.i32(), f.i32()]
    const [q0, dq0, o0, dO0] = [f.i32(), f.i32(), f.i32(), f.i32()]

    // Gradients are added to in memory, so they begin as zeros.
    eachRow(f, p.Tk, dk0, stepK, p.D, (at) => f.storeF32(at, 0))
    eachRow(f, p.Tk, dv0, stepV, p.Dv, (at) => f.storeF32(at, 0))

    f.for(head, 0, p.group, 1, () => {
      h.set(kvHead.mul(p.group).add(head))
      q0.set(p.q.add(b.mul(p.qB)).add(h.mul(p.D).shl(2)))
      dq0.set(p.dq.add(b.mul(p.Tq).mul(stepQ)).add(h.mul(p.D).shl(2)))
      o0.set(p.out.add(b.mul(p.Tq).mul(stepO)).add(h.mul(p.Dv).shl(2)))
      dO0.set(p.dOut.add(b.mul(p.Tq).mul(stepO)).add(h.mul(p.Dv).shl(2)))
      eachRow(f, p.Tq, dq0, stepQ, p.D, (at) => f.storeF32(at, 0))

      f.for(j0, 0, see.until(p.Tq), blockColumns, () => {
        keys.set(p.Tk.sub(j0).min(blockColumns))
        columns.set(keys.roundUp(tileColumns))
        f.call(parts.packColumns, k0.add(j0.mul(p.kT)), K, keys, p.D, p.kT)
        f.call(parts.packColumns, v0.add(j0.mul(p.vT)), V, keys, p.Dv, p.vT)
        f.call(parts.packRows, k0.add(j0.mul(p.kT)), Krows, p.D, keys, p.kT)
        fillFloats(f, dKsum, dKsum.add(widthK.mul(rowBytes)), 0)
        fillFloats(f, dVsum, dVsum.add(widthV.mul(rowBytes)), 0)

        f.for(i0, 0, p.Tq, blockRows, () => {
          rows.set(p.Tq.sub(i0).min(blockRows))
          f.if(see.until(i0.add(rows)).gt(j0), () => {
            f.call(parts.packGroups, q0.add(i0.mul(p.qT)), Q, rows, p.D, p.qT)
            f.call(parts.scale, Q, Q.add(rows.roundUp(MR).mul(depthK).shl(2)), p.scale)
            f.call(parts.packGroups, dO0.add(i0.mul(stepO)), dO, rows, p.Dv, stepO)
            f.call(parts.packRows, q0.add(i0.mul(p.qT)), Qrows, p.D, rows, p.qT)
            f.call(parts.packRows, dO0.add(i0.mul(stepO)), dOrows, p.Dv, rows, stepO)
            dots(f, {
              a: dO0.add(i0.mul(stepO)),
              b: o0.add(i0.mul(stepO)),
              step: stepO,
              width: p.Dv,
              rows,
              out: delta,
            })
            fillFloats(f, dQsum, dQsum.add(widthK.mul(blockRows * 4)), 0)

            f.for(g, 0, rows, MR, () => {
              i.set(i0.add(g))
              const [Pg, dSg] = [P.add(g.mul(rowBytes)), dS.add(g.mul(rowBytes))]
              f.call(
                parts.scores,
                Q.add(g.mul(depthK).shl(2)),
                K,
                Pg,
                i32(rowBytes),
                columns,
                depthK,
                depthK.mul(32),
                i32(0),
              )
              f.call(parts.hide, Pg, columns, ...see.limits(i, j0))
              f.if(p.mask, () => {
                const at = p.mask
                  .add(b.mul(p.maskB))
                  .add(h.mul(p.maskH))
                  .add(i.mul(p.maskQ))
                  .add(j0.mul(p.maskK))
                f.call(parts.hideByMask, Pg, rows.sub(g).min(MR), keys, at, p.maskQ, p.maskK)
              })
              stats.set(b.mul(p.H).add(h).mul(p.Tq).add(i).shl(2))
              f.call(parts.weights, Pg, columns, p.m.add(stats), p.l.add(stats))
              f.call(
                parts.scores,
                dO.add(g.mul(depthV).shl(2)),
                V,
                dSg,
                i32(rowBytes),
                columns,
                depthV,
                depthV.mul(32),
                i32(0),
              )
              f.call(parts.gradScores, Pg, dSg, delta.add(g.shl(2)), columns)
            })
            // Rows that do not exist must add nothing below.
            const end = blockRows + 8
            fillFloats(
              f,
              P.add(rows.mul(rowBytes)),
              P.add(rows.roundUp(unroll).max(rows.roundUp(MR)).min(end).mul(rowBytes)),
              0,
            )
            fillFloats(
              f,
              dS.add(rows.mul(rowBytes)),
              dS.add(rows.roundUp(unroll).max(rows.roundUp(MR)).min(end).mul(rowBytes)),
              0,
            )

            panel.set(rows.roundUp(unroll).mul(32))
            f.for(c, 0, keys, MR, () => {
              f.call(
                parts.overQueries,
                P.add(c.shl(2)),
                dOrows,
                dVsum.add(c.mul(widthV).shl(2)),
                widthV.shl(2),
                widthV,
                rows,
                panel,
                ones,
              )
              f.call(
                parts.overQueries,
                dS.add(c.shl(2)),
                Qrows,
                dKsum.add(c.mul(widthK).shl(2)),
                widthK.shl(2),
                widthK,
                rows,
                panel,
                ones,
              )
            })
            panel.set(keys.roundUp(unroll).mul(32))
            f.for(g, 0, rows, MR, () =>
              f.call(
                parts.overKeys,
                dS.add(g.mul(rowBytes)),
                Krows,
                dQsum.add(g.mul(widthK).shl(2)),
                widthK.shl(2),
                widthK,
                keys,
                panel,
                ones,
              ),
            )
            addRows(f, {
              to: dq0.add(i0.mul(stepQ)),
              step: stepQ,
              from: dQsum,
              ld: widthK.shl(2),
              rows,
              width: p.D,
              factor: p.scale,
            })
          })
        })
        addRows(f, {
          to: dk0.add(j0.mul(stepK)),
          step: stepK,
          from: dKsum,
          ld: widthK.shl(2),
          rows: keys,
          width: p.D,
          factor: p.scale,
        })
        addRows(f, {
          to: dv0.add(j0.mul(stepV)),
          step: stepV,
          from: dVsum,
          ld: widthV.shl(2),
          rows: keys,
          width: p.Dv,
          factor: f32(1),
        })
      })
    })
  },
)

/** Calls `body` with the address of every float in `rows` rows of `width` floats that are `step` bytes apart. */
function eachRow(f: Fn, rows: I32, start: I32, step: I32, width: I32, body: (at: Local<I32>) => void): void {
  const [r, at, end] = [f.i32(), f.i32(), f.i32()]
  f.for(r, 0, rows, 1, () => {
    at.set(start.add(r.mul(step)))
    end.set(at.add(width.shl(2)))
    f.while(
      () => at.ltU(end),
      () => {
        body(at)
        at.set(at.add(4))
      },
    )
  })
}

/** to += factor · from, row by row. */
function addRows(
  f: Fn,
  a: { to: I32; step: I32; from: I32; ld: I32; rows: I32; width: I32; factor: ReturnType<typeof f32> },
): void {
  const [r, c, to, from] = [f.i32(), f.i32(), f.i32(), f.i32()]
  f.for(r, 0, a.rows, 1, () => {
    to.set(a.to.add(r.mul(a.step)))
    from.set(a.from.add(r.mul(a.ld)))
    f.for(c, 0, a.width.shl(2), 4, () => {
      f.storeF32(to.add(c), to.add(c).f32().add(from.add(c).f32().mul(a.factor)))
    })
  })
}

/**
 * out[r] = a_r · b_r, by multiply-adds in order of the columns, as `scores` computes dP: where a row sees a single
 * key, dP − δ is then exactly 0 and not the difference of two roundings.
 */
function dots(f: Fn, p: { a: I32; b: I32; step: I32; width: I32; rows: I32; out: I32 }): void {
  const [r, c, a, b, sum] = [f.i32(), f.i32(), f.i32(), f.i32(), f.v128()]
  f.for(r, 0, p.rows, 1, () => {
    a.set(p.a.add(r.mul(p.step)))
    b.set(p.b.add(r.mul(p.step)))
    sum.set(v128(0))
    f.for(c, 0, p.width.shl(2), 4, () => sum.set(f.madd(a.add(c).laneF32(), b.add(c).laneF32(), sum)))
    f.storeF32(p.out.add(r.shl(2)), sum.lane(0))
  })
}

/** (P, dP, delta, columns): dP of a group becomes dS = P ⊙ (dP − δ). */
const gradScores = (m: ModuleBuilder): Callable =>
  m.once('gradScores', () =>
    m.func(['i32', 'i32', 'i32', 'i32'], (f, P, dP, delta, columns) => {
      const [r, c, d] = [f.i32(), f.i32(), f.v128(v128(0))]
      f.for(r, 0, i32(m.simd.rows), 1, () => {
        d.set(delta.splatF32())
        f.for(c, 0, columns.shl(2), 16, () =>
          f.store(dP.add(c), P.add(c).v128().mul(dP.add(c).v128().sub(d))),
        )
        P.set(P.add(rowBytes))
        dP.set(dP.add(rowBytes))
        delta.set(delta.add(4))
      })
    }),
  )

export const attentionGradKernels = [backward]

export const attentionGrad = (run: RunKernel, backend: WasmBackend): Pick<Kernels, 'attentionGrad'> => ({
  attentionGrad({ v, out, dOut, dq, dk, dv, ...inputs }) {
    const Dv = v.shape[3]
    if (Dv > maxHeadSize) throw tooWide('Dv', Dv)
    withArgs(
      backend,
      inputs,
      (args) =>
      run(backward, inputs.q.shape[0] * inputs.k.shape[2], {
        ...args, v: address(v), vB: v.strides[0] * 4, vT: v.strides[1] * 4, Dv,
        out: address(out), dOut: address(dOut), dq: address(dq), dk: address(dk), dv: address(dv),
      }), // prettier-ignore
    )
  },
})
