import type { Fn } from '../emit/function.js'
import { type ArgLocals, i32s } from '../emit/kernel.js'
import type { ModuleBuilder } from '../emit/module.js'
import { f32, i32, type I32, select } from '../emit/values.js'
import { type AttentionArgs, attentionArgs, valueArgs } from './attention-args.js'
import { blockRows, forEachGroupRow, forEachPair, overhang, rowBytes, statsAt } from './attention-layout.js'
import { attentionScores } from './attention-scores.js'
import { makeExpAbove } from './attention-softmax.js'
import type { Visibility } from './attention-visibility.js'
import { tileColumns, unroll } from './micro.js'

/** Bytes of P or dS of a block in scratch. */
export const scoreBytes = (blockRows + overhang) * rowBytes

/** The arguments that all backward kernels begin with. */
export const gradArgs = { ...attentionArgs, ...valueArgs, ...i32s('dOut') }

/** Bytes from one query to the next in out and dOut. */
export const outStep = (p: ArgLocals<typeof gradArgs>): I32 => p.H.mul(p.Dv).shl(2)

/** What the backward kernels share: the weights of a block of queries × keys again, and the gradient of its scores. */
export function attentionGradParts(m: ModuleBuilder) {
  const parts = attentionScores(m)
  const [gradients, bySlopes] = [weightsAndGradients(m), multiplyGroup(m)]
  return {
    ...parts,

    /** How many columns of a block the group of queries from `i` on needs: whole panels, none if it sees nothing. */
    columnsSeen(f: Fn, see: Visibility, i: I32, { j0, keys }: { j0: I32; keys: I32 }): I32 {
      const columns = see.until(i.add(f.simd.rows)).sub(j0).min(keys).max(0).roundUp(tileColumns)
      return select(columns, i32(0), see.from(i).lt(j0.add(keys)))
    },

    /**
     * P and dS = P ⊙ (dO Vᵀ − δ) of a block, group by group, 0 where a group sees nothing; with room for the softcap's
     * slopes it is dS ⊙ softcap′, the gradient of the scores before the softcap.
     */
    blockGradients(f: Fn, p: AttentionArgs, see: Visibility, b: BlockGradients): void {
      const groupRows = f.simd.rows
      const [g, i, stats, columns] = [f.i32(), f.i32(), f.i32(), f.i32()]
      const all = f.i32(b.keys.roundUp(tileColumns))
      f.for(g, 0, b.rows, groupRows, () => {
        i.set(b.i0.add(g))
        columns.set(this.columnsSeen(f, see, i, b))
        const [Pg, dSg] = [b.P.add(g.mul(rowBytes)), b.dS.add(g.mul(rowBytes))]
        f.if(columns.lt(all), () => {
          // what the group does not see adds nothing to the gradients of the keys
          const unseen = { toStep: rowBytes, rows: i32(groupRows), width: all.sub(columns) }
          for (const X of [Pg, dSg]) parts.zeroRows(f, { to: X.add(columns.shl(2)), ...unseen })
        })
        f.if(columns.gt(0), () => {
          stats.set(statsAt(p, b.batch, b.head, i))
          const place = { ...b, i, rows: b.rows.sub(g), columns }
          const Q = b.Q.add(g.mul(b.depthK).shl(2))
          parts.groupScores(f, p, see, { ...place, Q, S: Pg, depth: b.depthK }, b.slopes)
          parts.scores(f, b.dO.add(g.mul(b.depthV).shl(2)), b.V, dSg, columns, b.depthV)
          f.call(gradients, Pg, dSg, columns, p.m.add(stats), p.l.add(stats), b.delta.add(g.shl(2)))
          if (b.slopes) {
            const slopes = b.slopes
            f.if(p.softcap.gt(0), () => f.call(bySlopes, dSg, slopes, columns))
          }
        })
      })
      // nor do queries that do not exist, whose rows products still read
      const end = b.rows.roundUp(unroll).max(b.rows.roundUp(groupRows))
      const behind = f.i32(end.sub(b.rows).mul(rowBytes / 4))
      for (const X of [b.P, b.dS]) parts.fill(f, X.add(b.rows.mul(rowBytes)), behind, 0)
    },
  }
}

export interface BlockGradients {
  batch: I32
  head: I32
  /** The block's first query and its queries, its first key and its keys. */
  i0: I32
  rows: I32
  j0: I32
  keys: I32
  /** Packed queries, keys, gradients of the output and values, with the steps of each contraction. */
  Q: I32
  K: I32
  dO: I32
  V: I32
  depthK: I32
  depthV: I32
  /** δ of each query. */
  delta: I32
  /** Where the results go: rows that are `rowBytes` apart. */
  P: I32
  dS: I32
  /** Room for a group's slopes of the softcap. */
  slopes?: I32
}

/** (S, dP, columns, m, l, delta): scores of a group become P = exp(s − m) / ℓ, dP becomes dS = P ⊙ (dP − δ). */
const weightsAndGradients = (m: ModuleBuilder) =>
  m.once('weightsAndGradients', () =>
    m.func(['i32', 'i32', 'i32', 'i32', 'i32', 'i32'], (f, S, dP, columns, mAt, lAt, delta) => {
      const expAbove = makeExpAbove(f)
      const [max, inverse, d, w] = f.v128s(4)
      const [dPat, l] = [f.i32(), f.f32()]
      forEachGroupRow(f, S, (at) => {
        dPat.set(dP)
        max.set(mAt.splatF32())
        d.set(delta.splatF32())
        l.set(lAt.f32())
        inverse.set(select(f32(1).div(l), f32(0), l.gt(0)).splat())
        forEachPair(f, columns, [at, dPat], (c) => {
          w.set(expAbove(at.v128(16 * c), max).mul(inverse))
          f.store(at, w, 16 * c)
          f.store(dPat, w.mul(dPat.v128(16 * c).sub(d)), 16 * c)
        })
        dP.set(dP.add(rowBytes))
        for (const x of [mAt, lAt, delta]) x.set(x.add(4))
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
        forEachPair(f, columns, [at, factors], (c) =>
          f.store(at, at.v128(16 * c).mul(factors.v128(16 * c)), 16 * c),
        )
        b.set(b.add(rowBytes))
      })
    }),
  )
