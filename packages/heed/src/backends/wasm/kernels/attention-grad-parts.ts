import type { Fn } from '../emit/function.js'
import { type ArgLocals, i32s } from '../emit/kernel.js'
import type { ModuleBuilder } from '../emit/module.js'
import { type I32, v128 } from '../emit/values.js'
import { type AttentionArgs, attentionArgs, valueArgs } from './attention-args.js'
import {
  attentionParts,
  blockRows,
  forEachGroupRow,
  rowBytes,
  statsAt,
  type Visibility,
} from './attention-parts.js'
import { forEach4 } from './support.js'

/** Rows of P and dS in scratch: whole groups, and steps of `unroll`, may reach beyond the block. */
export const scoreRows = blockRows + 8

/** The arguments that all backward kernels begin with. */
export const gradArgs = { ...attentionArgs, ...valueArgs, ...i32s('dOut') }

/** Bytes from one query to the next in out and dOut. */
export const outStep = (p: ArgLocals<typeof gradArgs>): I32 => p.H.mul(p.Dv).shl(2)

/** What the backward kernels share: the weights of a block of queries × keys again, and the gradient of its scores. */
export function attentionGradParts(m: ModuleBuilder) {
  const parts = attentionParts(m)
  const [gradScores, bySlopes] = [gradientOfScores(m), multiplyGroup(m)]
  return {
    ...parts,

    /**
     * P and dS = P ⊙ (dO Vᵀ − δ) of a block, group by group; with room for the softcap's slopes it is dS ⊙ softcap′,
     * the gradient of the scores before the softcap.
     */
    blockGradients(f: Fn, p: AttentionArgs, see: Visibility, b: BlockGradients): void {
      const groupRows = f.simd.rows
      const [g, i, stats] = [f.i32(), f.i32(), f.i32()]
      f.for(g, 0, b.rows, groupRows, () => {
        i.set(b.i0.add(g))
        stats.set(statsAt(p, b.batch, b.head, i))
        const [Pg, dSg] = [b.P.add(g.mul(rowBytes)), b.dS.add(g.mul(rowBytes))]
        const place = { ...b, i, rows: b.rows.sub(g) }
        const Q = b.Q.add(g.mul(b.depthK).shl(2))
        parts.groupScores(f, p, see, { ...place, Q, S: Pg, depth: b.depthK }, b.slopes)
        f.call(parts.weights, Pg, b.columns, p.m.add(stats), p.l.add(stats))
        parts.scores(f, b.dO.add(g.mul(b.depthV).shl(2)), b.V, dSg, b.columns, b.depthV)
        f.call(gradScores, Pg, dSg, b.delta.add(g.shl(2)), b.columns)
        if (b.slopes) {
          const slopes = b.slopes
          f.if(p.softcap.gt(0), () => f.call(bySlopes, dSg, slopes, b.columns))
        }
      })
    },
  }
}

export interface BlockGradients {
  batch: I32
  head: I32
  /** The block's first query and its queries, its first key and its keys, and the columns computed. */
  i0: I32
  rows: I32
  j0: I32
  keys: I32
  columns: I32
  /** Packed queries, keys, gradients of the output and values, with the steps of each contraction. */
  Q: I32
  K: I32
  dO: I32
  V: I32
  depthK: I32
  depthV: I32
  /** δ of each query. */
  delta: I32
  /** Where the results go: rows of `blockColumns` floats. */
  P: I32
  dS: I32
  /** Room for a group's slopes of the softcap. */
  slopes?: I32
}

/**
 * δ: out[r] = a_r · b_r, by multiply-adds in order of the columns, as `scores` computes dP: where a row sees a single
 * key, dP − δ is then exactly 0 and not the difference of two roundings.
 */
export function dots(f: Fn, p: { a: I32; b: I32; step: I32; width: I32; rows: I32; out: I32 }): void {
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
const gradientOfScores = (m: ModuleBuilder) =>
  m.once('gradScores', () =>
    m.func(['i32', 'i32', 'i32', 'i32'], (f, P, dP, delta, columns) => {
      const [weights, d] = [f.i32(), f.v128()]
      forEachGroupRow(f, dP, (at) => {
        d.set(delta.splatF32())
        weights.set(P)
        forEach4(f, columns, [weights, at], [at], (w, x) => [w.mul(x.sub(d))])
        P.set(P.add(rowBytes))
        delta.set(delta.add(4))
      })
    }),
  )

/** (a, b, columns): a ⊙ b into a, in a group. */
const multiplyGroup = (m: ModuleBuilder) =>
  m.once('multiplyGroup', () =>
    m.func(['i32', 'i32', 'i32'], (f, a, b, columns) => {
      const factors = f.i32()
      forEachGroupRow(f, a, (at) => {
        factors.set(b)
        forEach4(f, columns, [at, factors], [at], (x, y) => [x.mul(y)])
        b.set(b.add(rowBytes))
      })
    }),
  )
