import type { Kernels } from '../backend.js'
import { elements, rowsOf } from './storage.js'

export const embedding: Kernels['embedding'] = (ids, table, factor, out) => {
  const [T, O] = [rowsOf(table), rowsOf(out)]
  elements(ids).forEach((id, r) => {
    for (let c = 0; c < O[r].length; c++) O[r][c] = id in T ? factor * T[id][c] : 0
  })
}

export const embeddingGrad: Kernels['embeddingGrad'] = (ids, dy, factor, dTable) => {
  const [V, width] = dTable.shape
  const [dY, sums] = [rowsOf(dy), new Float64Array(V * width)]
  elements(ids).forEach((id, r) => {
    if (id >= 0 && id < V) for (let c = 0; c < width; c++) sums[id * width + c] += factor * dY[r][c]
  })
  elements(dTable).set(sums)
}
