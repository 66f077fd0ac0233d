import type { Callable } from '../emit/function.js'
import { kernelWith } from '../emit/kernel.js'
import type { ModuleBuilder } from '../emit/module.js'
import { type I32, i32, v128 } from '../emit/values.js'
import { fewArgs, fewRows } from './few-across.js'
import { tileColumns, unroll } from './micro.js'
import { packAlong, transpose4 } from './pack.js'
import { heights, strip } from './strip.js'
import { weightReader } from './weights.js'

/** Floats of A that `fewAlong` packs at a time at most, and the columns of an item, 0 if it is not for such a product. */
const packedFloats = 2 ** 18
const mostColumns = 384
export const alongColumns = (rows: number, columns: number, k: number): number => {
  if (Math.ceil(rows / tileColumns) * tileColumns * Math.ceil(k / unroll) * unroll > packedFloats) return 0
  return Math.min(mostColumns, 48 * Math.ceil(columns / 8 / 48))
}

/**
 * B is [columns, k]: Cᵀ = B · Aᵀ, with A as what is packed. B's rows are read where they lie, which takes k to be a multiple
 * of `unroll`. Cᵀ is kept in scratch and turned at the end.
 */
export const fewAlong = kernelWith(
  'few rows along',
  fewArgs,
  (m) => ({
    pack: packAlong(m, tileColumns),
    strips: heights(m.simd).map((height) => strip(m, height, false)),
    turn: turnOut(m),
  }),
  (f, p, item, scratch, { pack, strips, turn }) => {
    const [tall, low] = heights(f.simd)
    const j0 = f.i32(item.mul(p.perItem))
    const columns = f.i32(p.columns.sub(j0).min(p.perItem))
    const width = f.i32(p.rows.roundUp(tileColumns))
    const turned = f.i32(scratch.add(4 * packedFloats))
    const edge = f.i32(turned.add(4 * fewRows * mostColumns))
    const [k0, kc, at, left, count] = [f.i32(), f.i32(), f.i32(), f.i32(), f.i32()]
    const [b, c, bias, A] = [f.i32(), f.i32(), f.i32(), f.i32(scratch)]
    const passes = (body: (packed: I32) => void) =>
      f.for(k0, 0, p.k, p.blockK, () => {
        kc.set(p.k.sub(k0).min(p.blockK))
        body(A.add(width.mul(k0).shl(2)))
      })
    passes((packed) => f.call(pack, p.a.add(k0.shl(2)), packed, p.rows, kc, p.lda))

    c.set(turned)
    bias.set(p.bias.add(j0.shl(2)))
    const first = f.v128(v128(0))
    f.for(left, 0, columns, 1, () => {
      f.if(p.bias, () => first.set(bias.splatF32()))
      bias.set(bias.add(4))
      f.for(at, 0, width, 4, () => {
        f.store(c, first)
        c.set(c.add(16))
      })
    })

    const stride = f.i32(width.shl(2))
    b.set(p.b.add(j0.mul(p.ldb)))
    c.set(turned)
    left.set(columns)
    const stripOf = (callee: Callable, height: number) => {
      count.set(left.min(height))
      passes((packed) => {
        const target = [c, stride, c, stride, i32(0), p.rows.roundUp(tileColumns)]
        f.call(callee, b.add(k0.shl(2)), p.ldb, count, packed, ...target, kc, edge)
      })
      b.set(b.add(p.ldb.mul(count)))
      c.set(c.add(stride.mul(count)))
      left.set(left.sub(count))
    }
    f.while(
      () => left.gt(0),
      () =>
        f.if(
          left.le(low),
          () => stripOf(strips[1], low),
          () => stripOf(strips[0], tall),
        ),
    )
    f.call(turn, turned, p.c.add(j0.shl(2)), columns, p.rows, stride, p.ldc)
  },
)

/** target[j, i] = source[i, j]: (source, target, rows, columns of the source, bytes from row to row of each) */
const turnOut = (m: ModuleBuilder) =>
  m.once('turnOut', () =>
    m.func(['i32', 'i32', 'i32', 'i32', 'i32', 'i32'], (f, source, target, rows, columns, ld, ldTarget) => {
      const reader = weightReader(f, 'float32')
      const [i, j, to, left] = [f.i32(), f.i32(), f.i32(), f.i32()]
      const from = Array.from({ length: 4 }, () => f.i32())
      const [r, t, turned] = [f.v128s(4), f.v128s(4), f.v128s(4)]
      f.for(i, 0, rows, 4, () => {
        left.set(rows.sub(i))
        from.forEach((x, n) => x.set(source.add(i.add(n).min(rows.sub(1)).mul(ld))))
        to.set(target.add(i.shl(2)))
        f.for(j, 0, columns, 4, () => {
          transpose4(reader, from, r, t).forEach((x, n) => turned[n].set(x))
          for (const x of from) x.set(x.add(16))
          turned.forEach((x, n) =>
            f.if(j.add(n).lt(columns), () => {
              f.if(
                left.ge(4),
                () => f.store(to, x),
                () => {
                  f.storeF32(to, x.lane(0))
                  f.if(left.gt(1), () => f.storeF32(to, x.lane(1), 4))
                  f.if(left.gt(2), () => f.storeF32(to, x.lane(2), 8))
                },
              )
              to.set(to.add(ldTarget))
            }),
          )
        })
      })
    }),
  )
