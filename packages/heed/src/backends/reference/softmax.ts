import type { Kernels } from '../backend.js'
import { dot, maxOf, sumOf } from './reductions.js'
import { rowsOf } from './storage.js'

export const softmax: Kernels['softmax'] = (x, out) => {
  const Y = rowsOf(out)
  rowsOf(x).forEach((x, r) => {
    const largest = maxOf(x)
    if (largest === -Infinity) return void Y[r].fill(0)
    const e = Float64Array.from(x, (xj) => Math.exp(xj - largest))
    const sum = sumOf(e)
    Y[r].set(e.map((ej) => ej / sum))
  })
}

export const softmaxGrad: Kernels['softmaxGrad'] = (y, dy, dx) => {
  const [dY, dX] = [rowsOf(dy), rowsOf(dx)]
  rowsOf(y).forEach((y, r) => {
    const total = dot(dY[r], y)
    for (let j = 0; j < y.length; j++) dX[r][j] = y[j] * (dY[r][j] - total)
  })
}
