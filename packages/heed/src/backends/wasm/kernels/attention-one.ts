import type { Fn } from '../emit/function.js'
import { kernelWith, type RunKernel } from '../emit/kernel.js'
import { f32, type I32, i32, select, v128 } from '../emit/values.js'
import type { Kernels } from '../../backend.js'
import type { WasmHost } from '../storage.js'
import { attentionArgs, valueArgs, valuesOf, withAttentionArgs } from './attention-args.js'
import { blockAt, blockColumns, carver, headAt, rowBytes, statsAt } from './attention-layout.js'
import { attentionScores } from './attention-scores.js'
import { lowest, onlineSoftmax } from './attention-softmax.js'
import { visibility } from './attention-visibility.js'
import { advance, forEach4 } from './support.js'
import { sumsAlong } from './thin-sums.js'

/** Vectors of the output that are summed at a time. */
const vectors = 8

/** O += Σ_j P[j] · V[j] after O is multiplied by the factor at `rescale`; rows of V are `stride` bytes apart. */
function addValues(
  f: Fn,
  a: { P: I32; V: I32; stride: I32; keys: I32; O: I32; width: I32; rescale: I32 },
): void {
  const [left, to, v, p, end] = [f.i32(a.width), f.i32(a.O), f.i32(), f.i32(), f.i32()]
  const [acc, weight] = [f.v128s(vectors), f.v128()]
  const column = f.i32(a.V)
  const columns = (count: number) => {
    const sums = acc.slice(0, count)
    for (const x of sums) x.set(v128(0))
    v.set(column)
    p.set(a.P)
    end.set(a.P.add(a.keys.shl(2)))
    f.while(
      () => p.ltU(end),
      () => {
        weight.set(p.splatF32())
        sums.forEach((x, c) => x.set(f.madd(weight, v.v128(16 * c), x)))
        v.set(v.add(a.stride))
        p.set(p.add(4))
      },
    )
    weight.set(a.rescale.splatF32())
    sums.forEach((x, c) => f.store(to, f.madd(weight, to.v128(16 * c), x), 16 * c))
    advance([to, column], 16 * count)
    left.set(left.sub(4 * count))
  }
  f.while(
    () => left.ge(4 * vectors),
    () => columns(vectors),
  )
  f.while(
    () => left.gt(0),
    () => columns(1),
  )
}

/**
 * The forward of attention.ts for one query of one head per item, such as a step of decoding: keys and values are read
 * where they lie. Every sum has the steps and the order that it has in a block of queries, and so the same bits.
 */
const oneQuery = kernelWith(
  'attention of one query',
  { ...attentionArgs, ...valueArgs },
  (m) => ({ ...attentionScores(m), softmax: onlineSoftmax(m, 1), along: sumsAlong(m, 'float32') }),
  (f, p, item, scratch, parts) => {
    const head = f.i32(item.remU(p.H))
    const batch = f.i32(item.divU(p.H))
    const kvHead = f.i32(head.divU(p.group))
    const q = f.i32(headAt(p.q, p.qB, batch, head, p.D))
    const k0 = f.i32(headAt(p.k, p.kB, batch, kvHead, p.D))
    const v0 = f.i32(headAt(p.v, p.vB, batch, kvHead, p.Dv))
    const see = visibility(f, p, batch)

    const carve = carver(f, scratch)
    const Q = carve(p.D.shl(2).add(16))
    const S = carve((f.simd.rows + 1) * rowBytes)
    const O = carve(p.Dv.shl(2).add(16))
    const [M, L, rescale] = [carve(4), carve(4), carve(4)]

    const factor = f.v128(p.scale.splat())
    forEach4(f, p.D, [q], [f.i32(Q)], (x) => [x.mul(factor)])
    parts.fill(f, O, p.Dv.add(3), 0)
    const sink = f.f32(lowest)
    f.if(p.sink, () => sink.set(p.sink.add(head.shl(2)).f32().max(lowest)))
    f.storeF32(M, sink)
    f.storeF32(L, select(f32(1), f32(0), sink.gt(lowest)))

    const last = f.i32(see.until(i32(1)))
    const [j0, keys, columns] = [f.i32(), f.i32(), f.i32()]
    f.for(j0, blockAt(see.from(i32(0))), last, blockColumns, () => {
      keys.set(last.sub(j0).min(blockColumns))
      columns.set(keys.roundUp(8))
      const place = { batch, head, i: i32(0), rows: i32(1), j0, keys, columns }
      f.call(parts.along, Q, k0.add(j0.mul(p.kT)), p.kT, S, keys, p.D)
      parts.applyRules(f, p, see, { S, ...place })
      f.call(parts.softmax, S, columns, M, L, rescale)
      addValues(f, {
        P: S,
        V: v0.add(j0.mul(p.vT)),
        stride: p.vT,
        keys,
        O,
        width: p.Dv,
        rescale,
      })
    })

    const stats = f.i32(statsAt(p, batch, head, i32(0)))
    const out = f.i32(headAt(p.out, p.H.mul(p.Dv).shl(2), batch, head, p.Dv))
    const to = { out, outStep: i32(0), m: p.m.add(stats), l: p.l.add(stats) }
    parts.writeRows(f, { O, oStep: i32(0), M, L, ...to, rows: i32(1), width: p.Dv })
  },
)

export const attentionOneKernels = [oneQuery]

/** `attention` of several queries, or of one. */
export const attentionOne = (
  run: RunKernel,
  host: WasmHost,
  { attention }: Pick<Kernels, 'attention'>,
): Pick<Kernels, 'attention'> => ({
  attention(all) {
    const [B, Tq, H] = all.q.shape
    if (Tq !== 1) return attention(all)
    const { v, out, ...inputs } = all
    const values = valuesOf(v, out)
    withAttentionArgs(host, inputs, (args) => run(oneQuery, B * H, Object.assign(args, values)))
  },
})
