import { AttentionMap, Capture, type KeptAttention } from '../lens/index.js'
import type { AttentionOptions } from '../ops/index.js'
import { attentionWithStats, tensor } from '../ops/index.js'
import { scope } from '../tensor/index.js'

export interface KnownOptions {
  /** Default `layers.0.self`. */
  site?: string
  options?: AttentionOptions
  /** Values [heads][keys][Dv]. */
  values?: readonly (readonly (readonly number[])[])[]
}

/**
 * What is kept of an attention with known weights [heads][queries][keys]: query i is the unit vector i and key j holds
 * ln w_ij, so that q_i·k_j = ln w_ij. Zeros need a rule that hides them.
 */
export function knownAttention(
  weights: readonly (readonly (readonly number[])[])[],
  { site = 'layers.0.self', options = {}, values }: KnownOptions = {},
): KeptAttention {
  const [H, Tq, Tk] = [weights.length, weights[0].length, weights[0][0].length]
  const [q, k] = [new Float64Array(Tq * H * Tq), new Float64Array(Tk * H * Tq)]
  weights.forEach((map, h) =>
    map.forEach((row, i) => {
      q[(i * H + h) * Tq + i] = 1
      row.forEach((w, j) => (k[(j * H + h) * Tq + i] = w > 0 ? Math.log(w) : 0))
    }),
  )
  return scope(() => {
    const kept = { q: tensor(q, [1, Tq, H, Tq]), k: tensor(k, [1, Tk, H, Tq]) }
    const Dv = values?.[0][0].length ?? 1
    const flat = Array.from({ length: Tk }, (_, j) => weights.map((_, h) => values?.[h][j] ?? [1])).flat(2)
    const v = tensor(flat, [1, Tk, H, Dv])
    const rules = { scale: 1, ...options }
    const { m, l } = attentionWithStats(kept.q, kept.k, v, rules)
    for (const t of [kept.q, kept.k, v, m, l]) t.keep()
    if (!values) v.dispose()
    return { site, ...kept, ...(values && { v }), m, l, options: rules }
  })
}

/** A capture of known attentions. It owns them. */
export const knownCapture = (attentions: readonly KeptAttention[], heads: number): Capture =>
  new Capture(heads, new Map(attentions.map((kept) => [kept.site, kept])), new Map())

/** A known map, with the capture that it reads and that goes with it. */
export function knownMap(
  weights: readonly (readonly number[])[],
  options?: KnownOptions,
): { map: AttentionMap; kept: KeptAttention; capture: Capture } & Disposable {
  const kept = knownAttention([weights], options)
  const capture = knownCapture([kept], 1)
  return { kept, capture, map: capture.map(kept.site, 0), [Symbol.dispose]: () => capture.dispose() }
}
