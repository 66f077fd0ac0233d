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
import { checkFloats, checkKind, checkOptions, checkShapeIs, dense, isOptions, optionError } from './check.js'

/** Who may attend to whom, and how scores are made. What is undefined has its default; null is refused. */
export interface AttentionOptions {
  /**
   * Multiplies q·k; within ±1e30. Default 1/√D, which keeps the scores' variance at 1 whatever D is (section 3.2.1 of
   * the paper).
   */
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
  /** c · tanh(s / c) on the scaled score, before bias and mask (Gemma 2, section 2.3); 1e-30 to 1e30. */
  softcap?: number
  /** Added to the scaled score, −∞ being a mask: dense [B|1, H|1, Tq|1, Tk], or by relative distance as in T5. */
  bias?: Tensor | RelativeBias
  /** [H]: a logit that joins the denominator only, so that a head may attend to nothing (gpt-oss). */
  sink?: Tensor
}

const known = ['scale', 'causal', 'window', 'lengths', 'mask', 'softcap', 'bias', 'sink']

/** Scales and softcaps stay below this, and softcaps above its inverse: float32 has room for the scores then. */
const [tiny, huge] = [1e-30, 1e30]

const wrong = (option: string, must: string, got: unknown) => optionError('attention', option, must, got)

/**
 * Checks the options against the shapes and fills in the defaults: what kernels take, the bias for its gradient, and
 * the offset of each batch's queries.
 */
export function resolveRules(
  q: Tensor,
  k: Tensor,
  options: AttentionOptions,
): { rules: AttentionRules; bias?: Bias; offsets: readonly number[] } {
  checkOptions('attention', options, known)
  const none = Object.entries(options).find(([, value]) => value === null)
  if (none) throw new HeedTypeError('option', `attention: ${none[0]} is null; leave it out for its default`)
  const [B, Tq, H, D] = q.shape
  const map = [B, H, Tq, k.shape[1]] as const
  const { scale = 1 / Math.sqrt(D), softcap, sink, lengths, mask } = options
  if (!(Number.isFinite(scale) && Math.abs(scale) <= huge))
    throw wrong('scale', `a number from -${huge} to ${huge}`, scale)
  if (softcap !== undefined && !(Number.isFinite(softcap) && softcap >= tiny && softcap <= huge))
    throw wrong('softcap', `a number from ${tiny} to ${huge} (leave it out for none)`, softcap)
  if (sink !== undefined) {
    checkFloats('attention', { q, sink })
    checkShapeIs('attention', 'sink', sink, [H], () => `for q ${show(q.shape)}`)
  }
  const { offsets, first, last } = resolveBand(options, map)
  const bias = options.bias !== undefined ? resolveBias(options.bias, q, map, offsets) : undefined
  const rules = {
    scale,
    softcap,
    bias: bias?.spread,
    sink: sink && dense(sink),
    first,
    last,
    lengths: lengths !== undefined ? resolveLengths(lengths, B, map[3]) : undefined,
    mask: mask !== undefined ? resolveMask(mask, q, map) : undefined,
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
    throw wrong('window', '[left, right], each a whole number from 0 up or Infinity', window)
  return [window[0], window[1]]
}

/** Causal's offset for each batch; Tk − Tq where it says none. */
function resolveOffsets(causal: AttentionOptions['causal'], B: number, Tq: number, Tk: number): number[] {
  const given = typeof causal === 'boolean' || causal === undefined ? {} : causal
  if (!isOptions(given)) throw wrong('causal', 'true, false or { offset }', causal)
  checkOptions('attention', given, ['offset'], 'causal.')
  const { offset = Tk - Tq } = given
  const isOne = typeof offset === 'number'
  if (!isOne && !isBatch(offset, B))
    throw wrong('causal.offset', `a number or an array of ${B}, one per batch`, offset)
  const offsets = isOne ? Array<number>(B).fill(offset) : offset
  return [...wholeNumbers('causal.offset', offsets, -(2 ** 31), 2 ** 31 - 1)]
}

function resolveLengths(lengths: ArrayLike<number>, B: number, Tk: number): Int32Array {
  if (!isBatch(lengths, B)) throw wrong('lengths', `an array of ${B}, one per batch`, lengths)
  return wholeNumbers('lengths', lengths, 0, Tk)
}

const isBatch = (values: ArrayLike<number> | null, B: number): boolean =>
  typeof values === 'object' && values?.length === B

const wholeNumbers = (name: string, values: ArrayLike<number>, min: number, max: number): Int32Array =>
  Int32Array.from({ length: values.length }, (_, b) => {
    if (Number.isInteger(values[b]) && values[b] >= min && values[b] <= max) return values[b]
    throw wrong(name, `whole numbers from ${min} to ${max}`, values[b])
  })

function resolveMask(mask: Tensor, q: Tensor, map: MapShape): Tensor {
  checkKind('attention', 'mask', mask, 'bool', q, 'true means may attend, and numbers to add are a bias')
  checkSpreads('mask', mask, map)
  return spread(mask, map)
}
