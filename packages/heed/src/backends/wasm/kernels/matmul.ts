import { bytesPerElement } from '../../../tensor/dtype.js'
import type { Kernels } from '../../backend.js'
import type { RunKernel } from '../emit/kernel.js'
import { acrossColumns, fewAcross, fewRows } from './few-across.js'
import { alongColumns, fewAlong } from './few-along.js'
import { blockK, gemm, tileShape } from './gemm.js'
import { unroll } from './micro.js'
import { address, addresses } from './support.js'
import { thin, thinColumns, thinKernels, thinRows } from './thin.js'
import type { WeightType } from './weights.js'

export const matmulKernels = [...Object.values(gemm), ...thinKernels, fewAlong, ...Object.values(fewAcross)]

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
      const few = !transposeB
        ? fewAcross[type]
        : type === 'float32' && perItem && k % unroll === 0 && fewAlong
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
