import type { Fn, Local } from '../emit/function.js'
import type { ModuleBuilder } from '../emit/module.js'
import { f32, type F32, i32, type I32, select, v128 } from '../emit/values.js'
import type { AttentionArgs } from './attention-args.js'
import { makeExp } from './exp.js'
import { micro, newTile, tileColumns, unroll } from './micro.js'
import { packAcross, packAlong } from './pack.js'
import { forEach4 } from './support.js'
import { makeTanh } from './tanh.js'

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

/** The first key of the block that a key lies in. */
export const blockAt = (key: I32): I32 => key.divU(blockColumns).mul(blockColumns)

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

/** Which keys the rows of a batch may see at all, from `first`, `last` and `lengths`. */
export function visibility(f: Fn, p: AttentionArgs, batch: I32) {
  const ofBatch = (list: I32, otherwise: I32 | number) => {
    const value = f.i32(otherwise)
    f.if(list, () => value.set(list.add(batch.shl(2)).i32()))
    return value
  }
  const length = ofBatch(p.lengths, p.Tk)
  const [first, last] = [ofBatch(p.first, -unbounded), ofBatch(p.last, unbounded)]
  return {
    /** The first key that any row from `row` on sees. */
    from: (row: I32): I32 => row.add(first).max(0),
    /** One past the last key that any row before `end` sees. */
    until: (end: I32): I32 => end.add(last).min(length).max(0),
    /** Whether any of `rows` rows from `row` on sees any of `keys` keys from `j0` on. */
    meets: (row: I32, rows: I32, j0: I32, keys: I32): I32 =>
      row
        .add(rows)
        .add(last)
        .min(length)
        .gt(j0)
        .and(row.add(first).lt(j0.add(keys))),
    /** Row + r sees key j0 + c when c is below the first, below the second + r, and at least the third + r. */
    limits: (row: I32, j0: I32): [I32, I32, I32] => [
      length.sub(j0),
      row.add(last).add(1).sub(j0),
      row.add(first).sub(j0),
    ],
  }
}
export type Visibility = ReturnType<typeof visibility>

/** A diagonal that no map reaches, far enough from the ends of int32 to be added to. */
const unbounded = 2 ** 30

/** The functions that the attention kernels call. */
export function attentionParts(m: ModuleBuilder) {
  const groupRows = m.simd.rows
  const scores = product(m, 'scores', { strideRow: 4, strideK: groupRows * 4, accumulate: false })
  const overKeys = product(m, 'overKeys', { strideRow: rowBytes, strideK: 4, accumulate: true })
  const overQueries = product(m, 'overQueries', { strideRow: 4, strideK: rowBytes, accumulate: true })
  const [hideOutside, hideMasked, scale] = [hide(m), hideByMask(m), scaleInPlace(m)]
  const [softcap, slope] = [softcapInPlace(m), softcapSlope(m)]
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

    /**
     * The scores of a group of queries Q as the softmax takes them: softcap(Q Kᵀ) + bias, −∞ where the rules do not
     * allow. `slopes` is where the derivative of the softcap goes, if it is wanted and there is one.
     */
    groupScores(f: Fn, p: AttentionArgs, see: Visibility, a: GroupScores, slopes?: I32): void {
      const { S, columns } = a
      this.scores(f, a.Q, a.K, S, columns, a.depth)
      f.if(p.softcap.gt(0), () => {
        if (slopes) f.call(slope, S, slopes, columns, p.softcap)
        f.call(softcap, S, columns, p.softcap)
      })
      const rows = a.rows.min(groupRows)
      f.if(p.bias, () => {
        const row = p.bias.add(a.batch.mul(p.biasB)).add(a.head.mul(p.biasH)).add(a.i.mul(p.biasQ))
        const from = row.add(a.j0.shl(2))
        addRows(f, { from, fromStep: p.biasQ, to: S, toStep: rowBytes, rows, width: columns })
      })
      f.call(hideOutside, S, columns, ...see.limits(a.i, a.j0))
      f.if(p.mask, () => {
        const row = p.mask.add(a.batch.mul(p.maskB)).add(a.head.mul(p.maskH)).add(a.i.mul(p.maskQ))
        const keys = columns.min(a.keys)
        f.call(hideMasked, S, rows, keys, row.add(a.j0.mul(p.maskK)), p.maskQ, p.maskK)
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

export interface GroupScores {
  /** The group's packed queries, and the block's packed keys. */
  Q: I32
  K: I32
  /** Where the scores go. */
  S: I32
  depth: I32
  /** Where in the map the group lies: its first query, and how many there are from it on in the block. */
  batch: I32
  head: I32
  i: I32
  rows: I32
  /** The block's first key, and how many it has. */
  j0: I32
  keys: I32
  /** Columns computed: whole panels, and no more of them than the group needs. */
  columns: I32
}

export interface Accumulation {
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
export function forEachGroupRow(
  f: Fn,
  S: Local<I32>,
  body: (at: Local<I32>) => void,
  rows = f.simd.rows,
): void {
  const [r, at] = [f.i32(), f.i32()]
  f.for(r, 0, i32(rows), 1, () => {
    at.set(S)
    body(at)
    S.set(S.add(rowBytes))
  })
}

/** (scores, columns, length, end, start): −∞ into row r's columns before start + r, and from min(length, end + r) on. */
const hide = (m: ModuleBuilder) =>
  m.once('hide', () =>
    m.func(['i32', 'i32', 'i32', 'i32', 'i32'], (f, S, columns, length, end, start) => {
      const never = f.v128(v128(-Infinity))
      const [seen, before] = [f.i32(), f.i32()]
      forEachGroupRow(f, S, (at) => {
        before.set(start.min(columns))
        f.if(before.gt(0), () => forEach4(f, before, [], [f.i32(at)], () => [never]))
        seen.set(length.min(end).max(0))
        at.set(at.add(seen.shl(2)))
        forEach4(f, columns.sub(seen), [], [at], () => [never])
        end.set(end.add(1))
        start.set(start.add(1))
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

/** (scores, columns, c): s becomes c · tanh(s / c) in a group. */
const softcapInPlace = (m: ModuleBuilder) =>
  m.once('softcap', () =>
    m.func(['i32', 'i32', 'f32'], (f, S, columns, c) => {
      const tanh = makeTanh(f)
      const [cap, inverse] = [f.v128(c.splat()), f.v128(f32(1).div(c).splat())]
      forEachGroupRow(f, S, (at) => forEach4(f, columns, [at], [at], (s) => [tanh(s.mul(inverse)).mul(cap)]))
    }),
  )

/**
 * (scores, slopes, columns, c): the derivative of c · tanh(s / c) in a group, 1 − tanh² = 4e / (1 + e)² with
 * e = exp(−2 |s| / c), which keeps its precision where it is small.
 */
const softcapSlope = (m: ModuleBuilder) =>
  m.once('softcapSlope', () =>
    m.func(['i32', 'i32', 'i32', 'f32'], (f, S, slopes, columns, c) => {
      const exp = makeExp(f)
      const [factor, one, four] = [f.v128(f32(-2).div(c).splat()), f.v128(v128(1)), f.v128(v128(4))]
      const [to, e, sum] = [f.i32(), f.v128(), f.v128()]
      forEachGroupRow(f, S, (at) => {
        to.set(slopes)
        forEach4(f, columns, [at], [to], (s) => {
          e.set(exp(s.abs().mul(factor)))
          sum.set(e.add(one))
          return [e.mul(four).div(sum.mul(sum))]
        })
        slopes.set(slopes.add(rowBytes))
      })
    }),
  )

/** to += factor · from, row by row; steps are the bytes from one row to the next. */
export function addRows(f: Fn, a: RowSum): void {
  const [r, from, to] = [f.i32(), f.i32(), f.i32()]
  const factor = a.factor && f.v128(a.factor.splat())
  f.for(r, 0, a.rows, 1, () => {
    from.set(a.from.add(r.mul(a.fromStep)))
    to.set(a.to.add(r.mul(a.toStep)))
    forEach4(f, a.width, [from, to], [to], (x, sum) => [sum.add(factor ? x.mul(factor) : x)])
  })
}

interface RowSum {
  from: I32
  fromStep: I32 | number
  to: I32
  toStep: I32 | number
  rows: I32
  width: I32
  /** Default 1. */
  factor?: F32
}

/** Fills `count` floats with one value. */
export function fillFloats(f: Fn, at: I32, count: I32 | number, value: F32 | number): void {
  const x = f.v128(typeof value === 'number' ? v128(value) : value.splat())
  forEach4(f, i32(count), [], [f.i32(at)], () => [x])
}
