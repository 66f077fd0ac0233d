import { bytesPerElement } from '../../../tensor/dtype.js'
import type { Kernels } from '../../backend.js'
import type { Fn, Local } from '../emit/function.js'
import { i32s, kernelWith, type RunKernel } from '../emit/kernel.js'
import { type I32, v128 } from '../emit/values.js'
import type { WasmHost } from '../storage.js'
import { micro, newTile, type Tile, tileColumns, unroll } from './micro.js'
import { packAcross, packAlong } from './pack.js'
import { copyHalf, panelColumns, panelKernels, placeOf, thinPlaceOf } from './panels.js'
import { address, forEach4 } from './support.js'
import { thin, thinColumns, thinKernels, thinRows } from './thin.js'
import { forWeights, type WeightType } from './weights.js'

/** Steps of the contraction per pass: a panel of B (8 × 256 floats) then stays in the first-level cache. */
const blockK = 256
/** Largest tile of C that one item computes; its panels of A and B stay in the second-level cache. */
const [maxRows, maxColumns] = [192, 512]
const scratchA = 0
const scratchB = scratchA + (maxRows + 8) * blockK * 4 + 64
const scratchZeros = scratchB + (maxColumns + 8) * blockK * 4 + 64
const scratchEdge = scratchZeros + maxColumns * 4 + 64

const gemmArgs = {
  ...i32s('a', 'lda', 'alongA', 'b', 'ldb', 'alongB', 'panelsB', 'scales', 'c', 'ldc', 'bias'),
  ...i32s('rows', 'columns', 'k', 'tileRows', 'tileCols', 'tilesAcross'),
}

/**
 * One tile of C = A · B (+ bias) per item. `along` says that an operand's contraction is its dense dimension, else it
 * is packed across (pack.ts); `lda` and `ldb` are the strides, in bytes, of its other dimension. B may be kept as any
 * type of weights: panels hold floats, and sums over int8 are multiplied by `scales` [columns] as they go into C.
 */
const gemmOf = (type: WeightType) =>
  kernelWith(
    `matmul ${type}`,
    gemmArgs,
    (m) => ({
      a: { along: packAlong(m, m.simd.rows), across: packAcross(m, m.simd.rows) },
      b: { along: packAlong(m, tileColumns, type), across: packAcross(m, tileColumns, type) },
      half: copyHalf(m, type),
    }),
    (f, p, item, scratch, pack) => {
      const tileHeight = f.simd.rows
      const i0 = f.i32(item.divU(p.tilesAcross).mul(p.tileRows))
      const j0 = f.i32(item.remU(p.tilesAcross).mul(p.tileCols))
      const rows = f.i32(p.rows.sub(i0).min(p.tileRows))
      const columns = f.i32(p.columns.sub(j0).min(p.tileCols))
      const c0 = f.i32(p.c.add(i0.mul(p.ldc)).add(j0.shl(2)))
      const [A, B] = [f.i32(scratch.add(scratchA)), f.i32(scratch.add(scratchB))]
      const [k0, kc, i, j, c] = [f.i32(), f.i32(), f.i32(), f.i32(), f.i32()]
      const [a, b, panelA, scales] = [f.i32(), f.i32(), f.i32(), f.i32()]
      const tile = newTile(f)

      // What the first pass adds its products to: the bias, the same for all rows, or zeros. Later passes add to C.
      const zeros = f.i32(scratch.add(scratchZeros))
      f.for(j, 0, columns.shl(2), 16, () => f.store(zeros.add(j), v128(0)))
      const before = f.i32(zeros)
      f.if(p.bias, () => before.set(p.bias.add(j0.shl(2))))
      const beforeStride = f.i32(0)
      const from = f.i32()

      const packOperand = (
        base: I32,
        ld: I32,
        along: I32,
        at: I32,
        to: I32,
        count: I32,
        packs: typeof pack.a,
        bytes: number,
      ) =>
        f.if(
          along,
          () => f.call(packs.along, base.add(at.mul(ld)).add(k0.mul(bytes)), to, count, kc, ld),
          () => f.call(packs.across, base.add(at.mul(bytes)).add(k0.mul(ld)), to, count, kc, ld),
        )

      /** Columns of B that lie in panels already, of `ldb` bytes each: the tile's are half as wide. */
      const copyPanels = (target: I32) => {
        const stepBytes = panelColumns * bytesPerElement[type]
        b.set(target)
        f.for(j, 0, columns, tileColumns, () => {
          from.set(p.b.add(j0.add(j).divU(panelColumns).mul(p.ldb)).add(k0.mul(stepBytes)))
          f.call(pack.half, from, j.and(tileColumns), b, kc)
          b.set(b.add(kc.roundUp(unroll).mul(4 * tileColumns)))
        })
      }

      f.for(k0, 0, p.k, blockK, () => {
        kc.set(p.k.sub(k0).min(blockK))
        packOperand(p.a, p.lda, p.alongA, i0, A, rows, pack.a, 4)
        f.if(
          p.panelsB,
          () => copyPanels(B),
          () => packOperand(p.b, p.ldb, p.alongB, j0, B, columns, pack.b, bytesPerElement[type]),
        )
        kc.set(kc.roundUp(unroll))
        f.for(j, 0, columns, tileColumns, () => {
          panelA.set(A)
          f.for(i, 0, rows, tileHeight, () => {
            a.set(panelA)
            b.set(B.add(j.mul(kc).shl(2)))
            micro(f, tile, { a, b, k: kc, strideRow: 4, strideK: tileHeight * 4 })
            panelA.set(a)
            c.set(c0.add(i.mul(p.ldc)).add(j.shl(2)))
            from.set(before.add(i.mul(beforeStride)).add(j.shl(2)))
            if (type === 'int8') scales.set(p.scales.add(j0.add(j).shl(2)))
            const target = {
              c,
              ldc: p.ldc,
              from,
              fromStride: beforeStride,
              ...(type === 'int8' && { scales }),
            }
            f.if(
              i.add(tileHeight).le(rows).and(j.add(tileColumns).le(columns)),
              () => storeTile(f, tile, target),
              () => storeEdge(f, tile, target, rows.sub(i), columns.sub(j), scratch.add(scratchEdge)),
            )
          })
        })
        before.set(c0)
        beforeStride.set(p.ldc)
      })
    },
  )

const gemm = forWeights(gemmOf)

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
      if (!scales) forEach4(f, width, [x, y], [to], (product, before) => [product.add(before)])
      else {
        factors.set(scales)
        forEach4(f, width, [x, factors, y], [to], (product, k, before) => [f.madd(product, k, before)])
      }
      edge.set(edge.add(32))
      c.set(c.add(ldc))
      from.set(from.add(fromStride))
      left.set(left.sub(1))
    },
  )
}

export const matmulKernels = [...Object.values(gemm), ...thinKernels, ...panelKernels]

export const matmul = (
  run: RunKernel,
  { fill, add }: Pick<Kernels, 'fill' | 'add'>,
  host: WasmHost,
): Pick<Kernels, 'matmul'> => ({
  matmul({ a, b, out, transposeA = false, transposeB = false, bias }) {
    const [rows, columns] = out.shape
    const k = a.shape[transposeA ? 0 : 1]
    if (out.size === 0) return
    if (k === 0) {
      fill(out, 0)
      return bias && add(out, bias, out)
    }
    const isThin = rows <= thinRows && !transposeA
    const { at, panels } = isThin ? thinPlaceOf(run, host, b, transposeB) : placeOf(b, transposeB)
    const bytes = bytesPerElement[b.dtype]
    const operands = {
      a: address(a),
      b: at,
      c: address(out),
      lda: a.shape[1] * 4,
      ldb: panels ? k * panelColumns * bytes : b.shape[1] * bytes,
      ldc: columns * 4,
      scales: b.scales ? address(b.scales) : 0,
      bias: bias ? address(bias) : 0,
      rows,
      columns,
      k,
      blockK,
    }
    const type = b.dtype as WeightType
    if (isThin) {
      const layout = panels ? 'panels' : transposeB ? 'along' : 'across'
      run(thin[layout][type], Math.ceil(columns / thinColumns[layout]), operands)
      return
    }
    const [tileRows, tileCols] = tileShape(rows, columns)
    const tilesAcross = Math.ceil(columns / tileCols)
    run(gemm[type], Math.ceil(rows / tileRows) * tilesAcross, {
      ...operands,
      alongA: transposeA ? 0 : 1,
      alongB: transposeB ? 1 : 0,
      panelsB: panels ? 1 : 0,
      tileRows,
      tileCols,
      tilesAcross,
    })
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
