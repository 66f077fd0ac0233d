import { bytesPerElement } from '../../../tensor/dtype.js'
import type { Kernels } from '../../backend.js'
import type { RunKernel } from '../emit/kernel.js'
import type { WasmHost } from '../storage.js'
import { acrossColumns, fewAcross, fewRows, mostSteps } from './few-across.js'
import { alongColumns, fewAlong } from './few-along.js'
import { blockK, gemm, tileShape } from './gemm.js'
import { unroll } from './micro.js'
import { panelColumns, panelKernels, placeOf, thinPlaceOf } from './panels.js'
import { thin, thinColumns, thinKernels, thinRows } from './thin.js'
import type { WeightType } from './weights.js'

export const matmulKernels = [
  ...Object.values(gemm),
  ...thinKernels,
  ...panelKernels,
  fewAlong,
  ...Object.values(fewAcross),
]

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
      a,
      b: at,
      c: out,
      lda: a.shape[1] * 4,
      ldb: panels ? k * panelColumns * bytes : b.shape[1] * bytes,
      ldc: columns * 4,
      scales: b.scales ?? 0,
      bias: bias ?? 0,
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
    if (rows <= fewRows && !transposeA && !panels) {
      const perItem = transposeB ? alongColumns(rows, columns, k) : acrossColumns
      const few = !transposeB
        ? k <= mostSteps && fewAcross[type]
        : type === 'float32' && perItem && k % unroll === 0 && fewAlong
      if (few) return run(few, Math.ceil(columns / perItem), { ...operands, perItem })
    }
    const [tileRows, tileCols] = tileShape(rows, columns, k, transposeA || k % unroll > 0)
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
