import { scope, type Tensor } from 'heed'
import { headProjections } from 'heed/lens'
import { captured } from './captures'
import { type ModelSource, openModel } from './models'
import type { Context } from './rpc'

export interface ProjectionsRequest {
  model: ModelSource
  /** Of any text that the site has read: the sizes of heads follow from it. */
  text: string
  site: string
  head: number
}

/** One head's columns of a matrix, [rows, columns] row after row, and its bias [columns]. */
export interface Matrix {
  rows: number
  columns: number
  values: Float32Array
  bias?: Float32Array
}

/** W_Q, W_K and W_V of a head, with their biases. */
export async function projections(
  { model: source, text, site, head }: ProjectionsRequest,
  context: Context,
): Promise<Record<'q' | 'k' | 'v', Matrix>> {
  const open = await openModel(source, context)
  const seen = await captured(open, text, site, context)
  const found = scope(() => headProjections(open.model, seen, site, head))
  const read = async ({ weight, bias }: { weight: Tensor; bias?: Tensor }): Promise<Matrix> => {
    const [rows, columns] = weight.shape
    const values = Float32Array.from(await weight.data())
    return { rows, columns, values, ...(bias && { bias: Float32Array.from(await bias.data()) }) }
  }
  try {
    return { q: await read(found.q), k: await read(found.k), v: await read(found.v) }
  } finally {
    for (const { weight, bias } of Object.values(found)) for (const t of [weight, bias]) t?.dispose()
  }
}
