import type { ModuleBuilder } from '../emit/module.js'
import { f32, v128 } from '../emit/values.js'
import { forEachGroupRow, rowBytes } from './attention-layout.js'
import { makeExp } from './exp.js'
import { forEach4 } from './support.js'
import { makeTanh } from './tanh.js'

/** A softcap on the scores of a group, and its derivative. */
export const softcaps = (m: ModuleBuilder) => ({ apply: softcapInPlace(m), slope: softcapSlope(m) })

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
