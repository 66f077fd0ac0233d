import { i32s, kernelWith } from '../emit/kernel.js'
import type { ModuleBuilder } from '../emit/module.js'
import { attentionArgs } from './attention-args.js'
import { blockColumns, blockRows, carver, headAt, overhang, rowBytes, statsAt } from './attention-layout.js'
import { attentionScores } from './attention-scores.js'
import { weights } from './attention-softmax.js'
import { visibility } from './attention-visibility.js'
import { tileColumns, unroll } from './micro.js'
import { forEach4 } from './support.js'

const args = { ...attentionArgs, ...i32s('batch', 'head', 'row0', 'row1', 'col0', 'col1', 'weights', 'out') }
const parts = (m: ModuleBuilder) => ({ ...attentionScores(m), weights: weights(m) })

/** Part of one head's map, one block of queries per item: its scores, or by m and ℓ its weights. */
export const tile = kernelWith('attentionTile', args, parts, (f, p, item, scratch, parts) => {
  const { batch, head } = p
  const groupRows = f.simd.rows
  const i0 = f.i32(p.row0.add(item.mul(blockRows)))
  const rows = f.i32(p.row1.sub(i0).min(blockRows))
  const q0 = f.i32(headAt(p.q, p.qB, batch, head, p.D))
  const k0 = f.i32(headAt(p.k, p.kB, batch, head.divU(p.group), p.D))
  const depth = f.i32(p.D.roundUp(unroll))
  const see = visibility(f, p, batch)

  const carve = carver(f, scratch)
  const Q = carve(depth.mul((blockRows + overhang) * 4))
  const K = carve(depth.mul(blockColumns * 4))
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
