import type { Fn, Local } from '../emit/function.js'
import { type I32, type V128, v128 } from '../emit/values.js'

/** Columns of a register tile: two vectors. */
export const tileColumns = 8
/** Steps of the contraction written out in a row; its length is padded with zeros to a multiple. */
export const unroll = 4

/**
 * The registers of one tile: `rows` × 8 sums, a row of B and one broadcast element of A: 15 of 16 for 6 rows, and for 5
 * with two such elements at a time and a product on its way to a sum.
 */
export interface Tile {
  acc: Local<V128>[][]
  b: Local<V128>[]
  a: Local<V128>
}

export const newTile = (f: Fn, rows = f.simd.rows): Tile => ({
  acc: Array.from({ length: rows }, () => f.v128s(2)),
  b: f.v128s(2),
  a: f.v128(),
})

/** Where A is read: rows a fixed number of bytes apart, steps too; or each row from an address of its own, in order. */
export type RowsOfA = { a: Local<I32>; strideRow: number; strideK: number } | { a: Local<I32>[] }

export type MicroOptions = RowsOfA & {
  /** Address of B packed as [K][8]; left behind its last row. */
  b: Local<I32>
  /** Contraction length, a multiple of `unroll`, at least one `unroll`. */
  k: I32
}

/**
 * acc = A[rows, K] · B[K, 8], summed in order of K, each step one multiply-add per element: so an element's bits do
 * not depend on the tile it falls in. The addresses of A are left at the end of the contraction.
 */
export function micro(f: Fn, tile: Tile, options: MicroOptions): void {
  const { b, k } = options
  const [pointers, strideRow, strideK] =
    'strideK' in options ? [[options.a], options.strideRow, options.strideK] : [options.a, 0, 4]
  for (const row of tile.acc) for (const x of row) x.set(v128(0))
  const end = f.i32(pointers[0].add(k.mul(strideK)))
  const apart = keepApart(f)
  // Without fused multiply-adds instructions are what is short: a branch for every second row, whose loads have room.
  const every = f.simd.relaxed ? 1 : 2
  f.loop(
    (leave) => {
      for (let step = 0; step < unroll; step++)
        tile.acc.forEach((row, r) => {
          const a = pointers[r % pointers.length]
          if ((r || step) && r % every === 0) apart(leave, a)
          if (r === 0) tile.b.forEach((x, c) => x.set(b.v128(step * 32 + c * 16)))
          tile.a.set(a.splatF32(r * strideRow + step * strideK))
          row.forEach((x, c) => x.set(f.madd(tile.a, tile.b[c], x)))
        })
      b.set(b.add(unroll * 32))
      for (const a of pointers) a.set(a.add(unroll * strideK))
    },
    () => pointers[0].ltU(end),
  )
}

/**
 * V8's older TurboFan hoists all loads of a basic block above the multiply-adds and then spills them. A branch that is
 * never taken, before each row's broadcast load and before the next step's loads of B, keeps them apart (98 % of peak
 * instead of 47 %). It asks whether an address lies in the last page of memory, which nothing is given; each branch has
 * a bound of its own, or the compiler would see that the first one has answered them all.
 */
export function keepApart(f: Fn): (leave: (condition: I32) => void, address: I32) => void {
  let bound = -4096
  return (leave, address) => f.simd.guards && leave(address.geU((bound += 4)))
}
