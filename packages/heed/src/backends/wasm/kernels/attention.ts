import type { Kernels } from '../../backend.js'
import { i32s, kernelWith, type RunKernel } from '../emit/kernel.js'
import { f32, select } from '../emit/values.js'
import type { WasmHost } from '../storage.js'
import { attentionArgs, valueArgs, valuesOf, withAttentionArgs } from './attention-args.js'
import { blockAt, blockColumns, blockRows, carver, headAt, rowBytes, statsAt } from './attention-layout.js'
import { attentionScores } from './attention-scores.js'
import { lowest, onlineSoftmax } from './attention-softmax.js'
import { tile } from './attention-tile.js'
import { visibility } from './attention-visibility.js'
import { tileColumns, unroll } from './micro.js'

/**
 * Forward, one block of queries of one head per item: keys pass by in blocks, and an online softmax (Milakov &
 * Gimelshein 2018; Dao et al. 2022) keeps for each row the largest score m, the sum ℓ of exp(s − m), and the weighted
 * sum of values so far, rescaled whenever m grows.
 */
const forward = kernelWith(
  'attention',
  { ...attentionArgs, ...valueArgs, ...i32s('blocks', 'itemRows') },
  (m) => ({ ...attentionScores(m), softmax: onlineSoftmax(m) }),
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
    const K = carve(depth.mul(blockColumns * 4))
    const V = carve(width.mul(blockColumns * 4))
    const S = carve((groupRows + 1) * rowBytes)
    const O = carve(width.mul(wholeRows).shl(2))
    const M = carve(wholeRows.shl(2))
    const L = carve(wholeRows.shl(2))
    const rescale = carve(groupRows * 4)

    parts.packQueries(f, p, q0.add(i0.mul(p.qT)), Q, rows, depth)
    parts.fill(f, O, width.mul(wholeRows), 0)
    // A sink is a score that every row has seen before its first key.
    const sink = f.f32(lowest)
    f.if(p.sink, () => sink.set(p.sink.add(head.shl(2)).f32().max(lowest)))
    parts.fill(f, M, wholeRows, sink)
    parts.fill(f, L, wholeRows, select(f32(1), f32(0), sink.gt(lowest)))

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
    const to = { out, outStep: outT, m: p.m.add(stats), l: p.l.add(stats) }
    parts.writeRows(f, { O, oStep: width.shl(2), M, L, ...to, rows, width: p.Dv })
  },
)

export const attentionKernels = [forward, tile]

/** Most queries of an item: a multiple of the rows of any tile. */
const mostRows = 1080
/** Bytes of scratch for queries and output of an item; the rest takes a block of keys and values of the largest heads. */
const roomForRows = 2.75 * 2 ** 20
/** As many items there should be, that threads can share them evenly. */
const enoughItems = 24

/** Queries per item of the forward: every item packs the keys and values that it passes anew, so the more the better. */
function rowsPerItem(heads: number, Tq: number, sizes: number): number {
  const most = Math.min(mostRows, 60 * Math.floor(roomForRows / (4 * 60 * sizes)))
  const items = Math.min(Math.ceil(enoughItems / heads), Math.ceil(Tq / blockRows))
  const blocks = Math.max(items, Math.ceil(Tq / most))
  return Math.min(most, 12 * Math.ceil(Tq / blocks / 12))
}

type AttentionKernels = Pick<Kernels, 'attention' | 'attentionTile'>

export const attention = (run: RunKernel, host: WasmHost): AttentionKernels => ({
  attention({ v, out, ...inputs }) {
    const [B, Tq, H, D] = inputs.q.shape
    const itemRows = rowsPerItem(B * H, Tq, D + v.shape[3] + 16)
    const blocks = Math.ceil(Tq / itemRows)
    const rest = { ...valuesOf(v, out), blocks, itemRows }
    withAttentionArgs(host, inputs, (args) => run(forward, B * H * blocks, Object.assign(args, rest)))
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
      out,
    }
    const items = Math.ceil((row1 - row0) / blockRows)
    withAttentionArgs(host, inputs, (args) => run(tile, items, Object.assign(args, part)))
  },
})
