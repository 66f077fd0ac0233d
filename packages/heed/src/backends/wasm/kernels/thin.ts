import { bytesPerElement } from '../../../tensor/dtype.js'
import { i32s, kernelWith } from '../emit/kernel.js'
import type { ModuleBuilder } from '../emit/module.js'
import { v128 } from '../emit/values.js'
import { panelColumns } from './panels.js'
import { addSums, forEach4 } from './support.js'
import { sumsAcross, sumsAlong, sumsOfPanel } from './thin-sums.js'
import { forWeights, weightReader, type WeightType } from './weights.js'

/*
 * Products of few rows, such as a step of decoding: B is read once, where it lies, and nothing is packed. Every sum is
 * made of the same steps in the same order as a tile's (micro.ts), so a row has the same bits alone and in a batch.
 */

/** More rows than these are worth packing B for. */
export const thinRows = 4
/**
 * Columns that one item computes, where B lies along the contraction, where it lies across, and in panels: every item's start
 * costs time in which memory is not read.
 */
export const thinColumns = { along: 64, across: 256, panels: 6 * panelColumns }

export const thinArgs = i32s(
  'a',
  'lda',
  'b',
  'ldb',
  'scales',
  'c',
  'ldc',
  'bias',
  'rows',
  'columns',
  'k',
  'blockK',
)

/** C's columns of one item = A · B (· scales) (+ bias), in passes of `blockK` steps as matmul's. */
const thinOf = (type: WeightType, alongB: boolean) =>
  kernelWith(
    `thin matmul ${alongB ? 'along' : 'across'} ${type}`,
    thinArgs,
    (m) => (alongB ? sumsAlong(m, type) : sumsAcross(m, type)),
    (f, p, item, scratch, sumUp) => {
      const bytes = weightReader(f, type).bytes
      const perItem = thinColumns[alongB ? 'along' : 'across']
      const j0 = f.i32(item.mul(perItem))
      const columns = f.i32(p.columns.sub(j0).min(perItem))
      const [k0, row, kc] = [f.i32(), f.i32(), f.i32()]
      const [b, sums, scales, before, to] = [f.i32(), f.i32(), f.i32(), f.i32(), f.i32()]
      const zeros = f.i32(scratch.add(4 * perItem + 64))
      f.for(row, 0, columns.shl(2), 16, () => f.store(zeros.add(row), v128(0)))
      f.for(k0, 0, p.k, p.blockK, () => {
        kc.set(p.k.sub(k0).min(p.blockK))
        if (alongB) b.set(p.b.add(j0.mul(p.ldb)).add(k0.mul(bytes)))
        else b.set(p.b.add(j0.mul(bytes)).add(k0.mul(p.ldb)))
        f.for(row, 0, p.rows, 1, () => {
          sums.set(scratch)
          f.call(sumUp, p.a.add(row.mul(p.lda)).add(k0.shl(2)), b, p.ldb, sums, columns, kc)
          to.set(p.c.add(row.mul(p.ldc)).add(j0.shl(2)))
          before.set(to)
          f.if(k0.isZero(), () => {
            before.set(zeros)
            f.if(p.bias, () => before.set(p.bias.add(j0.shl(2))))
          })
          scales.set(p.scales.add(j0.shl(2)))
          addSums(f, columns, { sums, before, to, ...(type === 'int8' && { scales }) })
        })
      })
    },
  )

/**
 * The same where B lies in panels. A pass of one serves all rows, from the cache after the first, of narrow weights two at
 * a time; sums grow in scratch, where there is room for those that the last panel has too many.
 */
const thinPanels = forWeights((type) =>
  kernelWith(
    `thin matmul panels ${type}`,
    thinArgs,
    (m) => ({
      one: sumsOfPanel(m, type, 1),
      two: type === 'float32' ? undefined : sumsOfPanel(m, type, 2),
      copy: copyFloats(m),
    }),
    (f, p, item, scratch, { one, two, copy }) => {
      const bytes = bytesPerElement[type]
      const scales = f.i32(scratch.add(thinRows * rowOfSums))
      const [j, columns, row, sums, k0, kc] = [f.i32(), f.i32(), f.i32(), f.i32(), f.i32(), f.i32()]
      const first = f.i32(item.mul(thinColumns.panels))
      const last = f.i32(first.add(thinColumns.panels).min(p.columns))
      const panel = f.i32(p.b.add(first.mul(p.k).mul(bytes)))
      const forEachRow = (by: number, body: () => void) => {
        sums.set(scratch)
        f.for(row, 0, p.rows, by, () => {
          body()
          sums.set(sums.add(by * rowOfSums))
        })
      }
      const sumUp = (sumsOf: typeof one) =>
        f.call(sumsOf, p.a.add(row.mul(p.lda)).add(k0.shl(2)), p.lda, panel, sums, scales, kc)
      f.for(j, first, last, panelColumns, () => {
        columns.set(p.columns.sub(j).min(panelColumns))
        if (type === 'int8') f.call(copy, p.scales.add(j.shl(2)), scales, columns)
        forEachRow(1, () => {
          for (let c = 0; c < panelColumns; c += 4) f.store(sums, v128(0), 4 * c)
          f.if(p.bias, () => f.call(copy, p.bias.add(j.shl(2)), sums, columns))
        })
        f.for(k0, 0, p.k, p.blockK, () => {
          kc.set(p.k.sub(k0).min(p.blockK))
          if (!two) forEachRow(1, () => sumUp(one))
          else
            forEachRow(2, () =>
              f.if(
                p.rows.sub(row).eq(1),
                () => sumUp(one),
                () => sumUp(two),
              ),
            )
          panel.set(panel.add(kc.mul(panelColumns * bytes)))
        })
        forEachRow(1, () => f.call(copy, sums, p.c.add(row.mul(p.ldc)).add(j.shl(2)), columns))
      })
    },
  ),
)

/** Bytes of a row's sums in one panel. */
const rowOfSums = 4 * panelColumns

/** (from, to, count) */
const copyFloats = (m: ModuleBuilder) =>
  m.func(['i32', 'i32', 'i32'], (f, from, to, count) => forEach4(f, count, [from], [to], (x) => [x]))

/** By type of B's weights. */
export const thin = {
  panels: thinPanels,
  along: forWeights((type) => thinOf(type, true)),
  across: forWeights((type) => thinOf(type, false)),
}

export const thinKernels = Object.values(thin).flatMap((byType) => Object.values(byType))
