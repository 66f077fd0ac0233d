import type { Callable, Fn, Local, Simd } from '../emit/function.js'
import type { ModuleBuilder } from '../emit/module.js'
import { type I32, i32 } from '../emit/values.js'
import { micro, newTile, type Tile, tileColumns } from './micro.js'
import { addSums } from './support.js'

/** Rows of the two tiles that a product is made of: the best one, and one for the last rows. */
export const heights = ({ rows }: Simd): [tall: number, low: number] => [rows, 4]

/**
 * (A, bytes from row to row, rows; B in panels; C, bytes from row to row; what is added to the products, bytes from
 * row to row; factors of columns; columns, k, 32 bytes of scratch per row)
 */
const params = Array.from({ length: 12 }, () => 'i32' as const)

/** Up to `height` rows of C = A · B (· scales) + from: one register tile after another. */
export const strip = (m: ModuleBuilder, height: number, scaled: boolean): Callable<typeof params> =>
  m.once(`strip ${height} ${scaled}`, () =>
    m.func(params, (f, ...locals) => {
      const [A, lda, rows, b, C, ldc, before, beforeStride, scales, columns, k, scratch] = locals
      const tile = newTile(f, height)
      // rows that A does not have are copies of its last one, and nobody stores their sums
      const last = f.i32(rows.sub(1))
      const a = Array.from({ length: height }, (_, r) => f.i32(A.add(i32(r).min(last).mul(lda))))
      const [c, from] = [f.i32(), f.i32()]
      const bytes = f.i32(k.shl(2))
      f.while(
        () => columns.gt(0),
        () => {
          micro(f, tile, { a, b, k })
          for (const row of a) row.set(row.sub(bytes))
          c.set(C)
          from.set(before)
          const target = { c, ldc, from, fromStride: beforeStride, ...(scaled && { scales }) }
          f.if(
            rows.ge(height).and(columns.ge(tileColumns)),
            () => storeTile(f, tile, target),
            () => storeEdge(f, tile, target, rows, columns, scratch),
          )
          for (const x of [C, before, scales]) x.set(x.add(tileColumns * 4))
          columns.set(columns.sub(tileColumns))
        },
      )
    }),
  )

/** Addresses of a tile's first element in C and in what is added to it, and bytes from row to row. */
interface Target {
  /** Address of what a tile's columns are multiplied by first. */
  scales?: I32
  c: Local<I32>
  ldc: I32
  from: Local<I32>
  fromStride: I32
}

/** c = tile (· scales) + from, a whole tile; moves c and from. */
function storeTile(f: Fn, tile: Tile, { c, ldc, from, fromStride, scales }: Target): void {
  tile.acc.forEach((row, r) => {
    row.forEach((x, q) => {
      const before = from.v128(q * 16)
      f.store(c, scales ? f.madd(x, scales.v128(q * 16), before) : x.add(before), q * 16)
    })
    if (r === tile.acc.length - 1) return
    c.set(c.add(ldc))
    from.set(from.add(fromStride))
  })
}

/** The same for a tile of which C has only `rows` × `columns`: by way of scratch. */
function storeEdge(f: Fn, tile: Tile, target: Target, rows: I32, columns: I32, scratch: I32): void {
  const { c, ldc, from, fromStride, scales } = target
  const edge = f.i32(scratch)
  tile.acc.forEach((row, r) => row.forEach((x, q) => f.store(edge, x, r * 32 + q * 16)))
  const [left, width] = [f.i32(rows.min(tile.acc.length)), f.i32(columns.min(tileColumns))]
  const [x, y, to, factors] = [f.i32(), f.i32(), f.i32(), f.i32()]
  f.while(
    () => left.gt(0),
    () => {
      x.set(edge)
      y.set(from)
      to.set(c)
      if (scales) factors.set(scales)
      addSums(f, width, { sums: x, before: y, to, ...(scales && { scales: factors }) })
      edge.set(edge.add(32))
      c.set(c.add(ldc))
      from.set(from.add(fromStride))
      left.set(left.sub(1))
    },
  )
}
