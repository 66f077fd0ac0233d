import type { Fn } from '../emit/function.js'
import type { ModuleBuilder } from '../emit/module.js'
import { f32, type F32, i32, type I32, select, v128 } from '../emit/values.js'
import { forEach4 } from './support.js'

/** Loops over rows of floats that the attention kernels need around their products, each one function for all of them. */
export function rowLoops(m: ModuleBuilder) {
  const [fill, add, dot, finish] = [fillRows(m), addScaled(m), dotProducts(m), writeOutput(m)]
  return {
    /** Fills `count` floats with one value. */
    fill: (f: Fn, at: I32, count: I32 | number, value: F32 | number): void =>
      f.call(fill, at, i32(0), i32(1), i32(count), f32(value)),

    /** Zeros into `rows` rows of `width` floats that are `toStep` bytes apart. */
    zeroRows: (f: Fn, a: { to: I32; toStep: I32 | number; rows: I32; width: I32 }): void =>
      f.call(fill, a.to, i32(a.toStep), a.rows, a.width, f32(0)),

    /** to += factor · from, row by row; steps are the bytes from one row to the next. */
    addRows: (f: Fn, a: RowSum): void =>
      f.call(add, a.from, i32(a.fromStep), a.to, i32(a.toStep), a.rows, a.width, f32(a.factor ?? 1)),

    /**
     * δ: out[r] = a_r · b_r, by multiply-adds in order of the columns, as a product computes dP: where a row sees a
     * single key, dP − δ is then exactly 0 and not the difference of two roundings. Writes whole fours.
     */
    dots: (f: Fn, p: { a: I32; b: I32; step: I32; width: I32; rows: I32; out: I32 }): void =>
      f.call(dot, p.a, p.b, p.step, p.width, p.rows, p.out),

    /** out = O / ℓ, row by row; a row that saw nothing gives zeros, and 0 for m and ℓ. */
    writeRows: (f: Fn, a: Output): void =>
      f.call(finish, a.O, a.oStep, a.M, a.L, a.out, a.outStep, a.m, a.l, a.rows, a.width),
  }
}

export interface RowSum {
  from: I32
  fromStep: I32 | number
  to: I32
  toStep: I32 | number
  rows: I32
  width: I32
  /** Default 1. */
  factor?: F32
}

export interface Output {
  /** Weighted sums, maxima and sums of exponentials in scratch, and where they go. */
  O: I32
  oStep: I32
  M: I32
  L: I32
  out: I32
  outStep: I32
  m: I32
  l: I32
  rows: I32
  width: I32
}

/** (to, bytes from row to row, rows, width, value) */
const fillRows = (m: ModuleBuilder) =>
  m.once('fillRows', () =>
    m.func(['i32', 'i32', 'i32', 'i32', 'f32'], (f, to, toStep, rows, width, value) => {
      const [r, at, x] = [f.i32(), f.i32(), f.v128(value.splat())]
      f.for(r, 0, rows, 1, () => {
        at.set(to)
        forEach4(f, width, [], [at], () => [x])
        to.set(to.add(toStep))
      })
    }),
  )

/** (from, its step, to, its step, rows, width, factor) */
const addScaled = (m: ModuleBuilder) =>
  m.once('addRows', () =>
    m.func(
      ['i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'f32'],
      (f, from, fromStep, to, toStep, rows, width, by) => {
        const [r, a, b, factor] = [f.i32(), f.i32(), f.i32(), f.v128(by.splat())]
        f.for(r, 0, rows, 1, () => {
          a.set(from)
          b.set(to)
          forEach4(f, width, [a, b], [b], (x, sum) => [sum.add(x.mul(factor))])
          from.set(from.add(fromStep))
          to.set(to.add(toStep))
        })
      },
    ),
  )

/** (a, b, step of both, width, rows, out): four rows at a time, so that one sum need not wait for the other. */
const dotProducts = (m: ModuleBuilder) =>
  m.once('dots', () =>
    m.func(['i32', 'i32', 'i32', 'i32', 'i32', 'i32'], (f, a0, b0, step, width, rows, out) => {
      const [r, c] = [f.i32(), f.i32()]
      const four = [0, 1, 2, 3].map((n) => ({ n, a: f.i32(), b: f.i32(), sum: f.v128() }))
      f.for(r, 0, rows, 4, () => {
        for (const { n, a, b, sum } of four) {
          const row = r.add(n).min(rows.sub(1)).mul(step)
          a.set(a0.add(row))
          b.set(b0.add(row))
          sum.set(v128(0))
        }
        f.for(c, 0, width, 1, () => {
          for (const { a, b, sum } of four) {
            sum.set(f.madd(a.laneF32(), b.laneF32(), sum))
            for (const p of [a, b]) p.set(p.add(4))
          }
        })
        for (const { n, sum } of four) f.storeF32(out, sum.lane(0), 4 * n)
        out.set(out.add(16))
      })
    }),
  )

/** (O, its step, M, L, out, its step, m, l, rows, width) */
const writeOutput = (m: ModuleBuilder) =>
  m.once('writeRows', () =>
    m.func(
      ['i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32'],
      (f, O, oStep, M, L, out, outStep, mAt, lAt, rows, width) => {
        const [r, from, to, l, inverse] = [f.i32(), f.i32(), f.i32(), f.f32(), f.v128()]
        f.for(r, 0, rows, 1, () => {
          l.set(L.f32())
          inverse.set(select(f32(1).div(l), f32(0), l.gt(0)).splat())
          from.set(O)
          to.set(out)
          forEach4(f, width, [from], [to], (o) => [o.mul(inverse)])
          f.storeF32(mAt, select(M.f32(), f32(0), l.gt(0)))
          f.storeF32(lAt, l)
          O.set(O.add(oStep))
          out.set(out.add(outStep))
          for (const at of [M, L, mAt, lAt]) at.set(at.add(4))
        })
      },
    ),
  )
