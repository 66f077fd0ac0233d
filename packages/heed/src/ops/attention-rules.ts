import type { AttentionRules } from '../backends/backend.js'
import { HeedTypeError } from '../errors.js'
import { show } from '../tensor/shape.js'
import type { Tensor } from '../tensor/tensor.js'
import {
  type Bias,
  checkSpreads,
  type MapShape,
  type RelativeBias,
  resolveBias,
  spread,
} from './attention-bias.js'
import { checkFloats, checkKind, checkShapeIs, dense } from './check.js'

/** Who may attend to whom, and how scores are made. */
export interface AttentionOptions {
  /** Multiplies q·k. Default 1/√D, which keeps the scores' variance at 1 whatever D is (section 3.2.1 of the paper). */
  scale?: number
  /**
   * Query i sees key j when j ≤ i + offset; `true`, or no offset, takes Tk − Tq. One offset for all, or one per batch.
   * Default false.
   */
  causal?: boolean | { offset?: number | ArrayLike<number> }
  /**
   * Query i sees key j when i + offset − left ≤ j ≤ i + offset + right, with causal's offset (Tk − Tq by default, also
   * where causal is false). Whole numbers from 0 up; Infinity leaves a side open.
   */
  window?: readonly [left: number, right: number]
  /** Valid keys per batch, from the first: key j counts when j < lengths[b]. Default: all Tk. */
  lengths?: ArrayLike<number>
  /** bool [B|1, H|1, Tq|1, Tk]: true = may attend. Default: all may. */
  mask?: Tensor
  /** c · tanh(s / c) on the scaled score, before bias and mask (Gemma 2, section 2.3). */
  softcap?: number
  /** Added to the scaled score, −∞ being a mask: dense [B|1, H|1, Tq|1, Tk], or by relative distance as in T5. */
  bias?: Tensor | RelativeBias
  /** [H]: a logit that joins the denominator only, so that a head may attend to nothing (gpt-oss). */
  sink?: Tensor
}

const known = ['scale', 'causal', 'window', 'lengths', 'mask', 'softcap', 'bias', 'sink']

/**
 * Checks the options against the shapes and fills in the defaults: what kernels take, the bias for its gradient, and
 * the offset of each batch's queries.
 */
export function resolveRules(
  q: Tensor,
  k: Tensor,
  options: AttentionOptions,
): { rules: AttentionRules; bias?: Bias; offsets: readonly number[] } {
  if (typeof options !== 'object' || options === null)
    throw new HeedTypeError('option', `attention: the options must be an object, got ${String(options)}`)
  for (const name of Object.keys(options))
    if (!known.includes(name))
      throw new HeedTypeError(
        'option',
        `attention: there is no option '${name}'; there are ${known.join(', ')}`,
      )
  const [B, Tq, H, D] = q.shape
  const map = [B, H, Tq, k.shape[1]] as const
  const scale = options.scale ?? 1 / Math.sqrt(D)
  if (!Number.isFinite(scale))
    throw new HeedTypeError('option', `attention: scale must be finite, got ${scale}`)
  const { softcap, sink } = options
  if (softcap !== undefined && !(softcap > 0 && Number.isFinite(softcap)))
    throw new HeedTypeError('option', `attention: softcap must be a number above 0, got ${softcap}`)
  if (sink) {
    checkFloats('attention', { q, sink })
    checkShapeIs('attention', 'sink', sink, [H], `for q ${show(q.shape)}`)
  }
  const { offsets, first, last } = resolveBand(options, map)
  const bias = options.bias && resolveBias(options.bias, q, map, offsets)
  const rules = {
    scale,
    softcap,
    bias: bias?.spread,
    sink: sink && dense(sink),
    first,
    last,
    lengths: options.lengths && perBatch('lengths', options.lengths, B, 0, map[3]),
    mask: options.mask && resolveMask(options.mask, q, map),
  }
  return { rules, bias, offsets }
}

/** Per batch, where key i + offset stands, and the first and last diagonal j − i that causal and window let through. */
function resolveBand({ causal, window }: AttentionOptions, [B, , Tq, Tk]: MapShape) {
  const offsets = resolveOffsets(causal, B, Tq, Tk)
  const [left, right] = resolveWindow(window)
  const after = causal ? 0 : right
  // Beyond these a query sees nothing, or all: kernels may add positions without an overflow.
  const diagonals = (d: number) =>
    Int32Array.from(offsets, (offset) => Math.max(-Tq, Math.min(Tk, offset + d)))
  return {
    offsets,
    first: left < Infinity ? diagonals(-left) : undefined,
    last: after < Infinity ? diagonals(after) : undefined,
  }
}

function resolveWindow(window: AttentionOptions['window']): readonly [left: number, right: number] {
  if (window === undefined) return [Infinity, Infinity]
  const bound = (n: unknown) => n === Infinity || (Number.isSafeInteger(n) && (n as number) >= 0)
  if (!Array.isArray(window) || window.length !== 2 || !window.every(bound))
    throw new HeedTypeError(
      'option',
      `attention: window must be [left, right], whole numbers from 0 up or Infinity, got ${Array.isArray(window) ? show(window) : String(window)}`,
    )
  return [window[0], window[1]]
}

/** Causal's offset for each batch; Tk − Tq where it says none. */
function resolveOffsets(causal: AttentionOptions['causal'], B: number, Tq: number, Tk: number): number[] {
  const given = typeof causal === 'boolean' || causal === undefined ? {} : causal
  if (typeof given !== 'object' || given === null)
    throw new HeedTypeError(
      'option',
      `attention: causal must be true, false or { offset }, got ${String(causal)}`,
    )
  const other = Object.keys(given).find((name) => name !== 'offset')
  if (other !== undefined)
    throw new HeedTypeError(
      'option',
      `attention: there is no option 'causal.${other}'; there is causal.offset`,
    )
  const { offset = Tk - Tq } = given
  const offsets = typeof offset === 'number' ? Array<number>(B).fill(offset) : offset
  return [...perBatch('causal.offset', offsets, B, -(2 ** 31), 2 ** 31 - 1)]
}

function perBatch(name: string, values: ArrayLike<number>, B: number, min: number, max: number): Int32Array {
  if (values.length !== B)
    throw new HeedTypeError('option', `attention: ${name} has ${values.length} entries for a batch of ${B}`)
  for (const value of Array.from(values))
    if (!(Number.isInteger(value) && value >= min && value <= max))
      throw new HeedTypeError(
        'option',
        `attention: ${name} must be whole numbers from ${min} to ${max}, got ${value}`,
      )
  return Int32Array.from(values)
}

function resolveMask(mask: Tensor, q: Tensor, map: MapShape): Tensor {
  checkKind('attention', 'mask', mask, 'bool', q)
  checkSpreads('mask', mask, map)
  return spread(mask, map)
}
