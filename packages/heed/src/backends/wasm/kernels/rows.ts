import type { Callable, Fn, Local } from '../emit/function.js'
import type { ModuleBuilder } from '../emit/module.js'
import { type I32, type V128, v128is } from '../emit/values.js'
import { unroll } from './micro.js'
import { transpose4 } from './pack.js'
import { weightReader } from './weights.js'

/*
 * The micro-kernel reads rows of A, each in order of the contraction: where they lie, if that is their dense dimension.
 * If not they are turned first, and if their length is not a multiple of `unroll` copied, with zeros at the end.
 */

/** Bytes from row to row of a copy: never a multiple of 4096, which would put all rows at one place of the cache. */
export const copiedStride = (k: I32): I32 => k.roundUp(unroll).shl(2).add(64)

/** (source, target, rows, k, stride of steps or of rows in bytes); writes whole groups of four rows */
const params = ['i32', 'i32', 'i32', 'i32', 'i32'] as const

/** Rows from a source whose rows lie side by side and whose steps are `stride` apart. */
export const turnRows = (m: ModuleBuilder): Callable<typeof params> =>
  m.once('turnRows', () =>
    m.func(params, (f, source, target, count, k, stride) => {
      const reader = weightReader(f, 'float32')
      const [step, i] = [f.i32(), f.i32()]
      const [from, to] = [0, 1].map(() => Array.from({ length: 4 }, () => f.i32()))
      const [r, t, turned] = [f.v128s(4), f.v128s(4), f.v128s(4)]
      const gap = f.i32(copiedStride(k))
      const end = f.i32(count.shl(2))
      f.for(step, 0, k, 4, () => {
        from.forEach((x, n) => x.set(source.add(step.add(n).min(k.sub(1)).mul(stride))))
        to.forEach((x, n) => x.set(target.add(gap.mul(n)).add(step.shl(2))))
        const left = f.i32(k.sub(step))
        f.for(i, 0, end, 16, () => {
          transpose4(reader, from, r, t).forEach((row, n) => turned[n].set(row))
          f.if(left.lt(4), () => maskLanes(f, turned, left))
          to.forEach((x, n) => {
            f.store(x, turned[n])
            x.set(x.add(gap.shl(2)))
          })
          for (const x of from) x.set(x.add(16))
        })
      })
    }),
  )

/** Rows as they lie, `stride` apart. */
export const copyRows = (m: ModuleBuilder): Callable<typeof params> =>
  m.once('copyRows', () =>
    m.func(params, (f, source, target, count, k, stride) => {
      const [i, step, at, left] = [f.i32(), f.i32(), f.i32(), f.i32()]
      const x = f.v128()
      const gap = f.i32(copiedStride(k))
      f.for(i, 0, count, 1, () => {
        at.set(target.add(i.mul(gap)))
        f.for(step, 0, k, 4, () => {
          x.set(source.add(step.shl(2)).v128())
          left.set(k.sub(step))
          f.if(left.lt(4), () => maskLanes(f, [x], left))
          f.store(at.add(step.shl(2)), x)
        })
        source.set(source.add(stride))
      })
    }),
  )

/** Keeps the first `count` lanes and sets the others to zero, whatever they were. */
function maskLanes(f: Fn, vectors: Local<V128>[], count: I32): void {
  const inside = f.v128(v128is(0, 1, 2, 3).ilt(count.splat()))
  for (const x of vectors) x.set(x.and(inside))
}
