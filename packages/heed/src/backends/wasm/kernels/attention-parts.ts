import type { Fn, Local } from '../emit/function.js'
import type { ModuleBuilder } from '../emit/module.js'
import { f32, i32, type I32, select, v128 } from '../emit/values.js'
import type { AttentionArgs } from './attention-args.js'
import { makeExp } from './exp.js'
import { micro, newTile, tileColumns, unroll } from './micro.js'
import { packAcross, packAlong } from './pack.js'
import { forEach4 } from './support.js'

/*
 * What forward, backward and probe share: a map is walked in blocks of `blockRows` queries × `blockColumns` keys, and
 * in a block by groups of as many queries as a register tile has rows. Scores of a group are rows of `blockColumns`
 * floats in scratch. A score is scale·q · k summed in order of the head dimension wherever it is computed, so its
 * bits are the same in all three.
 */

/**
 * Queries per block: a multiple of 12, so that groups of 6 or 4 and steps of 4 come out even. More would pack keys and
 * values less often, and leave threads fewer blocks to share.
 */
export const blockRows = 96
/** Keys per block: a multiple of 24, for groups of 6, panels of 8 and steps of 4. */
export const blockColumns = 192
/** Bytes from one row of scores to the next. */
export const rowBytes = blockColumns * 4
/** Bytes of one step of the contraction in a packed panel of columns. */
const stepBytes = tileColumns * 4

/** Cuts a thread's scratch memory into pieces, 64-byte aligned, with room for what packing writes too far. */
export function carver(f: Fn, scratch: I32): (bytes: I32 | number) => Local<I32> {
  const top = f.i32(scratch)
  return (bytes) => {
    const piece = f.i32(top)
    top.set(top.add(i32(bytes)).add(127).and(-64))
    return piece
  }
}

/** Address of time step 0 of a head in a tensor [B, T, H, size] whose batches are `strideB` bytes apart. */
export const headAt = (base: I32, strideB: I32, batch: I32, head: I32, size: I32): I32 =>
  base.add(batch.mul(strideB)).add(head.mul(size).shl(2))

/** Byte offset of query i of a head in m and ℓ, [B, H, Tq]. */
export const statsAt = (p: AttentionArgs, batch: I32, head: I32, i: I32): I32 =>
  batch.mul(p.H).add(head).mul(p.Tq).add(i).shl(2)

/** Which keys the rows of a batch may see at all, from `causal` and `lengths`. */
export function visibility(f: Fn, p: AttentionArgs, batch: I32) {
  const length = f.i32(p.Tk)
  f.if(p.lengths, () => length.set(p.lengths.add(batch.shl(2)).i32()))
  const offset = f.i32()
  f.if(p.causal, () => offset.set(p.causal.add(batch.shl(2)).i32()))
  return {
    /** One past the last key that any row before `end` sees: what a block of queries need not look beyond. */
    until: (end: I32): I32 => select(length, end.add(offset).min(length).max(0), p.causal.isZero()),
    /** Row i sees key j0 + c when c is below the first and, where causal, below the second plus (i − row). */
    limits: (row: I32, j0: I32): [I32, I32, I32] => [
      length.sub(j0),
      select(i32(2 ** 30), row.add(offset).add(1).sub(j0), p.causal.isZero()),
      p.causal.ne(0),
    ],
  }
}

/** The functions that the attention kernels call. */
export function attentionParts(m: ModuleBuilder) {
  const groupRows = m.simd.rows
  const scores = product(m, 'scores', { strideRow: 4, strideK: groupRows * 4, accumulate: false })
  const overKeys = product(m, 'overKeys', { strideRow: rowBytes, strideK: 4, accumulate: true })
  const overQueries = product(m, 'overQueries', { strideRow: 4, strideK: rowBytes, accumulate: true })
  const [hideFrom, hideMasked, scale] = [hide(m), hideByMask(m), scaleInPlace(m)]
  /** Queries (or dO) as the A of a product over the head dimension. */
  const packGroups = packAlong(m, groupRows)
  return {
    packGroups,
    /** Keys (or V) as the B of such a product. */
    packColumns: packAlong(m, tileColumns),
    /** Rows of K, V, Q or dO as the B of a product over keys or queries. */
    packRows: packAcross(m, tileColumns),
    weights: weights(m),

    /** `rows` queries from address `from` on, times the scale, in groups at Q. */
    packQueries(f: Fn, p: AttentionArgs, from: I32, Q: I32, rows: I32, depth: I32): void {
      f.call(packGroups, from, Q, rows, p.D, p.qT)
      f.call(scale, Q, rows.roundUp(groupRows).mul(depth), p.scale)
    },

    /** S = A · Bᵀ over `depth` steps: a packed group times packed columns. */
    scores(f: Fn, A: I32, B: I32, S: I32, columns: I32, depth: I32): void {
      f.call(scores, A, B, S, i32(rowBytes), columns, depth, depth.mul(stepBytes), i32(0))
    },

    /** −∞ into the scores of a group that the rules do not allow. */
    hide(f: Fn, p: AttentionArgs, see: ReturnType<typeof visibility>, S: I32, at: Place): void {
      f.call(hideFrom, S, at.columns, ...see.limits(at.i, at.j0))
      f.if(p.mask, () => {
        const [b, h] = [at.batch.mul(p.maskB), at.head.mul(p.maskH)]
        const mask = p.mask.add(b).add(h).add(at.i.mul(p.maskQ)).add(at.j0.mul(p.maskK))
        const rows = at.rows.min(groupRows)
        f.call(hideMasked, S, rows, at.columns.min(at.keys), mask, p.maskQ, p.maskK)
      })
    },

    /** C = factors ⊙ C + P · B over `keys` steps, rows of P being queries; B's panels hold `panelKeys` steps. */
    overKeys(f: Fn, P: I32, B: I32, C: I32, a: Accumulation & { keys: I32; panelKeys: I32 }): void {
      const panel = a.panelKeys.roundUp(unroll).mul(stepBytes)
      f.call(overKeys, P, B, C, a.width.shl(2), a.width, a.keys, panel, a.factors)
    },

    /** C = factors ⊙ C + Pᵀ · B over `rows` steps, rows of Pᵀ being keys. */
    overQueries(f: Fn, P: I32, B: I32, C: I32, a: Accumulation & { rows: I32 }): void {
      const panel = a.rows.roundUp(unroll).mul(stepBytes)
      f.call(overQueries, P, B, C, a.width.shl(2), a.width, a.rows, panel, a.factors)
    },
  }
}

/** Where in the map a group of scores lies. */
interface Place {
  batch: I32
  head: I32
  /** The group's first query, and how many there are from it on in the block. */
  i: I32
  rows: I32
  /** The block's first key, and how many it has. */
  j0: I32
  keys: I32
  /** Columns computed: whole panels, and no more of them than the group needs. */
  columns: I32
}

interface Accumulation {
  /** Columns of C, a multiple of 8. */
  width: I32
  /** Address of a factor for each row of the group. */
  factors: I32
}

interface ProductShape {
  strideRow: number
  strideK: number
  accumulate: boolean
}

/** (a, b, c, bytes per row of c, columns, k, bytes per panel of b, factors): one group of rows times packed panels. */
const product = (m: ModuleBuilder, name: string, { strideRow, strideK, accumulate }: ProductShape) =>
  m.once(name, () =>
    m.func(
      ['i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32'],
      (f, a0, b0, c0, ldc, columns, k, panel, factors) => {
        const tile = newTile(f)
        const [a, b, c] = [f.i32(), f.i32(), f.i32()]
        const end = f.i32(c0.add(columns.shl(2)))
        k.set(k.roundUp(unroll))
        f.while(
          () => c0.ltU(end),
          () => {
            a.set(a0)
            b.set(b0)
            micro(f, tile, { a, b, k, strideRow, strideK })
            c.set(c0)
            tile.acc.forEach((row, r) => {
              if (accumulate) tile.a.set(factors.splatF32(r * 4))
              row.forEach((x, q) => f.store(c, accumulate ? f.madd(tile.a, c.v128(q * 16), x) : x, q * 16))
              c.set(c.add(ldc))
            })
            b0.set(b0.add(panel))
            c0.set(c0.add(stepBytes))
          },
        )
      },
    ),
  )

/** Runs the body for each row of a group of scores, S moving on from row to row. */
export function forEachGroupRow(f: Fn, S: Local<I32>, body: (at: Local<I32>) => void): void {
  const [r, at] = [f.i32(), f.i32()]
  f.for(r, 0, i32(f.simd.rows), 1, () => {
    at.set(S)
    body(at)
    S.set(S.add(rowBytes))
  })
}

/** (scores, columns, limit, causal limit, step): −∞ from column min(limit, causal limit + step · r) on, in each row r. */
const hide = (m: ModuleBuilder) =>
  m.once('hide', () =>
    m.func(['i32', 'i32', 'i32', 'i32', 'i32'], (f, S, columns, limit, causalLimit, step) => {
      const never = f.v128(v128(-Infinity))
      const seen = f.i32()
      forEachGroupRow(f, S, (at) => {
        seen.set(limit.min(causalLimit).max(0))
        at.set(at.add(seen.shl(2)))
        forEach4(f, columns.sub(seen), [], [at], () => [never])
        causalLimit.set(causalLimit.add(step))
      })
    }),
  )

/** (scores, rows, columns, mask, mask's bytes per row and per column): −∞ where the mask is 0. */
const hideByMask = (m: ModuleBuilder) =>
  m.once('hideByMask', () =>
    m.func(
      ['i32', 'i32', 'i32', 'i32', 'i32', 'i32'],
      (f, S, rows, columns, mask, strideRow, strideColumn) => {
        const [r, c] = [f.i32(), f.i32()]
        f.for(r, 0, rows, 1, () => {
          f.for(c, 0, columns, 1, () => {
            f.if(mask.add(c.mul(strideColumn)).u8().isZero(), () => f.storeF32(S.add(c.shl(2)), -Infinity))
          })
          mask.set(mask.add(strideRow))
          S.set(S.add(rowBytes))
        })
      },
    ),
  )

/** (scores, columns, m, l): scores of a group become weights exp(s − m) / ℓ, 0 where ℓ is 0. */
const weights = (m: ModuleBuilder) =>
  m.once('weights', () =>
    m.func(['i32', 'i32', 'i32', 'i32'], (f, S, columns, mAt, lAt) => {
      const exp = makeExp(f)
      const [max, inverse, l] = [f.v128(), f.v128(), f.f32()]
      forEachGroupRow(f, S, (at) => {
        max.set(mAt.splatF32())
        l.set(lAt.f32())
        inverse.set(select(f32(1).div(l), f32(0), l.gt(0)).splat())
        forEach4(f, columns, [at], [at], (s) => [exp(s.sub(max)).mul(inverse)])
        mAt.set(mAt.add(4))
        lAt.set(lAt.add(4))
      })
    }),
  )

/** (address, count, factor): multiplies floats in place. */
const scaleInPlace = (m: ModuleBuilder) =>
  m.once('scaleInPlace', () =>
    m.func(['i32', 'i32', 'f32'], (f, at, count, factor) => {
      const k = f.v128(factor.splat())
      forEach4(f, count, [at], [at], (x) => [x.mul(k)])
    }),
  )

/** Fills `count` floats with one value. */
export function fillFloats(f: Fn, at: I32, count: I32 | number, value: number): void {
  const x = f.v128(v128(value))
  forEach4(f, i32(count), [], [f.i32(at)], () => [x])
}
