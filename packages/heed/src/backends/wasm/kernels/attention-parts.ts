import type { AttentionRules } from '../../backend.js'
import type { Tensor } from '../../../tensor/tensor.js'
import { HeedTypeError } from '../../../errors.js'
import type { Fn, Local } from '../emit/function.js'
import type { Callable, ModuleBuilder } from '../emit/module.js'
import { f32, i32, type I32, select, v128 } from '../emit/values.js'
import type { WasmBackend } from '../index.js'
import { makeExp } from './exp.js'
import { micro, newTile, tileColumns, unroll } from './micro.js'
import { packAcross, packAlong } from './pack.js'
import { address } from './support.js'

/*
 * What forward, backward and probe share: a map is walked in blocks of `blockRows` queries × `blockColumns` keys, and
 * in a block by groups of as many queries as a register tile has rows. Scores of a group are rows of `blockColumns`
 * floats in scratch. A score is scale·q · k summed in order of the head dimension wherever it is computed, so its
 * bits are the same in all three.
 */

/** Queries per block: a multiple of 12, so that groups of 6 or 4 and steps of 4 come out even. */
export const blockRows = 48
/** Keys per block: a multiple of 24, for groups of 6, panels of 8 and steps of 4. */
export const blockColumns = 192
const rowBytes = blockColumns * 4
const never = -Infinity

/** The arguments that all attention kernels begin with; strides in bytes. */
export const attentionArgs = {
  q: 'i32', qB: 'i32', qT: 'i32',
  k: 'i32', kB: 'i32', kT: 'i32',
  m: 'i32', l: 'i32',
  H: 'i32', group: 'i32', Tq: 'i32', Tk: 'i32', D: 'i32',
  scale: 'f32', causal: 'i32', lengths: 'i32',
  mask: 'i32', maskB: 'i32', maskH: 'i32', maskQ: 'i32', maskK: 'i32',
} as const // prettier-ignore

interface Inputs extends AttentionRules {
  q: Tensor
  k: Tensor
  m: Tensor
  l: Tensor
}

/** Values for `attentionArgs`, with the small arrays placed in memory while `use` runs. */
export function withArgs(
  backend: WasmBackend,
  { q, k, m, l, scale, causal, lengths, mask }: Inputs,
  use: (args: { [K in keyof typeof attentionArgs]: number }) => void,
): void {
  const [, Tq, H, D] = q.shape
  if (D > maxHeadSize) throw tooWide('D', D)
  const [maskB, maskH, maskQ, maskK] = mask?.strides ?? [0, 0, 0, 0]
  backend.withInts(causal, (causalAt) =>
    backend.withInts(
      lengths,
      (lengthsAt) =>
      use({
        q: address(q), qB: q.strides[0] * 4, qT: q.strides[1] * 4,
        k: address(k), kB: k.strides[0] * 4, kT: k.strides[1] * 4,
        m: address(m), l: address(l),
        H, group: H / k.shape[2], Tq, Tk: k.shape[1], D,
        scale, causal: causalAt, lengths: lengthsAt,
        mask: mask ? address(mask) : 0, maskB, maskH, maskQ, maskK,
      }), // prettier-ignore
    ),
  )
}

/** What the scratch memory of a thread (pool.ts) has room for. */
export const maxHeadSize = 512
export const tooWide = (name: string, size: number): HeedTypeError =>
  new HeedTypeError(
    'unsupported',
    `attention: ${name} = ${size}; the wasm backend takes heads of up to ${maxHeadSize}, 'reference' any`,
  )

/** Cuts a thread's scratch memory into pieces, 64-byte aligned, with room for what packing writes too far. */
export function carver(f: Fn, scratch: I32): (bytes: I32 | number) => Local<I32> {
  const top = f.i32(scratch)
  return (bytes) => {
    const piece = f.i32(top)
    top.set(top.add(i32(bytes)).add(127).and(-64))
    return piece
  }
}

/** Which keys the rows of a batch may see at all, from `causal` and `lengths`. */
export function visibility(f: Fn, p: { causal: I32; lengths: I32; Tk: I32 }, b: I32) {
  const length = f.i32(p.Tk)
  f.if(p.lengths, () => length.set(p.lengths.add(b.shl(2)).i32()))
  const offset = f.i32()
  f.if(p.causal, () => offset.set(p.causal.add(b.shl(2)).i32()))
  return {
    length,
    /** One past the last key that any row before `end` sees: what a block of queries need not look beyond. */
    until: (end: I32): I32 => select(length, end.add(offset).min(length).max(0), p.causal.isZero()),
    /** Row i sees key j0 + c when c is below the first and, where causal, below the second plus (i − row). */
    limits: (row: I32, j0: I32): [I32, I32, I32] => [
      length.sub(j0),
      select(i32(2 ** 30), row.add(offset).add(1).sub(j0), p.causal.isZero()),
      p.causal.ne(0),
    ],
  }
}

/** The functions that the attention kernels call. */
export function attentionParts(m: ModuleBuilder) {
  const rows = m.simd.rows
  return {
    /** Queries (or dO) as the A of a product over the head dimension. */
    packGroups: packAlong(m, rows),
    /** Keys (or V) as the B of such a product. */
    packColumns: packAlong(m, tileColumns),
    /** Rows of K, V, Q or dO as the B of a product over keys or queries. */
    packRows: packAcross(m, tileColumns),
    /** (group, columns, scores, bytes per row, keys, D, panel bytes): scores = A · Bᵀ. */
    scores: product(m, 'scores', { strideRow: 4, strideK: rows * 4, accumulate: false }),
    /** C = factor ⊙ C + P · B: rows of P are queries. */
    overKeys: product(m, 'overKeys', { strideRow: rowBytes, strideK: 4, accumulate: true }),
    /** C = factor ⊙ C + Pᵀ · B: rows of Pᵀ are keys. */
    overQueries: product(m, 'overQueries', { strideRow: 4, strideK: rowBytes, accumulate: true }),
    hide: hide(m),
    hideByMask: hideByMask(m),
    weights: weights(m),
    scale: scaleInPlace(m),
  }
}
export type AttentionParts = ReturnType<typeof attentionParts>

interface ProductShape {
  strideRow: number
  strideK: number
  accumulate: boolean
}

/** (a, b, c, bytes per row of c, columns, k, bytes per panel of b, factors): one group of rows times packed panels. */
const product = (
  m: ModuleBuilder,
  name: string,
  { strideRow, strideK, accumulate }: ProductShape,
): Callable =>
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
            c0.set(c0.add(tileColumns * 4))
          },
        )
      },
    ),
  )

/** (scores, columns, limit, causal limit, step): −∞ from column min(limit, causal limit + step · r) on, in each row r. */
const hide = (m: ModuleBuilder): Callable =>
  m.once('hide', () =>
    m.func(['i32', 'i32', 'i32', 'i32', 'i32'], (f, s, columns, limit, causalLimit, step) => {
      const [r, p, end] = [f.i32(), f.i32(), f.i32()]
      f.for(r, 0, i32(m.simd.rows), 1, () => {
        end.set(s.add(columns.shl(2)))
        p.set(s.add(limit.min(causalLimit).max(0).shl(2)))
        f.while(
          () => p.ltU(end),
          () => {
            f.storeF32(p, never)
            p.set(p.add(4))
          },
        )
        causalLimit.set(causalLimit.add(step))
        s.set(s.add(rowBytes))
      })
    }),
  )

/** (scores, rows, columns, mask, mask's bytes per row and per column): −∞ where the mask is 0. */
const hideByMask = (m: ModuleBuilder): Callable =>
  m.once('hideByMask', () =>
    m.func(
      ['i32', 'i32', 'i32', 'i32', 'i32', 'i32'],
      (f, s, rows, columns, mask, strideRow, strideColumn) => {
        const [r, c] = [f.i32(), f.i32()]
        f.for(r, 0, rows, 1, () => {
          f.for(c, 0, columns, 1, () => {
            f.if(mask.add(c.mul(strideColumn)).u8().isZero(), () => f.storeF32(s.add(c.shl(2)), never))
          })
          mask.set(mask.add(strideRow))
          s.set(s.add(rowBytes))
        })
      },
    ),
  )

/** (scores, columns, m, l): scores of a group become weights exp(s − m) / ℓ, 0 where ℓ is 0. */
const weights = (m: ModuleBuilder): Callable =>
  m.once('weights', () =>
    m.func(['i32', 'i32', 'i32', 'i32'], (f, s, columns, mAt, lAt) => {
      const exp = makeExp(f)
      const [r, p, end] = [f.i32(), f.i32(), f.i32()]
      const [max, inverse, l] = [f.v128(), f.v128(), f.f32()]
      f.for(r, 0, i32(m.simd.rows), 1, () => {
        max.set(mAt.splatF32())
        l.set(lAt.f32())
        inverse.set(select(f32(1).div(l), f32(0), l.gt(0)).splat())
        p.set(s)
        end.set(s.add(columns.shl(2)))
        f.while(
          () => p.ltU(end),
          () => {
            f.store(p, exp(p.v128().sub(max)).mul(inverse))
            p.set(p.add(16))
          },
        )
        s.set(s.add(rowBytes))
        mAt.set(mAt.add(4))
        lAt.set(lAt.add(4))
      })
    }),
  )

/** (from, to, factor): multiplies the floats of a buffer whose length is a multiple of 4. */
const scaleInPlace = (m: ModuleBuilder): Callable =>
  m.once('scaleInPlace', () =>
    m.func(['i32', 'i32', 'f32'], (f, p, end, factor) => {
      const k = f.v128(factor.splat())
      f.while(
        () => p.ltU(end),
        () => {
          f.store(p, p.v128().mul(k))
          p.set(p.add(16))
        },
      )
    }),
  )

/** Fills [from, to), a multiple of 16 bytes, with one value. */
export function fillFloats(f: Fn, from: I32, to: I32, value: number): void {
  const p = f.i32(from)
  const x = f.v128(v128(value))
  f.while(
    () => p.ltU(to),
    () => {
      f.store(p, x)
      p.set(p.add(16))
    },
  )
}
