import type { Fn } from '../emit/function.js'
import type { ModuleBuilder } from '../emit/module.js'
import { type I32, v128 } from '../emit/values.js'
import type { AttentionArgs } from './attention-args.js'
import { forEachGroupRow, rowBytes } from './attention-layout.js'
import { forEach4 } from './support.js'

/** A diagonal that no map reaches, far enough from the ends of int32 to be added to. */
const unbounded = 2 ** 30

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
    /** The first row that sees any key from `key` on. */
    rowsFrom: (key: I32): I32 => key.sub(last).max(0),
    /** One past the last row that sees any key before `end`. */
    rowsUntil: (end: I32): I32 => end.sub(first).max(0),
    /** Row + r sees key j0 + c when c is below the first, below the second + r, and at least the third + r. */
    limits: (row: I32, j0: I32): Limits => [
      f.i32(length.sub(j0)),
      f.i32(row.add(last).add(1).sub(j0)),
      f.i32(row.add(first).sub(j0)),
    ],
  }
}
export type Visibility = ReturnType<typeof visibility>
type Limits = [length: I32, end: I32, start: I32]

/** Writes −∞ into the scores of a group that its rows may not see. */
export function hiders(m: ModuleBuilder) {
  const [outside, masked] = [hide(m), hideByMask(m)]
  return {
    /** By the diagonals and the length; most groups see all of a block, and have nothing to write. */
    outside(f: Fn, S: I32, columns: I32, [length, end, start]: Limits): void {
      const some = length
        .min(end)
        .lt(columns)
        .or(start.add(f.simd.rows - 1).gt(0))
      f.if(some, () => f.call(outside, S, columns, length, end, start))
    },
    masked: (f: Fn, S: I32, rows: I32, columns: I32, mask: I32, strideRow: I32, strideColumn: I32): void =>
      f.call(masked, S, rows, columns, mask, strideRow, strideColumn),
  }
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
