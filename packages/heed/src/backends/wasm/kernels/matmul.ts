import { bytesPerElement } from '../../../tensor/dtype.js'
import type { Kernels } from '../../backend.js'
import { i32s, kernelWith, type RunKernel } from '../emit/kernel.js'
import { type I32, v128 } from '../emit/values.js'
import { acrossColumns, alongColumns, fewAcross, fewAlong, fewKernels, fewRows } from './few.js'
import { tileColumns, unroll } from './micro.js'
import { packAcross, packAlong } from './pack.js'
import { copiedStride, copyRows, turnRows } from './rows.js'
import { heights, strip } from './strip.js'
import { address, addresses } from './support.js'
import { thin, thinColumns, thinKernels, thinRows } from './thin.js'
import { forWeights, type WeightType } from './weights.js'

/** Steps of the contraction per pass: a panel of B (8 × 256 floats) then stays in the first-level cache. */
const blockK = 256
/** Most columns of an item and rows of A that are copied at a time: both stay in the second-level cache. */
const [maxColumns, maxCopied] = [512, 96]
const scratchA = 0
const scratchB = scratchA + (maxCopied + 4) * (4 * blockK + 64)
const scratchZeros = scratchB + (maxColumns + 8) * blockK * 4 + 64
const scratchEdge = scratchZeros + maxColumns * 4 + 64

const gemmArgs = {
  ...i32s('a', 'lda', 'alongA', 'b', 'ldb', 'alongB', 'scales', 'c', 'ldc', 'bias'),
  ...i32s('rows', 'columns', 'k', 'tileRows', 'tileCols', 'tilesAcross'),
}

/**
 * One tile of C = A · B (+ bias) per item. `along` says that an operand's contraction is its dense dimension; `lda`
 * and `ldb` are the strides, in bytes, of its other dimension. A is read where it lies if it can (rows.ts), B is packed
 * (pack.ts) and may be kept as any type of weights: panels hold floats, and sums over int8 are multiplied by `scales`
 * [columns] as they go into C.
 */
const gemmOf = (type: WeightType) =>
  kernelWith(
    `matmul ${type}`,
    gemmArgs,
    (m) => ({
      along: packAlong(m, tileColumns, type),
      across: packAcross(m, tileColumns, type),
      turn: turnRows(m),
      copy: copyRows(m),
      strips: heights(m.simd).map((height) => strip(m, height, type === 'int8')),
    }),
    (f, p, item, scratch, { along, across, turn, copy, strips }) => {
      const [tall, low] = heights(f.simd)
      const bytes = bytesPerElement[type]
      const i0 = f.i32(item.divU(p.tilesAcross).mul(p.tileRows))
      const j0 = f.i32(item.remU(p.tilesAcross).mul(p.tileCols))
      const rows = f.i32(p.rows.sub(i0).min(p.tileRows))
      const columns = f.i32(p.columns.sub(j0).min(p.tileCols))
      const c0 = f.i32(p.c.add(i0.mul(p.ldc)).add(j0.shl(2)))
      const scales = f.i32(p.scales.add(j0.shl(2)))
      const [A, B] = [f.i32(scratch.add(scratchA)), f.i32(scratch.add(scratchB))]
      const [k0, kc, left, block, count] = [f.i32(), f.i32(), f.i32(), f.i32(), f.i32()]
      const [a, lda, b, c] = [f.i32(), f.i32(), f.i32(), f.i32()]

      // What the first pass adds its products to: the bias, the same for all rows, or zeros. Later passes add to C.
      const zeros = f.i32(scratch.add(scratchZeros))
      f.for(b, 0, columns.shl(2), 16, () => f.store(zeros.add(b), v128(0)))
      const [before, beforeStride, from] = [f.i32(zeros), f.i32(0), f.i32()]
      f.if(p.bias, () => before.set(p.bias.add(j0.shl(2))))

      /** Whether lower tiles hold what is left with fewer rows to spare. */
      const endsLow = (count: I32) => count.le(low).or(count.sub(tall + 1).ltU(2 * low - tall))
      const stripOf = (height: number) => {
        const target = [c, p.ldc, from, beforeStride, scales, columns] as const
        const edge = scratch.add(scratchEdge)
        count.set(block.min(height))
        const callee = strips[height === tall ? 0 : 1]
        f.call(callee, a, lda, count, B, ...target, kc.roundUp(unroll), edge)
        for (const [x, stride] of [[a, lda], [c, p.ldc], [from, beforeStride]]) x.set(x.add(stride.mul(count)))
        block.set(block.sub(count))
      }

      f.for(k0, 0, p.k, blockK, () => {
        kc.set(p.k.sub(k0).min(blockK))
        f.if(
          p.alongB,
          () => f.call(along, p.b.add(j0.mul(p.ldb)).add(k0.mul(bytes)), B, columns, kc, p.ldb),
          () => f.call(across, p.b.add(j0.mul(bytes)).add(k0.mul(p.ldb)), B, columns, kc, p.ldb),
        )
        c.set(c0)
        from.set(before)
        left.set(rows)
        f.while(
          () => left.gt(0),
          () => {
            const row = i0.add(rows).sub(left)
            block.set(left)
            lda.set(copiedStride(kc))
            f.if(
              p.alongA,
              () => {
                a.set(p.a.add(row.mul(p.lda)).add(k0.shl(2)))
                f.if(
                  kc.and(unroll - 1),
                  () => {
                    block.set(left.min(maxCopied))
                    f.call(copy, a, A, block, kc, p.lda)
                    a.set(A)
                  },
                  () => lda.set(p.lda),
                )
              },
              () => {
                block.set(left.min(maxCopied))
                f.call(turn, p.a.add(row.shl(2)).add(k0.mul(p.lda)), A, block, kc, p.lda)
                a.set(A)
              },
            )
            left.set(left.sub(block))
            f.while(
              () => block.gt(0),
              () => f.if(endsLow(block), () => stripOf(low), () => stripOf(tall)),
            )
          },
        )
        before.set(c0)
        beforeStride.set(p.ldc)
      })
    },
  )

const gemm = forWeights(gemmOf)

export const matmulKernels = [...Object.values(gemm), ...thinKernels, ...fewKernels]

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
    const operands = {
      ...addresses({ a, b, c: out }),
      lda: a.shape[1] * 4,
      ldb: b.shape[1] * bytesPerElement[b.dtype],
      ldc: columns * 4,
      scales: b.scales ? address(b.scales) : 0,
      bias: bias ? address(bias) : 0,
      rows,
      columns,
      k,
    }
    const type = b.dtype as WeightType
    if (rows <= thinRows && !transposeA) {
      const layout = transposeB ? 'along' : 'across'
      run(thin[layout][type], Math.ceil(columns / thinColumns[layout]), { ...operands, blockK })
      return
    }
    if (rows <= fewRows && !transposeA) {
      const perItem = transposeB ? alongColumns(rows, columns, k) : acrossColumns
      const few = !transposeB ? fewAcross[type] : type === 'float32' && perItem && k % unroll === 0 && fewAlong
      if (few) return run(few, Math.ceil(columns / perItem), { ...operands, blockK, perItem })
    }
    const [tileRows, tileCols] = tileShape(rows, columns, k, transposeA || k % unroll > 0)
    const tilesAcross = Math.ceil(columns / tileCols)
    run(gemm[type], Math.ceil(rows / tileRows) * tilesAcross, {
      ...operands,
      alongA: transposeA ? 0 : 1,
      alongB: transposeB ? 1 : 0,
      tileRows,
      tileCols,
      tilesAcross,
    })
  },
})

/** Steps of the contraction that an item takes longer for than handing it to a thread. */
const worthAnItem = 2 ** 20

/**
 * The tile of C that one item computes: whole rows as far as possible, since B is packed once for each tile above
 * another, and copies of A are made once for each tile beside another.
 */
export function tileShape(rows: number, columns: number, k: number, copiesA: boolean): [number, number] {
  const wanted = Math.min(16, Math.max(8, Math.floor((rows * columns * k) / worthAnItem / 16)))
  let best: [number, number] = [rows, Math.min(columns, maxColumns)]
  let least = Infinity
  for (let down = 1; down <= 16; down++)
    for (let across = Math.ceil(columns / maxColumns); across <= Math.max(16, Math.ceil(columns / maxColumns)); across++) {
      const r = 6 * Math.ceil(rows / down / 6)
      const c = 16 * Math.ceil(columns / across / 16)
      const items = Math.ceil(rows / r) * Math.ceil(columns / c)
      if (items < wanted && (r > 48 || c > 32)) continue
      const cost = 2 / r + (copiesA ? 4 : 0.5) / c + items / 10000
      if (cost < least) [least, best] = [cost, [r, c]]
    }
  return best
}
