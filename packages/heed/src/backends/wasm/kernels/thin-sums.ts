import { bytesPerElement } from '../../../tensor/dtype.js'
import type { Callable } from '../emit/function.js'
import type { ModuleBuilder } from '../emit/module.js'
import { type I32, i32, v128 } from '../emit/values.js'
import { keepApart } from './micro.js'
import { transpose4 } from './pack.js'
import { panelColumns, stepReader } from './panels.js'
import { advance } from './support.js'
import { weightReader, type WeightType } from './weights.js'

/* The sums of products of few rows (thin.ts), a pass of them at a time, by how B lies. */

/** sums[column] = Σ a[step] · B[step, column]: (a, B, stride of B's rows in bytes, sums, columns, k) */
const params = ['i32', 'i32', 'i32', 'i32', 'i32', 'i32'] as const
type Sums = (m: ModuleBuilder, type: WeightType) => Callable<typeof params>

/** B is [columns, k]: 16 rows at a time, turned four by four on the way, so that a vector is a step of four columns. */
export const sumsAlong: Sums = (m, type) =>
  m.once(`sumsAlong ${type}`, () =>
    m.func(params, (f, a, b, ldb, sums, columns, k) => {
      const reader = weightReader(f, type)
      const [j, step, left, x] = [f.i32(), f.i32(), f.i32(), f.i32()]
      const rows = Array.from({ length: 16 }, () => f.i32())
      const [acc, r, t, turned] = [f.v128s(4), f.v128s(4), f.v128s(4), f.v128s(4)]
      const last = f.i32(columns.sub(1))
      const end = f.i32(a.add(k.and(-4).shl(2)))
      const apart = keepApart(f)
      const groups = [0, 4, 8, 12].map((at) => rows.slice(at, at + 4))
      /** The next four steps of four columns, one vector each. */
      const turn = (group: typeof rows) => {
        const at = group.map((row) => row.add(x))
        transpose4(reader, at, r, t).forEach((column, s) => turned[s].set(column))
      }
      f.for(j, 0, columns, 16, () => {
        rows.forEach((row, n) => row.set(b.add(j.add(n).min(last).mul(ldb))))
        for (const sum of acc) sum.set(v128(0))
        x.set(i32(0))
        step.set(a)
        f.if(step.ltU(end), () =>
          f.loop(
            (leave) => {
              groups.forEach((group, g) => {
                if (g > 0) apart(leave, step)
                turn(group)
                turned.forEach((column, s) => acc[g].set(f.madd(step.splatF32(4 * s), column, acc[g])))
              })
              step.set(step.add(16))
              x.set(x.add(4 * reader.bytes))
            },
            () => step.ltU(end),
          ),
        )
        left.set(k.and(3))
        f.if(left, () =>
          groups.forEach((group, g) => {
            turn(group)
            turned
              .slice(0, 3)
              .forEach((column, s) =>
                f.if(left.gt(s), () => acc[g].set(f.madd(step.splatF32(4 * s), column, acc[g]))),
              )
          }),
        )
        acc.forEach((sum, g) => f.store(sums.add(j.shl(2)), sum, 16 * g))
      })
    }),
  )

/** B is [k, columns]: four rows at a time, each as it lies. */
export const sumsAcross: Sums = (m, type) =>
  m.func(params, (f, a, b, ldb, sums, columns, k) => {
    const { bytes, read4 } = weightReader(f, type)
    const [to, end, step] = [f.i32(), f.i32(sums.add(columns.shl(2))), f.i32()]
    const from = Array.from({ length: 4 }, () => f.i32())
    const [sum, factors] = [f.v128(), f.v128s(4)]
    f.for(to, sums, end, 16, () => f.store(to, v128(0)))
    /** The next `count` steps of all columns. */
    const steps = (count: number) => {
      for (let s = 0; s < count; s++) {
        factors[s].set(a.splatF32(4 * s))
        from[s].set(b)
        b.set(b.add(ldb))
      }
      f.for(to, sums, end, 16, () => {
        sum.set(to.v128())
        for (let s = 0; s < count; s++) {
          sum.set(f.madd(factors[s], read4(from[s]), sum))
          from[s].set(from[s].add(4 * bytes))
        }
        f.store(to, sum)
      })
      a.set(a.add(4 * count))
    }
    f.for(step, 0, k.and(-4), 4, () => steps(4))
    f.for(step, 0, k.and(3), 1, () => steps(1))
  })

/**
 * sums[rows, 32] += A[rows, k] · steps of a panel of B (· scales): (A, stride of A's rows in bytes, panel, sums, scales, k).
 * Eight sums at a time: all columns of one row, or half of them of two.
 */
export const sumsOfPanel = (m: ModuleBuilder, type: WeightType, rows: 1 | 2) =>
  m.func(['i32', 'i32', 'i32', 'i32', 'i32', 'i32'], (f, a, lda, panel, sums, scales, k) => {
    const { scale, read16 } = stepReader(f, type)
    const [bytes, columns] = [bytesPerElement[type], panelColumns / rows]
    const acc = Array.from({ length: rows }, () => f.v128s(columns / 4))
    const [x, factors, less] = [f.v128(), f.v128s(rows), f.v128(v128(1 / scale))]
    const at = Array.from({ length: rows }, () => f.i32())
    const [part, from] = [f.i32(), f.i32()]
    /** The next step of 16 columns from `column` on. */
    const step = (s: number, column: number) => {
      if (column === 0) factors.forEach((factor, r) => factor.set(at[r].splatF32(4 * s)))
      read16(from, s * panelColumns + column).forEach((weights, v) => {
        if (rows > 1) x.set(weights)
        for (const [r, row] of acc.entries()) {
          const sum = row[column / 4 + v]
          sum.set(f.madd(factors[r], rows > 1 ? x : weights, sum))
        }
      })
    }
    const steps = (count: number, end: I32) => {
      const apart = keepApart(f)
      f.if(at[0].ltU(end), () =>
        f.loop(
          (leave) => {
            for (let s = 0; s < count; s++)
              for (let column = 0; column < columns; column += 16) {
                if (s + column > 0) apart(leave, at[0])
                step(s, column)
              }
            advance(at, 4 * count)
            advance([from], count * panelColumns * bytes)
          },
          () => at[0].ltU(end),
        ),
      )
    }
    f.for(part, 0, i32(rows), 1, () => {
      from.set(panel)
      at.forEach((p, r) => p.set(a.add(lda.mul(r))))
      for (const sum of acc.flat()) sum.set(v128(0))
      steps(4, f.i32(a.add(k.and(-4).shl(2))))
      steps(1, f.i32(a.add(k.shl(2))))
      acc.forEach((row, r) =>
        row.forEach((sum, v) => {
          const to = 4 * panelColumns * r + 16 * v
          const before = sums.v128(to)
          if (scale !== 1) sum.set(sum.mul(less))
          f.store(sums, type === 'int8' ? f.madd(sum, scales.v128(16 * v), before) : sum.add(before), to)
        }),
      )
      advance([sums, scales], 4 * columns)
      advance([panel], columns * bytes)
    })
  })
