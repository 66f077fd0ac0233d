import type { Kernels } from '../../backend.js'
import type { Fn, Local } from '../emit/function.js'
import { kernelWith, type RunKernel } from '../emit/kernel.js'
import type { Callable, ModuleBuilder } from '../emit/module.js'
import { f32, i32, type I32, select, v128 } from '../emit/values.js'
import type { WasmBackend } from '../index.js'
import {
  attentionArgs, attentionParts, blockColumns, blockRows, carver, fillFloats, maxHeadSize, tooWide, visibility, withArgs,
} from './attention-parts.js' // prettier-ignore
import { makeExp } from './exp.js'
import { tileColumns, unroll } from './micro.js'
import { address } from './support.js'

/** Before the first key: finite, so that −∞ minus it is −∞ and not NaN. */
const lowest = -3.4028234663852886e38

/**
 * Forward, one block of queries of one head per item: keys pass by in blocks, and an online softmax (Milakov &
 * Gimelshein 2018; Dao et al. 2022) keeps for each row the largest score m, the sum ℓ of exp(s − m), and the weighted
 * sum of values so far, rescaled whenever m grows.
 */
const forward = kernelWith(
  'attention',
  { ...attentionArgs, v: 'i32', vB: 'i32', vT: 'i32', Dv: 'i32', out: 'i32', blocks: 'i32' },
  (m) => ({ ...attentionParts(m), softmax: onlineSoftmax(m) }),
  (f, p, item, scratch, parts) => {
    const MR = f.simd.rows
    const i0 = f.i32(item.remU(p.blocks).mul(blockRows))
    const head = f.i32(item.divU(p.blocks)) // of B · H
    const h = f.i32(head.remU(p.H))
    const b = f.i32(head.divU(p.H))
    const rows = f.i32(p.Tq.sub(i0).min(blockRows))
    const kvHead = f.i32(h.divU(p.group))
    const k0 = f.i32(p.k.add(b.mul(p.kB)).add(kvHead.mul(p.D).shl(2)))
    const v0 = f.i32(p.v.add(b.mul(p.vB)).add(kvHead.mul(p.Dv).shl(2)))
    const depth = f.i32(p.D.roundUp(unroll))
    const width = f.i32(p.Dv.roundUp(tileColumns)) // of a row of the output in scratch
    const see = visibility(f, p, b)

    const carve = carver(f, scratch)
    const Q = carve(depth.mul(blockRows * 4))
    const K = carve(depth.mul(blockColumns * 4))
    const V = carve(width.mul(blockColumns * 4))
    const S = carve(MR * blockColumns * 4)
    const O = carve(width.mul(blockRows * 4))
    const M = carve(blockRows * 4)
    const L = carve(blockRows * 4)
    const rescale = carve(MR * 4)

    f.call(
      parts.packGroups,
      p.q.add(b.mul(p.qB)).add(i0.mul(p.qT)).add(h.mul(p.D).shl(2)),
      Q,
      rows,
      p.D,
      p.qT,
    )
    f.call(parts.scale, Q, Q.add(rows.roundUp(MR).mul(depth).shl(2)), p.scale)
    fillFloats(f, O, O.add(width.mul(blockRows * 4)), 0)
    fillFloats(f, M, M.add(blockRows * 4), lowest)
    fillFloats(f, L, L.add(blockRows * 4), 0)

    const last = f.i32(see.until(i0.add(rows)))
    const [j0, keys, g, columns, i] = [f.i32(), f.i32(), f.i32(), f.i32(), f.i32()]
    f.for(j0, 0, last, blockColumns, () => {
      keys.set(last.sub(j0).min(blockColumns))
      f.call(parts.packColumns, k0.add(j0.mul(p.kT)), K, keys, p.D, p.kT)
      f.call(parts.packRows, v0.add(j0.mul(p.vT)), V, p.Dv, keys, p.vT)
      f.for(g, 0, rows, MR, () => {
        i.set(i0.add(g))
        columns.set(see.until(i.add(MR)).sub(j0).min(keys).roundUp(tileColumns))
        f.if(columns.gt(0), () => {
          f.call(
            parts.scores,
            Q.add(g.mul(depth).shl(2)),
            K,
            S,
            i32(blockColumns * 4),
            columns,
            depth,
            depth.mul(32),
            i32(0),
          )
          f.call(parts.hide, S, columns, ...see.limits(i, j0))
          f.if(p.mask, () => {
            const at = p.mask.add(b.mul(p.maskB)).add(h.mul(p.maskH)).add(i.mul(p.maskQ)).add(j0.mul(p.maskK))
            f.call(parts.hideByMask, S, rows.sub(g).min(MR), columns.min(keys), at, p.maskQ, p.maskK)
          })
          f.call(parts.softmax, S, columns, M.add(g.shl(2)), L.add(g.shl(2)), rescale)
          f.call(
            parts.overKeys,
            S,
            V,
            O.add(g.mul(width).shl(2)),
            width.shl(2),
            width,
            columns.min(keys.roundUp(unroll)),
            keys.roundUp(unroll).mul(32),
            rescale,
          )
        })
      })
    })

    const row = f.i32(head.mul(p.Tq).add(i0).shl(2))
    const out = f.i32(p.out.add(b.mul(p.Tq).add(i0).mul(p.H).add(h).mul(p.Dv).shl(2)))
    f.for(g, 0, rows, 1, () => {
      writeRow(f, { O, M, L, out, m: p.m.add(row), l: p.l.add(row), width: p.Dv })
      for (const at of [M, L, row]) at.set(at.add(4))
      O.set(O.add(width.shl(2)))
      out.set(out.add(p.H.mul(p.Dv).shl(2)))
    })
  },
)

/** out = O / ℓ; a row that saw nothing gives zeros, and 0 for m and ℓ. */
function writeRow(f: Fn, at: { O: I32; M: I32; L: I32; out: I32; m: I32; l: I32; width: I32 }): void {
  const [l, inverse, c] = [f.f32(at.L.f32()), f.f32(), f.i32()]
  inverse.set(select(f32(1).div(l), f32(0), l.gt(0)))
  f.for(c, 0, at.width.shl(2), 4, () => f.storeF32(at.out.add(c), at.O.add(c).f32().mul(inverse)))
  f.storeF32(at.m, select(at.M.f32(), f32(0), l.gt(0)))
  f.storeF32(at.l, l)
}

/** (scores, columns, m, l, rescale): a group's scores become exp(s − m); m and ℓ move on; rescale = exp(m before − m). */
const onlineSoftmax = (m: ModuleBuilder): Callable =>
  m.once('onlineSoftmax', () =>
    m.func(['i32', 'i32', 'i32', 'i32', 'i32'], (f, s, columns, mAt, lAt, rescale) => {
      const exp = makeExp(f)
      const [r, p, end] = [f.i32(), f.i32(), f.i32()]
      const max: Local<ReturnType<typeof v128>>[] = f.v128s(2)
      const sum = f.v128s(2)
      const [before, y] = f.v128s(2)
      // columns are a multiple of 8: two vectors at a time
      const pairs = (body: (c: 0 | 1) => void) => {
        p.set(s)
        f.while(
          () => p.ltU(end),
          () => {
            body(0)
            body(1)
            p.set(p.add(32))
          },
        )
      }
      f.for(r, 0, i32(m.simd.rows), 1, () => {
        end.set(s.add(columns.shl(2)))
        before.set(mAt.splatF32())
        for (const x of max) x.set(before)
        pairs((c) => max[c].set(p.v128(16 * c).pmax(max[c])))
        max[0].set(max[0].pmax(max[1]))
        f.spreadMax(max[0])
        for (const x of sum) x.set(v128(0))
        pairs((c) => {
          y.set(exp(p.v128(16 * c).sub(max[0])))
          sum[c].set(sum[c].add(y))
          f.store(p, y, 16 * c)
        })
        sum[0].set(sum[0].add(sum[1]))
        y.set(exp(before.sub(max[0])))
        f.storeF32(rescale, y.lane(0))
        f.storeF32(lAt, lAt.f32().mul(y.lane(0)).add(f.sum(sum[0])))
        f.storeF32(mAt, max[0].lane(0))
        s.set(s.add(blockColumns * 4))
        for (const at of [mAt, lAt, rescale]) at.set(at.add(4))
      })
    }),
  )

/** Part of one head's map, one block of queries per item. */
const tile = kernelWith(
  'attentionTile',
  {
    ...attentionArgs,
    batch: 'i32',
    head: 'i32',
    row0: 'i32',
    row1: 'i32',
    col0: 'i32',
    col1: 'i32',
    weights: 'i32',
    out: 'i32',
  },
  attentionParts,
  (f, p, item, scratch, parts) => {
    const MR = f.simd.rows
    const i0 = f.i32(p.row0.add(item.mul(blockRows)))
    const rows = f.i32(p.row1.sub(i0).min(blockRows))
    const kvHead = f.i32(p.head.divU(p.group))
    const k0 = f.i32(p.k.add(p.batch.mul(p.kB)).add(kvHead.mul(p.D).shl(2)))
    const depth = f.i32(p.D.roundUp(unroll))
    const see = visibility(f, p, p.batch)

    const carve = carver(f, scratch)
    const Q = carve(depth.mul(blockRows * 4))
    const K = carve(depth.mul(blockColumns * 4))
    const S = carve(MR * blockColumns * 4)
    const q0 = p.q.add(p.batch.mul(p.qB)).add(i0.mul(p.qT)).add(p.head.mul(p.D).shl(2))
    f.call(parts.packGroups, q0, Q, rows, p.D, p.qT)
    f.call(parts.scale, Q, Q.add(rows.roundUp(MR).mul(depth).shl(2)), p.scale)

    const [j0, keys, columns, g, i, r, c, from, to] = Array.from({ length: 9 }, () => f.i32())
    const stats = f.i32()
    f.for(j0, p.col0, p.col1, blockColumns, () => {
      keys.set(p.col1.sub(j0).min(blockColumns))
      columns.set(keys.roundUp(tileColumns))
      f.call(parts.packColumns, k0.add(j0.mul(p.kT)), K, keys, p.D, p.kT)
      f.for(g, 0, rows, MR, () => {
        i.set(i0.add(g))
        f.call(
          parts.scores,
          Q.add(g.mul(depth).shl(2)),
          K,
          S,
          i32(blockColumns * 4),
          columns,
          depth,
          depth.mul(32),
          i32(0),
        )
        f.call(parts.hide, S, columns, ...see.limits(i, j0))
        f.if(p.mask, () => {
          const at = p.mask
            .add(p.batch.mul(p.maskB))
            .add(p.head.mul(p.maskH))
            .add(i.mul(p.maskQ))
            .add(j0.mul(p.maskK))
          f.call(parts.hideByMask, S, rows.sub(g).min(MR), keys, at, p.maskQ, p.maskK)
        })
        stats.set(p.batch.mul(p.H).add(p.head).mul(p.Tq).add(i).shl(2))
        f.if(p.weights, () => f.call(parts.weights, S, columns, p.m.add(stats), p.l.add(stats)))
        f.for(r, 0, rows.sub(g).min(MR), 1, () => {
          from.set(S.add(r.mul(blockColumns * 4)))
          to.set(p.out.add(i.add(r).sub(p.row0).mul(p.col1.sub(p.col0)).add(j0.sub(p.col0)).shl(2)))
          f.for(c, 0, keys.shl(2), 4, () => f.storeF32(to.add(c), from.add(c).f32()))
        })
      })
    })
  },
)

export const attentionKernels = [forward, tile]

export const attention = (
  run: RunKernel,
  backend: WasmBackend,
): Pick<Kernels, 'attention' | 'attentionTile'> => ({
  attention({ v, out, ...inputs }) {
    const [B, Tq, H] = inputs.q.shape
    const Dv = v.shape[3]
    if (Dv > maxHeadSize) throw tooWide('Dv', Dv)
    const blocks = Math.ceil(Tq / blockRows)
    withArgs(
      backend,
      inputs,
      (args) =>
      run(forward, B * H * blocks, {
        ...args, v: address(v), vB: v.strides[0] * 4, vT: v.strides[1] * 4, Dv, out: address(out), blocks,
      }), // prettier-ignore
    )
  },
  attentionTile({ batch, head, rows: [row0, row1], cols: [col0, col1], what, out, ...inputs }) {
    if (col0 === col1) return
    withArgs(
      backend,
      inputs,
      (args) =>
      run(tile, Math.ceil((row1 - row0) / blockRows), {
        ...args, batch, head, row0, row1, col0, col1, weights: what === 'weights' ? 1 : 0, out: address(out),
      }), // prettier-ignore
    )
  },
})
