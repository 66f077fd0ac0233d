import type { Fn, Local } from '../emit/function.js'
import type { ModuleBuilder } from '../emit/module.js'
import { f32, type I32, select, type V128, v128 } from '../emit/values.js'
import { forEachGroupRow, forEachPair, rowBytes } from './attention-layout.js'
import { exp2Parts, makeExp2 } from './exp.js'
import { forEach4 } from './support.js'

/** Before the first key: finite, so that −∞ minus it is −∞ and not NaN. */
export const lowest = -3.4028234663852886e38

/** exp(s − m), the same bits wherever attention needs it: 2 to the power (s − m) · log₂ e. */
export function makeExpAbove(f: Fn): (s: V128, m: V128) => V128 {
  const exp2 = makeExp2(f)
  const LOG2E = f.v128(v128(Math.LOG2E))
  return (s, m) => exp2(s.sub(m).mul(LOG2E))
}

/**
 * (scores, columns, m, l, rescale): scores of a group, or of its first `rows`, become exp(s − m); m and ℓ move on;
 * rescale = exp(m before − m). The row behind them holds whole numbers between the two loops of `exp2Parts`.
 */
export const onlineSoftmax = (m: ModuleBuilder, rows = m.simd.rows) =>
  m.once(`onlineSoftmax${rows}`, () =>
    m.func(['i32', 'i32', 'i32', 'i32', 'i32'], (f, S, columns, mAt, lAt, rescale) => {
      const { split, join } = exp2Parts(f)
      const LOG2E = f.v128(v128(Math.LOG2E))
      const partsAbove = (s: V128, m: V128) => split(s.sub(m).mul(LOG2E))
      const [max, sum] = [f.v128s(2), f.v128s(2)]
      const [before, y] = f.v128s(2)
      const [whole, behind] = [f.i32(), f.i32(S.add(rows * rowBytes))]
      const row = (at: Local<I32>) => {
        before.set(mAt.splatF32())
        for (const x of max) x.set(before)
        forEachPair(f, columns, [at], (c) => max[c].set(at.v128(16 * c).pmax(max[c])))
        max[0].set(max[0].pmax(max[1]))
        f.spreadMax(max[0])
        for (const x of sum) x.set(v128(0))
        at.set(S)
        whole.set(behind)
        forEachPair(f, columns, [at, whole], (c) => {
          const [r, n] = partsAbove(at.v128(16 * c), max[0])
          f.store(at, r, 16 * c)
          f.store(whole, n, 16 * c)
        })
        at.set(S)
        whole.set(behind)
        forEachPair(f, columns, [at, whole], (c) => {
          y.set(join(at.v128(16 * c), whole.v128(16 * c)))
          sum[c].set(sum[c].add(y))
          f.store(at, y, 16 * c)
        })
        sum[0].set(sum[0].add(sum[1]))
        y.set(join(...partsAbove(before, max[0])))
        f.storeF32(rescale, y.lane(0))
        f.storeF32(lAt, lAt.f32().mul(y.lane(0)).add(f.sum(sum[0])))
        f.storeF32(mAt, max[0].lane(0))
        for (const x of [mAt, lAt, rescale]) x.set(x.add(4))
      }
      forEachGroupRow(f, S, row, rows)
    }),
  )

/** (scores, columns, m, l): scores of a group become weights exp(s − m) / ℓ, 0 where ℓ is 0. */
export const weights = (m: ModuleBuilder) =>
  m.once('weights', () =>
    m.func(['i32', 'i32', 'i32', 'i32'], (f, S, columns, mAt, lAt) => {
      const expAbove = makeExpAbove(f)
      const [max, inverse, l] = [f.v128(), f.v128(), f.f32()]
      forEachGroupRow(f, S, (at) => {
        max.set(mAt.splatF32())
        l.set(lAt.f32())
        inverse.set(select(f32(1).div(l), f32(0), l.gt(0)).splat())
        forEach4(f, columns, [at], [at], (s) => [expAbove(s, max).mul(inverse)])
        mAt.set(mAt.add(4))
        lAt.set(lAt.add(4))
      })
    }),
  )
