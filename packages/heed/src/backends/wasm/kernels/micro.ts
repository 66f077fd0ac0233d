import type { Fn, Local } from '../emit/function.js'
import { type I32, type V128, v128 } from '../emit/values.js'

/** Columns of a register tile: two vectors. */
export const tileColumns = 8
/** Steps of the contraction written out in a row; its length is padded with zeros to a multiple. */
export const unroll = 4

/** The registers of one tile: `rows` × 8 sums, a row of B and one broadcast element of A: 15 of 16 for 6 rows. */
export interface Tile {
  acc: Local<V128>[][]
  b: Local<V128>[]
  a: Local<V128>
}

export const newTile = (f: Fn): Tile => ({
  acc: Array.from({ length: f.simd.rows }, () => f.v128s(2)),
  b: f.v128s(2),
  a: f.v128(),
})

export interface MicroOptions {
  /** Address of A's first element; left at the end of the contraction. */
  a: Local<I32>
  /** Address of B packed as [K][8]; left behind its last row. */
  b: Local<I32>
  /** Contraction length, a multiple of `unroll`, at least one `unroll`. */
  k: I32
  /** Bytes from one row of A to the next, and from one step of the contraction to the next. */
  strideRow: number
  strideK: number
}

/**
 * acc = A[rows, K] · B[K, 8], summed in order of K, each step one multiply-add per element: so an element's bits do
 * not depend on the tile it falls in.
 */
export function micro(f: Fn, tile: Tile, { a, b, k, strideRow, strideK }: MicroOptions): void {
  const { rows, guards } = f.simd
  for (const row of tile.acc) for (const x of row) x.set(v128(0))
  const end = f.i32(a.add(k.mul(strideK)))
  // V8's older TurboFan hoists all loads of a basic block above the multiply-adds and then spills them. A branch that
  // is never taken, before each row's broadcast load and before the next step's loads of B, keeps them apart
  // (94 % of peak instead of 52 %). It must reuse the load's own address.
  const never = f.i32(end.add(rows * strideRow))
  f.loop(
    (leave) => {
      for (let step = 0; step < unroll; step++)
        for (let r = 0; r < rows; r++) {
          const address = a.add(r * strideRow + step * strideK)
          if (guards && (r || step)) leave(address.geU(never))
          if (r === 0) tile.b.forEach((x, c) => x.set(b.v128(step * 32 + c * 16)))
          tile.a.set(address.splatF32())
          tile.acc[r].forEach((x, c) => x.set(f.madd(tile.a, tile.b[c], x)))
        }
      b.set(b.add(unroll * 32))
      a.set(a.add(unroll * strideK))
    },
    () => a.ltU(end),
  )
}
