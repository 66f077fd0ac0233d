import { scope } from '../tensor/scope.js'
import { show } from '../tensor/shape.js'
import type { Tensor } from '../tensor/tensor.js'
import { type AttentionOptions, resolveRules } from './attention-rules.js'
import { checkShapes, headsDense } from './attention.js'
import { checkFloats, checkOptions, checkShapeIs, dense, emptyLike, optionError } from './check.js'

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

const known = ['q', 'k', 'm', 'l', 'options', 'batch', 'head', 'rows', 'cols', 'what']

function checkInside(name: string, at: number, end: number): void {
  if (!(Number.isInteger(at) && at >= 0 && at < end))
    throw optionError('attentionTile', name, `a whole number from 0 to below ${end}`, at)
}

function checkRange(name: string, range: unknown, limit: number): void {
  const ok = Array.isArray(range) && range.length === 2 && range.every(Number.isInteger)
  if (!(ok && 0 <= range[0] && range[0] <= range[1] && range[1] <= limit))
    throw optionError('attentionTile', name, `[start, end] with 0 ≤ start ≤ end ≤ ${limit}`, range)
}

/**
 * Any part of an attention map, exact, from q, k, m and ℓ alone: w_ij = exp(s_ij − m_i) / ℓ_i. Scores are computed by
 * the forward's kernel in the forward's order, bit for bit. Gives [rows, cols].
 *
 * @throws HeedTypeError `shape`, `dtype` or `backend` when q, k, m and l do not belong together, `option` when batch, head, rows or cols lie outside the map.
 */
export function attentionTile(tile: AttentionTileOptions): Tensor {
  checkOptions('attentionTile', tile, known)
  const { q, k, m, l, options = {}, batch = 0, head, what = 'weights' } = tile
  const { kernels } = checkFloats('attentionTile', { q, k, m, l })
  checkShapes('attentionTile', { q, k })
  const [B, Tq, H] = q.shape
  const Tk = k.shape[1]
  for (const [name, t] of Object.entries({ m, l }))
    checkShapeIs('attentionTile', name, t, [B, H, Tq], () => `for q ${show(q.shape)}`)
  checkInside('batch', batch, B)
  checkInside('head', head, H)
  const { rows = [0, Tq], cols = [0, Tk] } = tile
  checkRange('rows', rows, Tq)
  checkRange('cols', cols, Tk)
  if (what !== 'scores' && what !== 'weights')
    throw optionError('attentionTile', 'what', "'scores' or 'weights'", what)
  return scope(() => {
    const { rules } = resolveRules(q, k, options)
    const out = emptyLike(q, [rows[1] - rows[0], cols[1] - cols[0]])
    const kept = { q: headsDense(q), k: headsDense(k), m: dense(m), l: dense(l) }
    kernels.attentionTile({ ...kept, ...rules, batch, head, rows, cols, what, out })
    return out
  })
}
