import type { Tensor } from '../../../tensor/tensor.js'
import { type ArgValues, i32s, kernelWith, type RunKernel } from '../emit/kernel.js'
import { i32, select, v128 } from '../emit/values.js'
import { biasSteps } from './attention-args.js'
import { attentionGradParts, gradArgs, outStep, scoreBytes } from './attention-grad-parts.js'
import {
  blockAt,
  blockColumns,
  blockRows,
  carver,
  headAt,
  overhang,
  rowBytes,
  statsAt,
} from './attention-layout.js'
import { rowLoops } from './attention-rows.js'
import { visibility } from './attention-visibility.js'
import { makeExp } from './exp.js'
import { unroll } from './micro.js'
import { reduce4 } from './support.js'

/**
 * The gradient of a bias: dS, block by block, added to where the bias of a cell stands. An item owns all cells that
 * share a place, so the order of their sum is fixed: one head, or all that share the bias, over one batch or all, and
 * over `keysPerItem` keys. Weights and dS are computed once more for it: only those who train a bias pay for that.
 */
export const biasGrad = kernelWith(
  'attentionBiasGrad',
  { ...gradArgs, ...i32s('dBias', 'batches', 'heads', 'B', 'keysPerItem', 'pieces') },
  attentionGradParts,
  (f, p, item, scratch, parts) => {
    const [depthK, depthV] = [f.i32(p.D.roundUp(unroll)), f.i32(p.Dv.roundUp(unroll))]
    const carve = carver(f, scratch)
    const K = carve(depthK.mul(blockColumns * 4))
    const V = carve(depthV.mul(blockColumns * 4))
    const Q = carve(depthK.mul((blockRows + overhang) * 4))
    const dO = carve(depthV.mul((blockRows + overhang) * 4))
    const P = carve(scoreBytes)
    const dS = carve(scoreBytes)
    const delta = carve((blockRows + overhang) * 4)
    const outT = f.i32(outStep(p))

    const keys0 = f.i32(item.remU(p.pieces).mul(p.keysPerItem))
    const keysEnd = f.i32(keys0.add(p.keysPerItem).min(p.Tk))
    const place = f.i32(item.divU(p.pieces))
    // The batches and heads whose bias this item owns.
    const heads0 = f.i32(place.remU(p.heads))
    const headsEnd = f.i32(select(heads0.add(1), p.H, p.heads.gt(1)))
    const batch0 = f.i32(place.divU(p.heads))
    const batchEnd = f.i32(select(batch0.add(1), p.B, p.batches.gt(1)))

    const [batch, head, j0, keys] = [f.i32(), f.i32(), f.i32(), f.i32()]
    const [i0, rows, k0, v0, q0, out0, dOut0] = Array.from({ length: 7 }, () => f.i32())
    f.for(batch, batch0, batchEnd, 1, () => {
      const see = visibility(f, p, batch)
      f.for(head, heads0, headsEnd, 1, () => {
        k0.set(headAt(p.k, p.kB, batch, head.divU(p.group), p.D))
        v0.set(headAt(p.v, p.vB, batch, head.divU(p.group), p.Dv))
        q0.set(headAt(p.q, p.qB, batch, head, p.D))
        out0.set(headAt(p.out, p.Tq.mul(outT), batch, head, p.Dv))
        dOut0.set(headAt(p.dOut, p.Tq.mul(outT), batch, head, p.Dv))
        f.for(j0, keys0.max(blockAt(see.from(i32(0)))), keysEnd.min(see.until(p.Tq)), blockColumns, () => {
          keys.set(keysEnd.sub(j0).min(blockColumns))
          f.call(parts.packColumns, k0.add(j0.mul(p.kT)), K, keys, p.D, p.kT)
          f.call(parts.packColumns, v0.add(j0.mul(p.vT)), V, keys, p.Dv, p.vT)
          f.for(i0, 0, p.Tq, blockRows, () => {
            rows.set(p.Tq.sub(i0).min(blockRows))
            f.if(see.meets(i0, rows, j0, keys), () => {
              const dOutAt = dOut0.add(i0.mul(outT))
              parts.packQueries(f, p, q0.add(i0.mul(p.qT)), Q, rows, depthK)
              f.call(parts.packGroups, dOutAt, dO, rows, p.Dv, outT)
              parts.dots(f, {
                a: dOutAt,
                b: out0.add(i0.mul(outT)),
                step: outT,
                width: p.Dv,
                rows,
                out: delta,
              })
              const block = { batch, head, i0, rows, j0, keys, Q, K, dO, V, depthK, depthV, delta }
              parts.blockGradients(f, p, see, { ...block, P, dS })
              const to = p.dBias
                .add(batch.mul(p.biasB))
                .add(head.mul(p.biasH))
                .add(i0.mul(p.biasQ))
                .add(j0.shl(2))
              parts.addRows(f, { from: dS, fromStep: rowBytes, to, toStep: p.biasQ, rows, width: keys })
            })
          })
        })
      })
    })
  },
)

/** `args` are those of the backward; dBias is spread to the map, with strides of its own. */
export function runBiasGrad(run: RunKernel, args: ArgValues<typeof gradArgs>, dBias: Tensor): void {
  const [B, H, , Tk] = dBias.shape
  const [strideB, strideH, strideQ] = dBias.strides
  const [batches, heads] = [strideB === 0 ? 1 : B, strideH === 0 ? 1 : H]
  // Rows that overlap share cells between keys: then an item takes all of them.
  const pieces = strideQ < 0 ? 1 : Math.ceil(Tk / blockColumns)
  const keysPerItem = pieces === 1 ? Tk : blockColumns
  const work = { dBias, batches, heads, B, keysPerItem, pieces }
  run(biasGrad, batches * heads * pieces, { ...args, ...biasSteps(dBias), ...work })
}

/** dsink_h = −Σ exp(sink_h − m_i) / ℓ_i · δ_i over batches and queries in order, one head per item. */
export const sinkGrad = kernelWith(
  'attentionSinkGrad',
  { ...gradArgs, ...i32s('dSink', 'B') },
  rowLoops,
  (f, p, head, scratch, parts) => {
    const exp = makeExp(f)
    const outT = f.i32(outStep(p))
    const sink = f.v128(p.sink.add(head.shl(2)).splatF32())
    const [batch, i0, rows, at, out0, dOut0] = Array.from({ length: 6 }, () => f.i32())
    const [m, l, delta] = [f.i32(), f.i32(), f.i32()]
    const [sum, none] = [f.f32(0), f.zero()]
    f.for(batch, 0, p.B, 1, () => {
      out0.set(headAt(p.out, p.Tq.mul(outT), batch, head, p.Dv))
      dOut0.set(headAt(p.dOut, p.Tq.mul(outT), batch, head, p.Dv))
      // A sum for each block first: thousands of rows in one float would round too much.
      f.for(i0, 0, p.Tq, blockRows, () => {
        rows.set(p.Tq.sub(i0).min(blockRows))
        at.set(i0.mul(outT))
        parts.dots(f, { a: dOut0.add(at), b: out0.add(at), step: outT, width: p.Dv, rows, out: scratch })
        at.set(statsAt(p, batch, head, i0))
        m.set(p.m.add(at))
        l.set(p.l.add(at))
        delta.set(scratch)
        const shares = reduce4(f, rows, [m, l, delta], v128(0), (acc, m, l, delta) =>
          acc.sub(exp(sink.sub(m)).mul(delta).div(l).where(l.gt(none), none)),
        )
        sum.set(sum.add(f.sum(shares)))
      })
    })
    f.storeF32(p.dSink.add(head.shl(2)), sum)
  },
)
