import type { Kernels } from '../backend.js'
import { elements, rowsOf, widened } from './storage.js'

export const embedding: Kernels['embedding'] = (ids, table, factor, out) => {
  const [V, width] = table.shape
  const [T, O] = [widened(table), rowsOf(out)]
  elements(ids).forEach((id, r) => {
    const inside = id >= 0 && id < V
    for (let c = 0; c < width; c++) O[r][c] = inside ? factor * T[id * width + c] : 0
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
