import { HeedTypeError } from '../errors.js'
import { scope } from '../tensor/scope.js'
import { show } from '../tensor/shape.js'
import type { Tensor } from '../tensor/tensor.js'
import { type AttentionOptions, resolveRules } from './attention-rules.js'
import { checkShapes, headsDense } from './attention.js'
import { checkFloats, checkShapeIs, dense, emptyLike } from './check.js'

export interface AttentionTileOptions {
  q: Tensor
  k: Tensor
  /** As `attentionWithStats` gave them. */
  m: Tensor
  l: Tensor
  /** The options the attention ran with. */
  options?: AttentionOptions
  batch?: number
  head: number
  /** [start, end) of queries; default all. */
  rows?: readonly [number, number]
  /** [start, end) of keys; default all. */
  cols?: readonly [number, number]
  /** Default 'weights'. 'scores' gives the scaled scores, softcap and bias included, −∞ where the query may not attend. */
  what?: 'scores' | 'weights'
}

const checkInside = (name: string, at: number, end: number) => {
  if (!(Number.isInteger(at) && at >= 0 && at < end))
    throw new HeedTypeError('option', `attentionTile: ${name} ${at} is outside 0 to ${end - 1}`)
}

const checkRange = (name: string, [start, end]: readonly [number, number], limit: number) => {
  if (!(Number.isInteger(start) && Number.isInteger(end) && 0 <= start && start <= end && end <= limit))
    throw new HeedTypeError(
      'option',
      `attentionTile: ${name} ${start} to ${end} do not lie inside 0 to ${limit}`,
    )
  return [start, end] as const
}

/**
 * Any part of an attention map, exact, from q, k, m and ℓ alone: w_ij = exp(s_ij − m_i) / ℓ_i. Scores are computed by
 * the forward's kernel in the forward's order, bit for bit. Gives [rows, cols].
 *
 * @throws HeedTypeError `shape` when q, k, m and l do not belong together, `option` when batch, head, rows or cols lie outside the map.
 */
export function attentionTile({
  q,
  k,
  m,
  l,
  options = {},
  batch = 0,
  head,
  rows,
  cols,
  what = 'weights',
}: AttentionTileOptions): Tensor {
  const { kernels } = checkFloats('attentionTile', { q, k, m, l })
  checkShapes('attentionTile', { q, k })
  if (what !== 'scores' && what !== 'weights')
    throw new HeedTypeError(
      'option',
      `attentionTile: there is no '${String(what)}'; there are 'scores' and 'weights'`,
    )
  const [B, Tq, H] = q.shape
  const Tk = k.shape[1]
  for (const [name, t] of Object.entries({ m, l }))
    checkShapeIs('attentionTile', name, t, [B, H, Tq], `for q ${show(q.shape)}`)
  checkInside('batch', batch, B)
  checkInside('head', head, H)
  const [r, c] = [checkRange('rows', rows ?? [0, Tq], Tq), checkRange('cols', cols ?? [0, Tk], Tk)]
  return scope(() => {
    const out = emptyLike(q, [r[1] - r[0], c[1] - c[0]])
    const kept = { q: headsDense(q), k: headsDense(k), m: dense(m), l: dense(l) }
    kernels.attentionTile({
      ...kept,
      batch,
      head,
      rows: r,
      cols: c,
      what,
      out,
      ...resolveRules(q, k, options).rules,
    })
    return out
  })
}
