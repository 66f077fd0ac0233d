import type { Fn, Local } from '../emit/function.js'
import type { Callable } from '../emit/function.js'
import type { ModuleBuilder } from '../emit/module.js'
import { type I32, v128 } from '../emit/values.js'
import { unroll } from './micro.js'
import { type WeightReader, weightReader, type WeightType } from './weights.js'

/*
 * Both operands of a product are copied into panels first: a panel holds `width` neighbours (rows of A, columns of B)
 * for every step of the contraction, [K][width], so that the micro-kernel reads memory in order. K is padded with
 * zeros to a multiple of `unroll`. Panels are always full: neighbours beyond `count` hold whatever lies there (copies
 * of the last one, or floats after it) and only ever reach sums that nobody stores. Panels hold floats: weights that are
 * kept otherwise are widened here, int8 without its scales.
 *
 * Every vector is stored whole, steps in order: what a narrow panel's store writes too far, the next step overwrites.
 * Buffers for panels therefore need 32 bytes of room behind them.
 */

/** (source, target, count, k, stride of neighbours or of steps in bytes) */
const params = ['i32', 'i32', 'i32', 'i32', 'i32'] as const

/** Panels from a source whose neighbours lie side by side and whose steps are `stride` apart: vectors are copied. */
export const packAcross = (
  m: ModuleBuilder,
  width: number,
  type: WeightType = 'float32',
): Callable<typeof params> =>
  m.once(`packAcross${width}${type}`, () =>
    m.func(params, (f, source, target, count, k, stride) => {
      const { bytes, read4 } = weightReader(f, type)
      const [i, step, from] = [f.i32(), f.i32(), f.i32()]
      f.for(i, 0, count, width, () => {
        from.set(source.add(i.mul(bytes)))
        f.for(step, 0, k, 1, () => {
          f.store(target, read4(from))
          if (width > 4) f.store(target, read4(from, 4), 16)
          target.set(target.add(width * 4))
          from.set(from.add(stride))
        })
        padSteps(f, target, k, width)
      })
    }),
  )

/** Panels from a source whose steps lie side by side and whose neighbours are `stride` apart: 4×4 blocks are transposed. */
export const packAlong = (
  m: ModuleBuilder,
  width: number,
  type: WeightType = 'float32',
): Callable<typeof params> =>
  m.once(`packAlong${width}${type}`, () =>
    m.func(params, (f, source, target, count, k, stride) => {
      const reader = weightReader(f, type)
      const { bytes, read4 } = reader
      const [i, end] = [f.i32(), f.i32()]
      const rows = Array.from({ length: Math.ceil(width / 4) * 4 }, () => f.i32())
      const [r, t] = [f.v128s(4), f.v128s(4)]
      const last = f.i32(count.sub(1))
      f.for(i, 0, count, width, () => {
        rows.forEach((row, n) => row.set(source.add(i.add(n).min(last).mul(stride))))
        end.set(rows[0].add(k.and(-4).mul(bytes)))
        f.while(
          () => rows[0].ltU(end),
          () => {
            // the second half of a narrow panel after the first, step by step, so that its overhang is overwritten
            const columns = transpose4(reader, rows.slice(0, 4), r, t)
            if (width === 4) columns.forEach((column, s) => f.store(target, column, s * 16))
            else {
              const first = f.v128s(4)
              columns.forEach((column, s) => first[s].set(column))
              transpose4(reader, rows.slice(4), r, t).forEach((column, s) => {
                f.store(target, first[s], s * width * 4)
                f.store(target, column, s * width * 4 + 16)
              })
            }
            target.set(target.add(16 * width))
            for (const row of rows) row.set(row.add(4 * bytes))
          },
        )
        end.set(end.add(k.and(3).mul(bytes)))
        f.while(
          () => rows[0].ltU(end),
          () => {
            rows.slice(0, width).forEach((row, n) => f.storeF32(target, read4(row).lane(0), n * 4))
            target.set(target.add(width * 4))
            for (const row of rows) row.set(row.add(bytes))
          },
        )
        padSteps(f, target, k, width)
      })
    }),
  )

type Rows = readonly I32[]
type Vectors = ReturnType<Fn['v128s']>

/** The four columns of the 4×4 block at four row addresses. */
export function transpose4({ read4 }: WeightReader, rows: Rows, r: Vectors, t: Vectors) {
  rows.forEach((row, n) => r[n].set(read4(row)))
  t[0].set(r[0].shuffle(r[1], [0, 4, 1, 5]))
  t[1].set(r[0].shuffle(r[1], [2, 6, 3, 7]))
  t[2].set(r[2].shuffle(r[3], [0, 4, 1, 5]))
  t[3].set(r[2].shuffle(r[3], [2, 6, 3, 7]))
  return [
    t[0].shuffle(t[2], [0, 1, 4, 5]),
    t[0].shuffle(t[2], [2, 3, 6, 7]),
    t[1].shuffle(t[3], [0, 1, 4, 5]),
    t[1].shuffle(t[3], [2, 3, 6, 7]),
  ]
}

/** Zeros for the steps up to the next multiple of `unroll`; moves `target` behind them. */
export function padSteps(f: Fn, target: Local<I32>, k: I32, width: number): void {
  const missing = f.i32(k.roundUp(unroll).sub(k))
  const zero = f.v128(v128(0))
  f.while(
    () => missing.gt(0),
    () => {
      f.store(target, zero)
      if (width > 4) f.store(target, zero, 16)
      target.set(target.add(width * 4))
      missing.set(missing.sub(1))
    },
  )
}
