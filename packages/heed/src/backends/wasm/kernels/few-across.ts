import type { Callable } from '../emit/function.js'
import { i32s, kernelWith } from '../emit/kernel.js'
import type { ModuleBuilder } from '../emit/module.js'
import { v128 } from '../emit/values.js'
import { addSums } from './support.js'
import { thinArgs } from './thin.js'
import { forWeights, weightReader, type WeightType } from './weights.js'

/*
 * Products of few rows, such as a batch of sequences in one step of decoding: an element of B is used too seldom to
 * pay for being packed, and B is read where it lies, in order, so that memory can run ahead. Every sum is made of the
 * same steps in the same order as a tile's (micro.ts), so a row has the same bits here and in a larger product.
 */

/** With more rows than these it pays to pack B. */
export const fewRows = 32

export const fewArgs = { ...thinArgs, ...i32s('perItem') }

/** With more steps of the contraction than these it pays as well: so many pieces of rows of B are too far apart. */
export const mostSteps = 4096

/** Columns of an item of `fewAcross`: their sums for all rows stay in the first-level cache. */
export const acrossColumns = 128
const sumsStride = acrossColumns * 4 + 32

/** (A, lda, rows, B, ldb, sums, columns, k): sums += A · B, four steps of eight columns at a time for all rows. */
const sumsParams = Array.from({ length: 8 }, () => 'i32' as const)
const sumsAcross = (m: ModuleBuilder, type: WeightType): Callable<typeof sumsParams> =>
  m.func(sumsParams, (f, A, lda, rows, B, ldb, sums, columns, k) => {
    const { bytes, read4 } = weightReader(f, type)
    const [a, to, j, step, end] = [f.i32(), f.i32(), f.i32(), f.i32(), f.i32()]
    const from = Array.from({ length: 4 }, () => f.i32())
    const b = Array.from({ length: 4 }, () => f.v128s(2))
    const [acc, element] = [f.v128s(2), f.v128()]
    const last = f.i32(rows.mul(sumsStride))
    const [steps4, end4] = [f.i32(sums.sub(16 * fewRows)), f.i32(sums.sub(16 * fewRows).add(rows.shl(4)))]
    const take = (steps: number) => {
      for (const x of from.slice(0, steps)) {
        x.set(B)
        B.set(B.add(ldb))
      }
      // these steps of A side by side: its rows may lie at one place of the cache, or in as many pages
      a.set(A)
      f.for(to, steps4, end4, 16, () => {
        f.store(to, a.v128())
        a.set(a.add(lda))
      })
      A.set(A.add(4 * steps))
      f.for(j, 0, columns.shl(2), 32, () => {
        from.slice(0, steps).forEach((x, s) => {
          b[s].forEach((v, q) => v.set(read4(x, 4 * q)))
          x.set(x.add(8 * bytes))
        })
        a.set(steps4)
        to.set(sums.add(j))
        end.set(to.add(last))
        f.doWhile(
          () => {
            acc.forEach((x, q) => x.set(to.v128(16 * q)))
            for (let s = 0; s < steps; s++) {
              element.set(a.splatF32(4 * s))
              acc.forEach((x, q) => x.set(f.madd(element, b[s][q], x)))
            }
            acc.forEach((x, q) => f.store(to, x, 16 * q))
            a.set(a.add(16))
            to.set(to.add(sumsStride))
          },
          () => to.ltU(end),
        )
      })
    }
    f.for(step, 0, k.and(-4), 4, () => take(4))
    f.for(step, 0, k.and(3), 1, () => take(1))
  })

/** B is [k, columns]: four of its rows at a time, each in order. */
const fewAcrossOf = (type: WeightType) =>
  kernelWith(
    `few rows across ${type}`,
    fewArgs,
    (m) => sumsAcross(m, type),
    (f, p, item, scratch, sumUp) => {
      const bytes = weightReader(f, type).bytes
      const j0 = f.i32(item.mul(acrossColumns))
      const columns = f.i32(p.columns.sub(j0).min(acrossColumns))
      const [k0, row, kc, at] = [f.i32(), f.i32(), f.i32(), f.i32()]
      const [sums, scales, from, to, before, stride] = [f.i32(), f.i32(), f.i32(), f.i32(), f.i32(), f.i32()]
      scratch.set(scratch.add(16 * fewRows))
      const zeros = f.i32(scratch.add((fewRows + 1) * sumsStride))
      f.for(at, 0, columns.shl(2), 16, () => f.store(zeros.add(at), v128(0)))
      before.set(zeros)
      f.if(p.bias, () => before.set(p.bias.add(j0.shl(2))))
      f.for(k0, 0, p.k, p.blockK, () => {
        kc.set(p.k.sub(k0).min(p.blockK))
        f.for(at, 0, p.rows.mul(sumsStride), 16, () => f.store(scratch.add(at), v128(0)))
        const b = p.b.add(j0.mul(bytes)).add(k0.mul(p.ldb))
        f.call(sumUp, p.a.add(k0.shl(2)), p.lda, p.rows, b, p.ldb, scratch, columns, kc)
        f.for(row, 0, p.rows, 1, () => {
          sums.set(scratch.add(row.mul(sumsStride)))
          to.set(p.c.add(row.mul(p.ldc)).add(j0.shl(2)))
          from.set(before.add(row.mul(stride)))
          scales.set(p.scales.add(j0.shl(2)))
          addSums(f, columns, { sums, before: from, to, ...(type === 'int8' && { scales }) })
        })
        before.set(p.c.add(j0.shl(2)))
        stride.set(p.ldc)
      })
    },
  )

/** By type of B's weights. */
export const fewAcross = forWeights(fewAcrossOf)
