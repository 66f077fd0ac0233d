import { Tensor } from '../tensor/tensor.js'
import { checkKind, checkShapeIs, checkTrainable, checkWeight, dense, emptyLike, floatOf } from './check.js'
import { backendOf } from '../backends/current.js'
import { record } from './record.js'
import { scope } from '../tensor/scope.js'

/**
 * factor · table[id] for every id: ids int32 [...], table [V, D] → [..., D]. The factor is √d_model in "Attention Is
 * All You Need" (section 3.4), where the table is tied with the output projection: linear(x, table).
 * Ids must lie in [0, V): the caller, who has them as numbers, checks; an id outside reads zeros. The table may be
 * float16, or int8 with a scale for each row; the result is float.
 *
 * Backward: dTable[id] = factor · Σ dy over the places where id stands.
 *
 * @throws HeedTypeError `dtype` when ids are not int32 or the table is not float, `shape` when the table is not [V, D];
 *   when gradients are asked for, HeedError `unsupported` for a float16 or int8 table.
 */
export function embedding(ids: Tensor, table: Tensor, factor = 1): Tensor {
  return scope(() => {
    checkWeight('embedding', 'table', table, [-1, 1])
    checkKind('embedding', 'ids', ids, 'int32', table)
    checkShapeIs('embedding', 'table', table, [-1, -1])
    const { kernels } = backendOf(table)
    const at = dense(ids)
    const out = Tensor.empty(table.device, floatOf(table), [...ids.shape, table.shape[1]])
    kernels.embedding(at, dense(table), factor, out)
    return record('embedding', [table], out, (dy) => {
      checkTrainable('embedding', 'table', table)
      const dTable = emptyLike(table)
      kernels.embeddingGrad(at, dy, factor, dTable)
      return [dTable]
    })
  })
}
