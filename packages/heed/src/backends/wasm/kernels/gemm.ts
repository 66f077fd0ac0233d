import { bytesPerElement } from '../../../tensor/dtype.js'
import type { Callable } from '../emit/function.js'
import { i32s, kernelWith } from '../emit/kernel.js'
import { type I32, v128 } from '../emit/values.js'
import { tileColumns, unroll } from './micro.js'
import { packAcross, packAlong } from './pack.js'
import { copyPart, panelColumns } from './panels.js'
import { copiedStride, copyRows, turnRows } from './rows.js'
import { heights, strip } from './strip.js'
import { forWeights, type WeightType } from './weights.js'

/** Steps of the contraction per pass: a panel of B (8 × 256 floats) then stays in the first-level cache. */
export const blockK = 256
/** Most columns of an item and rows of A that are copied at a time: both stay in the second-level cache. */
const [maxColumns, maxCopied] = [512, 96]
const scratchA = 0
const scratchB = scratchA + (maxCopied + 4) * (4 * blockK + 64)
const scratchZeros = scratchB + (maxColumns + 8) * blockK * 4 + 64
const scratchEdge = scratchZeros + maxColumns * 4 + 64

const gemmArgs = {
  ...i32s('a', 'lda', 'alongA', 'b', 'ldb', 'alongB', 'panelsB', 'scales', 'c', 'ldc', 'bias'),
  ...i32s('rows', 'columns', 'k', 'tileRows', 'tileCols', 'tilesAcross'),
}

/**
 * One tile of C = A · B (+ bias) per item. `along` says that an operand's contraction is its dense dimension; `lda`
 * and `ldb` are the strides, in bytes, of its other dimension. A is read where it lies if it can (rows.ts), B is packed
 * (pack.ts) unless it lies in panels (`panelsB`, panels.ts), and may be kept as any type of weights: what the tile reads are
 * floats, and sums over int8 are multiplied by `scales` [columns] as they go into C.
 */
const gemmOf = (type: WeightType) =>
  kernelWith(
    `matmul ${type}`,
    gemmArgs,
    (m) => ({
      along: packAlong(m, tileColumns, type),
      across: packAcross(m, tileColumns, type),
      part: copyPart(m, type),
      turn: turnRows(m),
      copy: copyRows(m),
      strips: heights(m.simd).map((height) => strip(m, height, type === 'int8')),
    }),
    (f, p, item, scratch, { along, across, part, turn, copy, strips }) => {
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
      const [a, lda, b, c, j] = [f.i32(), f.i32(), f.i32(), f.i32(), f.i32()]

      // What the first pass adds its products to: the bias, the same for all rows, or zeros. Later passes add to C.
      const zeros = f.i32(scratch.add(scratchZeros))
      f.for(b, 0, columns.shl(2), 16, () => f.store(zeros.add(b), v128(0)))
      const [before, beforeStride, from] = [f.i32(zeros), f.i32(0), f.i32()]
      f.if(p.bias, () => before.set(p.bias.add(j0.shl(2))))

      /** Whether lower tiles hold what is left with fewer rows to spare. */
      const endsLow = (count: I32) => count.le(low).or(count.sub(tall + 1).ltU(2 * low - tall))
      const stripOf = (callee: Callable, height: number) => {
        count.set(block.min(height))
        const target = [c, p.ldc, from, beforeStride, scales, columns]
        f.call(callee, a, lda, count, B, ...target, kc.roundUp(unroll), scratch.add(scratchEdge))
        a.set(a.add(lda.mul(count)))
        c.set(c.add(p.ldc.mul(count)))
        from.set(from.add(beforeStride.mul(count)))
        block.set(block.sub(count))
      }
      /** The next rows of A, where they lie or copied: sets a, lda and how many they are. */
      const nextRows = () => {
        const row = i0.add(rows).sub(left)
        block.set(left)
        lda.set(p.lda)
        a.set(p.a.add(row.mul(p.lda)).add(k0.shl(2)))
        f.if(p.alongA.isZero().or(kc.and(unroll - 1)), () => {
          block.set(left.min(maxCopied))
          f.if(
            p.alongA,
            () => f.call(copy, a, A, block, kc, p.lda),
            () => f.call(turn, p.a.add(row.shl(2)).add(k0.mul(p.lda)), A, block, kc, p.lda),
          )
          a.set(A)
          lda.set(copiedStride(kc))
        })
        left.set(left.sub(block))
      }

      /** This pass of B at B: from panels that it lies in already, which are wider, or packed. */
      const packB = () => {
        const fromPanels = () => {
          b.set(B)
          f.for(j, 0, columns, tileColumns, () => {
            const [column, panel] = [j0.add(j), p.b.add(j0.add(j).divU(panelColumns).mul(p.ldb))]
            f.call(part, panel.add(k0.mul(panelColumns * bytes)), column.and(panelColumns - 1), b, kc)
            b.set(b.add(kc.roundUp(unroll).mul(4 * tileColumns)))
          })
        }
        const fromRows = () =>
          f.if(
            p.alongB,
            () => f.call(along, p.b.add(j0.mul(p.ldb)).add(k0.mul(bytes)), B, columns, kc, p.ldb),
            () => f.call(across, p.b.add(j0.mul(bytes)).add(k0.mul(p.ldb)), B, columns, kc, p.ldb),
          )
        f.if(p.panelsB, fromPanels, fromRows)
      }

      f.for(k0, 0, p.k, blockK, () => {
        kc.set(p.k.sub(k0).min(blockK))
        packB()
        c.set(c0)
        from.set(before)
        left.set(rows)
        f.while(
          () => left.gt(0),
          () => {
            nextRows()
            f.while(
              () => block.gt(0),
              () =>
                f.if(
                  endsLow(block),
                  () => stripOf(strips[1], low),
                  () => stripOf(strips[0], tall),
                ),
            )
          },
        )
        before.set(c0)
        beforeStride.set(p.ldc)
      })
    },
  )

/** By type of B's weights. */
export const gemm = forWeights(gemmOf)

/** Steps of the contraction, all elements of C together, that are worth handing an item to another thread. */
const worthAnItem = 2 ** 24

/**
 * The tile of C that one item computes, chosen by shape alone: at least 8 where the product allows, 16 where it is
 * large, so that threads share evenly. B is packed again for each tile above another, and A copied, or at least read,
 * again for each beside another: of the cuts that do, the one that costs least in all.
 */
export function tileShape(
  rows: number,
  columns: number,
  k: number,
  copiesA: boolean,
): [rows: number, columns: number] {
  const wanted = Math.min(16, Math.max(8, Math.floor((rows * columns * k) / worthAnItem)))
  const fewest = Math.ceil(columns / maxColumns)
  let best: [number, number] = [rows, Math.min(columns, maxColumns)]
  let least = Infinity
  for (let down = 1; down <= 16; down++)
    for (let across = fewest; across <= Math.max(16, fewest); across++) {
      const r = 6 * Math.ceil(rows / down / 6)
      const c = 16 * Math.ceil(columns / across / 16)
      const items = Math.ceil(rows / r) * Math.ceil(columns / c)
      const smallest = r <= 48 && c <= 32
      const cost = 2 / r + (copiesA ? 4 : 1) / c + items / 10_000
      if ((items >= wanted || smallest) && cost < least) [least, best] = [cost, [r, c]]
    }
  return best
}
