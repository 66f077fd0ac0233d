import type { Kernels } from '../../backend.js'
import type { Fn, Local } from '../emit/function.js'
import { kernelWith, type RunKernel } from '../emit/kernel.js'
import { type I32, v128 } from '../emit/values.js'
import { micro, newTile, type Tile, tileColumns, unroll } from './micro.js'
import { packAcross, packAlong } from './pack.js'
import { address } from './support.js'

/** Steps of the contraction per pass: a panel of B (8 × 256 floats) then stays in the first-level cache. */
const blockK = 256
/** Largest tile of C that one item computes; its panels of A and B stay in the second-level cache. */
const [maxRows, maxColumns] = [192, 512]
const scratchA = 0
const scratchB = scratchA + (maxRows + 8) * blockK * 4 + 64
const scratchZeros = scratchB + (maxColumns + 8) * blockK * 4 + 64
const scratchEdge = scratchZeros + maxColumns * 4 + 64

/**
 * One tile of C = A · B (+ bias) per item. `along` says that an operand's contraction is its dense dimension, else it
 * is packed across (pack.ts); `lda` and `ldb` are the strides, in bytes, of its other dimension.
 */
const gemm = kernelWith(
  'matmul',
  {
    a: 'i32', lda: 'i32', alongA: 'i32',
    b: 'i32', ldb: 'i32', alongB: 'i32',
    c: 'i32', ldc: 'i32', bias: 'i32',
    rows: 'i32', columns: 'i32', k: 'i32',
    tileRows: 'i32', tileCols: 'i32', tilesAcross: 'i32',
  }, // prettier-ignore
  (m) => ({
    a: { along: packAlong(m, m.simd.rows), across: packAcross(m, m.simd.rows) },
    b: { along: packAlong(m, tileColumns), across: packAcross(m, tileColumns) },
  }),
  (f, p, item, scratch, pack) => {
    const MR = f.simd.rows
    const i0 = f.i32(item.divU(p.tilesAcross).mul(p.tileRows))
    const j0 = f.i32(item.remU(p.tilesAcross).mul(p.tileCols))
    const rows = f.i32(p.rows.sub(i0).min(p.tileRows))
    const columns = f.i32(p.columns.sub(j0).min(p.tileCols))
    const c0 = f.i32(p.c.add(i0.mul(p.ldc)).add(j0.shl(2)))
    const [A, B] = [f.i32(scratch.add(scratchA)), f.i32(scratch.add(scratchB))]
    const [k0, kc, i, j, c] = [f.i32(), f.i32(), f.i32(), f.i32(), f.i32()]
    const [a, b, panelA] = [f.i32(), f.i32(), f.i32()]
    const tile = newTile(f)

    // What the first pass adds its products to: the bias, the same for all rows, or zeros. Later passes add to C.
    const zeros = f.i32(scratch.add(scratchZeros))
    f.for(j, 0, columns.shl(2), 16, () => f.store(zeros.add(j), v128(0)))
    const before = f.i32()
    before.set(zeros)
    f.if(p.bias, () => before.set(p.bias.add(j0.shl(2))))
    const beforeStride = f.i32(0)
    const from = f.i32()

    const operand = (
      base: I32,
      ld: I32,
      along: I32,
      at: I32,
      target: I32,
      count: I32,
      packs: typeof pack.a,
    ) => {
      f.if(
        along,
        () => f.call(packs.along, base.add(at.mul(ld)).add(k0.shl(2)), target, count, kc, ld),
        () => f.call(packs.across, base.add(at.shl(2)).add(k0.mul(ld)), target, count, kc, ld),
      )
    }

    f.for(k0, 0, p.k, blockK, () => {
      kc.set(p.k.sub(k0).min(blockK))
      operand(p.a, p.lda, p.alongA, i0, A, rows, pack.a)
      operand(p.b, p.ldb, p.alongB, j0, B, columns, pack.b)
      kc.set(kc.roundUp(unroll))
      f.for(j, 0, columns, tileColumns, () => {
        panelA.set(A)
        f.for(i, 0, rows, MR, () => {
          a.set(panelA)
          b.set(B.add(j.mul(kc).shl(2)))
          micro(f, tile, { a, b, k: kc, strideRow: 4, strideK: MR * 4 })
          panelA.set(a)
          c.set(c0.add(i.mul(p.ldc)).add(j.shl(2)))
          from.set(before.add(i.mul(beforeStride)).add(j.shl(2)))
          f.if(
            i.add(MR).le(rows).and(j.add(tileColumns).le(columns)),
            () => storeTile(f, tile, c, p.ldc, from, beforeStride),
            () =>
              storeEdge(
                f,
                tile,
                c,
                p.ldc,
                from,
                beforeStride,
                rows.sub(i),
                columns.sub(j),
                scratch.add(scratchEdge),
              ),
          )
        })
      })
      before.set(c0)
      beforeStride.set(p.ldc)
    })
  },
)

/** c = tile + from, a whole tile; moves c and from. */
function storeTile(f: Fn, tile: Tile, c: Local<I32>, ldc: I32, from: Local<I32>, fromStride: I32): void {
  tile.acc.forEach((row, r) => {
    row.forEach((x, q) => f.store(c, x.add(from.v128(q * 16)), q * 16))
    if (r === tile.acc.length - 1) return
    c.set(c.add(ldc))
    from.set(from.add(fromStride))
  })
}

/** The same for a tile that hangs over the edge of C: by way of scratch, one element at a time. */
function storeEdge(
  f: Fn,
  tile: Tile,
  c: Local<I32>,
  ldc: I32,
  from: Local<I32>,
  fromStride: I32,
  rows: I32,
  columns: I32,
  scratch: I32,
): void {
  const at = f.i32(scratch)
  tile.acc.forEach((row, r) => row.forEach((x, q) => f.store(at, x, r * 32 + q * 16)))
  const [left, width, j] = [f.i32(rows.min(tile.acc.length)), f.i32(columns.min(tileColumns).shl(2)), f.i32()]
  f.while(
    () => left.gt(0),
    () => {
      f.for(j, 0, width, 4, () => f.storeF32(c.add(j), at.add(j).f32().add(from.add(j).f32())))
      at.set(at.add(32))
      c.set(c.add(ldc))
      from.set(from.add(fromStride))
      left.set(left.sub(1))
    },
  )
}

export const matmulKernels = [gemm]

export const matmul = (
  run: RunKernel,
  { fill, add }: Pick<Kernels, 'fill' | 'add'>,
): Pick<Kernels, 'matmul'> => ({
  matmul({ a, b, out, transposeA = false, transposeB = false, bias }) {
    const [rows, columns] = out.shape
    const k = a.shape[transposeA ? 0 : 1]
    if (out.size === 0) return
    if (k === 0) {
      fill(out, 0)
      return bias && add(out, bias, out)
    }
    const [tileRows, tileCols] = tileShape(rows, columns)
    const tilesAcross = Math.ceil(columns / tileCols)
    run(gemm, Math.ceil(rows / tileRows) * tilesAcross, {
      a: address(a), lda: a.shape[1] * 4, alongA: transposeA ? 0 : 1,
      b: address(b), ldb: b.shape[1] * 4, alongB: transposeB ? 1 : 0,
      c: address(out), ldc: columns * 4, bias: bias ? address(bias) : 0,
      rows, columns, k, tileRows, tileCols, tilesAcross,
    }) // prettier-ignore
  },
})

/** Tiles as large as caches like, but at least 8 where the matrix allows, so that threads share them evenly. */
export function tileShape(rows: number, columns: number): [number, number] {
  let [r, c] = [maxRows, maxColumns]
  const tiles = () => Math.ceil(rows / r) * Math.ceil(columns / c)
  while (tiles() < 8 && (r > 48 || c > 64)) {
    if (c > 64 && (c >= 2 * r || r <= 48 || rows <= r / 2)) c /= 2
    else r /= 2
  }
  return [r, c]
}
