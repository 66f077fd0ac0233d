import {
  type AttentionOptions,
  attentionScores,
  HeedError,
  type Normalizer,
  normalizers,
  scale as times,
  scope,
  slice,
  type Tensor,
  tensor,
  weightedSum,
} from 'heed'
import type { KeptAttention } from 'heed/lens'
import type { Changes } from './changes'

/** Every step of a head's formula, [Tq, Tk] unless said otherwise. */
export interface Formula {
  /** q·k */
  products: Float32Array
  /** Times the scale. */
  scaled: Float32Array
  /** Divided by the temperature; −∞ where a query may not attend. */
  scores: Float32Array
  /** What the normaliser makes of each score by itself: e^s, max(0, s − τ) … */
  each: Float64Array
  /** [Tq]: what a row of them adds up to; of `linear` the number of keys seen. */
  sums: Float64Array
  /** [Tq]: τ of sparsemax. */
  thresholds?: Float64Array
  weights: Float32Array
  /** [Tq, dv] */
  out: Float32Array
}

/** What stands between a query and keys in the model itself. */
export interface OwnMask {
  causal: boolean
  window: boolean
}

export const ownMask = ({ options }: KeptAttention): OwnMask => ({
  causal: Boolean(options.causal),
  window: options.window !== undefined,
})

/** The rules of one head, with the mask that was asked for in place of its own. */
function rules({ options }: KeptAttention, head: number, mask: Changes['mask']): AttentionOptions {
  const { sink, causal, window, bias, ...rest } = options
  if (sink || (bias && 'relative' in bias))
    throw new HeedError(
      'unsupported',
      `this attention has ${sink ? 'a sink, a logit of no key' : 'biases by distance'}: the page cannot take its steps one by one yet`,
    )
  const own = mask === 'own' ? { causal, window } : mask === 'causal' ? { causal: { offset: 0 } } : {}
  const ofHead = bias && (bias.shape[1] > 1 ? slice(bias, 1, head, head + 1) : bias)
  return { ...rest, ...own, ...(ofHead && { bias: ofHead }) }
}

const numbers = async (t: Tensor): Promise<Float32Array> => Float32Array.from(await t.data())

/**
 * The formula of one head step by step, with its steps' own ops: softmax(QKᵀ / √d_k) V, with changes.
 *
 * @throws HeedError `unsupported` for an attention with a sink
 */
export async function formula(kept: KeptAttention, head: number, changes: Changes): Promise<Formula> {
  const [, Tq, H] = kept.q.shape
  const [, Tk, Hkv] = kept.k.shape
  const group = Math.floor((head * Hkv) / H)
  const scale = changes.scale ? (kept.options.scale ?? kept.q.shape[3] ** -0.5) : 1
  const made = scope(() => {
    const [q, k, v] = [one(kept.q, head), one(kept.k, group), one(kept.v!, group)]
    const products = attentionScores(q, k, { scale: 1 })
    const scaled = attentionScores(q, k, { scale })
    const allowed = { ...rules(kept, head, changes.mask), ...allBut(changes.forbidden ?? [], Tq, Tk) }
    const limited = attentionScores(q, k, { ...allowed, scale })
    const scores = changes.temperature === 1 ? limited : times(limited, 1 / changes.temperature)
    const weights = normalizers[changes.normalizer](scores)
    return { products, scaled, scores, weights, out: weightedSum(weights, v) }
  })
  try {
    const scores = await numbers(made.scores)
    const weights = await numbers(made.weights)
    return {
      products: await numbers(made.products),
      scaled: await numbers(made.scaled),
      scores,
      weights,
      out: await numbers(made.out),
      ...between(changes.normalizer, scores, weights, Tq, Tk),
    }
  } finally {
    for (const t of Object.values(made)) t.dispose()
  }
}

/** t [1, T, H, d] of one head, [1, T, 1, d]. */
const one = (t: Tensor, head: number): Tensor => slice(t, 2, head, head + 1)

/** bool [1, 1, Tq, Tk]: all links but those that are forbidden. */
function allBut(links: NonNullable<Changes['forbidden']>, Tq: number, Tk: number): AttentionOptions {
  if (links.length === 0) return {}
  const mask = new Uint8Array(Tq * Tk).fill(1)
  for (const [i, j] of links) if (i < Tq && j < Tk) mask[i * Tk + j] = 0
  return { mask: tensor(mask, [1, 1, Tq, Tk]) }
}

/** What a normaliser does to each score before the row is set right, in float64. */
function between(
  normalizer: Normalizer,
  scores: Float32Array,
  weights: Float32Array,
  Tq: number,
  Tk: number,
): Pick<Formula, 'each' | 'sums' | 'thresholds'> {
  const each = new Float64Array(Tq * Tk)
  const sums = new Float64Array(Tq)
  const thresholds = normalizer === 'sparsemax' ? new Float64Array(Tq) : undefined
  for (let i = 0; i < Tq; i++) {
    const cells = Array.from({ length: Tk }, (_, j) => i * Tk + j)
    if (thresholds) {
      const support = cells.find((at) => weights[at] > 0)
      thresholds[i] = support === undefined ? 0 : scores[support] - weights[support]
    }
    for (const at of cells) {
      const s = scores[at]
      each[at] = s === -Infinity ? 0 : eachOf(normalizer, s, thresholds?.[i] ?? 0, weights[at])
      sums[i] += normalizer === 'linear' ? Number(s !== -Infinity) : each[at]
    }
  }
  return { each, sums, ...(thresholds && { thresholds }) }
}

function eachOf(normalizer: Normalizer, s: number, threshold: number, weight: number): number {
  switch (normalizer) {
    case 'softmax':
      return Math.exp(s)
    case 'sparsemax':
      return Math.max(0, s - threshold)
    case 'relu':
      return Math.max(0, s)
    case 'linear':
      return s
    default:
      return weight
  }
}
