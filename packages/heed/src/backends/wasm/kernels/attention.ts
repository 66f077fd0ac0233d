import type { Kernels } from '../../backend.js'
import type { Fn, Local } from '../emit/function.js'
import { i32s, kernelWith, type RunKernel } from '../emit/kernel.js'
import type { ModuleBuilder } from '../emit/module.js'
import { f32, type I32, select, v128 } from '../emit/values.js'
import type { WasmHost } from '../storage.js'
import { attentionArgs, valueArgs, valuesOf, withAttentionArgs } from './attention-args.js'
import {
  attentionParts,
  blockAt,
  blockColumns,
  blockRows,
  carver,
  fillFloats,
  forEachGroupRow,
  headAt,
  rowBytes,
  statsAt,
  visibility,
} from './attention-parts.js'
import { makeExp } from './exp.js'
import { tileColumns, unroll } from './micro.js'
import { address, forEach4 } from './support.js'

/** Before the first key: finite, so that −∞ minus it is −∞ and not NaN. */
export const lowest = -3.4028234663852886e38

/**
 * Forward, one block of queries of one head per item: keys pass by in blocks, and an online softmax (Milakov &
 * Gimelshein 2018; Dao et al. 2022) keeps for each row the largest score m, the sum ℓ of exp(s − m), and the weighted
 * sum of values so far, rescaled whenever m grows.
 */
const forward = kernelWith(
  'attention',
  { ...attentionArgs, ...valueArgs, ...i32s('blocks', 'itemRows') },
  (m) => ({ ...attentionParts(m), softmax: onlineSoftmax(m) }),
  (f, p, item, scratch, parts) => {
    const groupRows = f.simd.rows
    const i0 = f.i32(item.remU(p.blocks).mul(p.itemRows))
    const head = f.i32(item.divU(p.blocks).remU(p.H))
    const batch = f.i32(item.divU(p.blocks).divU(p.H))
    const rows = f.i32(p.Tq.sub(i0).min(p.itemRows))
    const wholeRows = f.i32(rows.roundUp(groupRows))
    const kvHead = f.i32(head.divU(p.group))
    const q0 = f.i32(headAt(p.q, p.qB, batch, head, p.D))
    const k0 = f.i32(headAt(p.k, p.kB, batch, kvHead, p.D))
    const v0 = f.i32(headAt(p.v, p.vB, batch, kvHead, p.Dv))
    const depth = f.i32(p.D.roundUp(unroll))
    const width = f.i32(p.Dv.roundUp(tileColumns)) // of a row of the output in scratch
    const see = visibility(f, p, batch)

    const carve = carver(f, scratch)
    const Q = carve(depth.mul(wholeRows).shl(2))
    const K = carve(depth.mul(rowBytes))
    const V = carve(width.mul(rowBytes))
    const S = carve(groupRows * rowBytes)
    const O = carve(width.mul(wholeRows).shl(2))
    const M = carve(wholeRows.shl(2))
    const L = carve(wholeRows.shl(2))
    const rescale = carve(groupRows * 4)

    parts.packQueries(f, p, q0.add(i0.mul(p.qT)), Q, rows, depth)
    fillFloats(f, O, width.mul(wholeRows), 0)
    // A sink is a score that every row has seen before its first key.
    const sink = f.f32(lowest)
    f.if(p.sink, () => sink.set(p.sink.add(head.shl(2)).f32().max(lowest)))
    fillFloats(f, M, wholeRows, sink)
    fillFloats(f, L, wholeRows, select(f32(1), f32(0), sink.gt(lowest)))

    const last = f.i32(see.until(i0.add(rows)))
    const [j0, keys, g, columns, i] = [f.i32(), f.i32(), f.i32(), f.i32(), f.i32()]
    f.for(j0, blockAt(see.from(i0)), last, blockColumns, () => {
      keys.set(last.sub(j0).min(blockColumns))
      f.call(parts.packColumns, k0.add(j0.mul(p.kT)), K, keys, p.D, p.kT)
      f.call(parts.packRows, v0.add(j0.mul(p.vT)), V, p.Dv, keys, p.vT)
      f.for(g, 0, rows, groupRows, () => {
        i.set(i0.add(g))
        columns.set(see.until(i.add(groupRows)).sub(j0).min(keys).roundUp(tileColumns))
        f.if(columns.gt(0).and(see.from(i).lt(j0.add(keys))), () => {
          const place = { batch, head, i, rows: rows.sub(g), j0, keys, columns }
          parts.groupScores(f, p, see, { Q: Q.add(g.mul(depth).shl(2)), K, S, depth, ...place })
          f.call(parts.softmax, S, columns, M.add(g.shl(2)), L.add(g.shl(2)), rescale)
          parts.overKeys(f, S, V, O.add(g.mul(width).shl(2)), {
            keys: columns.min(keys.roundUp(unroll)),
            panelKeys: keys,
            width,
            factors: rescale,
          })
        })
      })
    })

    const stats = f.i32(statsAt(p, batch, head, i0))
    const out = f.i32(headAt(p.out, p.Tq.mul(p.H).mul(p.Dv).shl(2), batch, head, p.Dv))
    const outT = f.i32(p.H.mul(p.Dv).shl(2))
    out.set(out.add(i0.mul(outT)))
    f.for(g, 0, rows, 1, () => {
      writeRow(f, { O, M, L, out, m: p.m.add(stats), l: p.l.add(stats), width: p.Dv })
      for (const at of [M, L, stats]) at.set(at.add(4))
      O.set(O.add(width.shl(2)))
      out.set(out.add(outT))
    })
  },
)

/** out = O / ℓ; a row that saw nothing gives zeros, and 0 for m and ℓ. */
export function writeRow(f: Fn, at: { O: I32; M: I32; L: I32; out: I32; m: I32; l: I32; width: I32 }): void {
  const l = f.f32(at.L.f32())
  const inverse = f.v128(select(f32(1).div(l), f32(0), l.gt(0)).splat())
  forEach4(f, at.width, [f.i32(at.O)], [f.i32(at.out)], (o) => [o.mul(inverse)])
  f.storeF32(at.m, select(at.M.f32(), f32(0), l.gt(0)))
  f.storeF32(at.l, l)
}

/** (scores, columns, m, l, rescale): scores of a group, or of fewer rows, become exp(s − m); m and ℓ move on; rescale = exp(m before − m). */
export const onlineSoftmax = (m: ModuleBuilder, rows = m.simd.rows) =>
  m.once(`onlineSoftmax${rows}`, () =>
    m.func(['i32', 'i32', 'i32', 'i32', 'i32'], (f, S, columns, mAt, lAt, rescale) => {
      const exp = makeExp(f)
      const [max, sum] = [f.v128s(2), f.v128s(2)]
      const [before, y] = f.v128s(2)
      const end = f.i32()
      // Columns are a multiple of 8: two vectors at a time, so that neither chain of maxima and sums waits long.
      const pairs = (at: Local<I32>, body: (c: 0 | 1) => void) =>
        f.while(
          () => at.ltU(end),
          () => {
            body(0)
            body(1)
            at.set(at.add(32))
          },
        )
      const row = (at: Local<I32>) => {
        end.set(at.add(columns.shl(2)))
        before.set(mAt.splatF32())
        for (const x of max) x.set(before)
        pairs(at, (c) => max[c].set(at.v128(16 * c).pmax(max[c])))
        max[0].set(max[0].pmax(max[1]))
        f.spreadMax(max[0])
        for (const x of sum) x.set(v128(0))
        at.set(S)
        pairs(at, (c) => {
          y.set(exp(at.v128(16 * c).sub(max[0])))
          sum[c].set(sum[c].add(y))
          f.store(at, y, 16 * c)
        })
        sum[0].set(sum[0].add(sum[1]))
        y.set(exp(before.sub(max[0])))
        f.storeF32(rescale, y.lane(0))
        f.storeF32(lAt, lAt.f32().mul(y.lane(0)).add(f.sum(sum[0])))
        f.storeF32(mAt, max[0].lane(0))
        for (const x of [mAt, lAt, rescale]) x.set(x.add(4))
      }
      forEachGroupRow(f, S, row, rows)
    }),
  )

/** Part of one head's map, one block of queries per item. */
const tileArgs = {
  ...attentionArgs,
  ...i32s('batch', 'head', 'row0', 'row1', 'col0', 'col1', 'weights', 'out'),
}
const tile = kernelWith('attentionTile', tileArgs, attentionParts, (f, p, item, scratch, parts) => {
  const { batch, head } = p
  const groupRows = f.simd.rows
  const i0 = f.i32(p.row0.add(item.mul(blockRows)))
  const rows = f.i32(p.row1.sub(i0).min(blockRows))
  const q0 = f.i32(headAt(p.q, p.qB, batch, head, p.D))
  const k0 = f.i32(headAt(p.k, p.kB, batch, head.divU(p.group), p.D))
  const depth = f.i32(p.D.roundUp(unroll))
  const see = visibility(f, p, batch)

  const carve = carver(f, scratch)
  const Q = carve(depth.mul(blockRows * 4))
  const K = carve(depth.mul(rowBytes))
  const S = carve(groupRows * rowBytes)
  parts.packQueries(f, p, q0.add(i0.mul(p.qT)), Q, rows, depth)

  const [j0, keys, columns, g, i, stats] = [f.i32(), f.i32(), f.i32(), f.i32(), f.i32(), f.i32()]
  const [r, from, to] = [f.i32(), f.i32(), f.i32()]
  f.for(j0, p.col0, p.col1, blockColumns, () => {
    keys.set(p.col1.sub(j0).min(blockColumns))
    columns.set(keys.roundUp(tileColumns))
    f.call(parts.packColumns, k0.add(j0.mul(p.kT)), K, keys, p.D, p.kT)
    f.for(g, 0, rows, groupRows, () => {
      i.set(i0.add(g))
      const place = { batch, head, i, rows: rows.sub(g), j0, keys, columns }
      parts.groupScores(f, p, see, { Q: Q.add(g.mul(depth).shl(2)), K, S, depth, ...place })
      stats.set(statsAt(p, batch, head, i))
      f.if(p.weights, () => f.call(parts.weights, S, columns, p.m.add(stats), p.l.add(stats)))
      f.for(r, 0, rows.sub(g).min(groupRows), 1, () => {
        from.set(S.add(r.mul(rowBytes)))
        to.set(p.out.add(i.add(r).sub(p.row0).mul(p.col1.sub(p.col0)).add(j0.sub(p.col0)).shl(2)))
        forEach4(f, keys, [from], [to], (x) => [x])
      })
    })
  })
})

export const attentionKernels = [forward, tile]

/**
 * Queries per item of the forward: every item packs the keys and values that it passes anew, so the more the better,
 * as long as threads have enough items to share evenly.
 */
const rowsPerItem = (heads: number, Tq: number): number =>
  [4 * blockRows, 2 * blockRows].find((rows) => heads * Math.ceil(Tq / rows) >= 32) ?? blockRows

type AttentionKernels = Pick<Kernels, 'attention' | 'attentionTile'>

export const attention = (run: RunKernel, host: WasmHost): AttentionKernels => ({
  attention({ v, out, ...inputs }) {
    const [B, Tq, H] = inputs.q.shape
    const itemRows = rowsPerItem(B * H, Tq)
    const blocks = Math.ceil(Tq / itemRows)
    const rest = { ...valuesOf(v, out), blocks, itemRows }
    withAttentionArgs(host, inputs, (args) => run(forward, B * H * blocks, { ...args, ...rest }))
  },
  attentionTile({ batch, head, rows: [row0, row1], cols: [col0, col1], what, out, ...inputs }) {
    const part = {
      batch,
      head,
      row0,
      row1,
      col0,
      col1,
      weights: what === 'weights' ? 1 : 0,
      out: address(out),
    }
    const items = Math.ceil((row1 - row0) / blockRows)
    withAttentionArgs(host, inputs, (args) => run(tile, items, { ...args, ...part }))
  },
})
