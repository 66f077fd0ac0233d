import { HeedError } from '../errors.js'
import type { AttentionInput, InputProjections, Model } from '../models/family.js'
import { normalize, rmsNormalize } from '../nn/layers.js'
import { optionalWeight, type Weights, weight } from '../nn/weights.js'
import { add } from '../ops/arithmetic.js'
import { slice } from '../ops/views.js'
import { scope } from '../tensor/scope.js'
import type { Tensor } from '../tensor/tensor.js'
import type { Capture } from './capture.js'

/** What is asked of a model: its weights, and where among them those of its attentions lie. */
export type Projecting = Pick<Model, 'weights' | 'inputProjections'>

/** One head's columns of W_Q, W_K or W_V. */
export interface HeadProjection {
  /** [D, d], row after row: a view of the model's weight, which the caller frees. */
  readonly weight: Tensor
  /** [d], where there is one. */
  readonly bias?: Tensor
}

/** @throws HeedError `unsupported` where the model's family does not say */
function projectionsAt(model: Projecting, site: string): InputProjections {
  const found = model.inputProjections?.(site)
  if (found) return found
  throw new HeedError(
    'unsupported',
    `this family does not say what makes q, k and v of ${site}: give its Net inputProjections()`,
  )
}

/** The activations that `attentionInputs` reads: what a capture has to keep for it. */
export function inputActivations(model: Projecting, site: string): string[] {
  const { queries, keys } = projectionsAt(model, site)
  return [...new Set([...queries.of, ...keys.of])]
}

/** What the projections of an attention read. */
export interface AttentionInputs {
  /** [B, Tq, D]: what stands in the residual stream where queries ask, and the same behind the norm: what W_Q reads. */
  readonly queries: { readonly stream: Tensor; readonly read: Tensor }
  /** [B, Tk, D]: the same for keys and values. */
  readonly keys: { readonly stream: Tensor; readonly read: Tensor }
}

/**
 * The vectors that an attention's projections read, so that q = x W_Q + b can be followed by hand. Where there is no norm
 * before the projections, `read` equals `stream`. The caller frees them.
 *
 * @param captured with the activations of `inputActivations`
 * @throws HeedError `not-found` for activations that were not captured; `unsupported` where the family does not say
 */
export function attentionInputs(model: Projecting, captured: Capture, site: string): AttentionInputs {
  const { queries, keys } = projectionsAt(model, site)
  const made = (input: AttentionInput) => {
    const [first, ...rest] = input.of.map((name) => captured.activation(name))
    const stream = rest.reduce(add, first.view(first.shape, first.strides))
    return { stream, read: normed(model.weights, input, stream) }
  }
  return scope(() => ({ queries: made(queries), keys: made(keys) }))
}

function normed(weights: Weights, { norm }: AttentionInput, x: Tensor): Tensor {
  if (!norm) return x.view(x.shape, x.strides)
  return (norm.kind === 'rms' ? rmsNormalize : normalize)(weights, norm.name, x, norm.eps)
}

/**
 * W_Q, W_K and W_V of one head, and their biases: q = x W + b with x of `attentionInputs`, before what `inputProjections`
 * says comes after it (rotary positions, norms of heads). A head shares its keys' matrices with its group. The caller
 * frees the views.
 *
 * @throws HeedError `unsupported` where the family does not say, or weights are kept as int8 or float16 (load as f32);
 *   `not-found` for a head that there is not
 */
export function headProjections(
  model: Projecting & Pick<Model, 'heads'>,
  captured: Capture,
  site: string,
  head: number,
): Record<'q' | 'k' | 'v', HeadProjection> {
  const [part] = captured.map(site, head).parts
  const { q, k, v } = part.kept
  if (!v) throw new HeedError('input', `${site}: captured without values; capture(…, { values: true })`)
  const found = projectionsAt(model, site)
  const [, , H, d] = q.shape
  const [, , Hkv, dv] = v.shape
  const group = Math.floor((head * Hkv) / H)
  const of = ({ name, transposed, first = 0 }: InputProjections['q'], at: number, width: number) => {
    const matrix = weight(model.weights, `${name}.weight`)
    if (matrix.dtype !== 'float32' && matrix.dtype !== 'float64')
      throw new HeedError(
        'unsupported',
        `${name} is kept as ${matrix.dtype}; load the model with dtype 'f32'`,
      )
    const [start, end] = [first + at * width, first + (at + 1) * width]
    const rows = slice(matrix, transposed ? 1 : 0, start, end)
    const [r, c] = rows.shape
    const columns = transposed ? rows : rows.view([c, r], [rows.strides[1], rows.strides[0]], rows.offset)
    const bias = optionalWeight(model.weights, `${name}.bias`)
    return { weight: columns, ...(bias && { bias: slice(bias, 0, start, end) }) }
  }
  return scope(() => ({
    q: of(found.q, head, d),
    k: of(found.k, group, k.shape[3]),
    v: of(found.v, group, dv),
  }))
}
