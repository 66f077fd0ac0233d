import type { AttentionRules } from '../backends/backend.js'
import { HeedTypeError } from '../errors.js'
import { show } from '../tensor/shape.js'
import type { Tensor } from '../tensor/tensor.js'
import { checkKind } from './check.js'

/** Who may attend to whom, and how scores are made. */
export interface AttentionOptions {
  /** Multiplies q·k. Default 1/√D, which keeps the scores' variance at 1 whatever D is (section 3.2.1 of the paper). */
  scale?: number
  /**
   * Query i sees key j when j ≤ i + offset; `true`, or no offset, takes Tk − Tq. One offset for all, or one per batch.
   * Default false.
   */
  causal?: boolean | { offset?: number | ArrayLike<number> }
  /** [left, right], inclusive, around i + offset. */
  window?: readonly [left: number, right: number]
  /** Valid keys per batch, from the first: key j counts when j < lengths[b]. Default: all Tk. */
  lengths?: ArrayLike<number>
  /** bool [B|1, H|1, Tq|1, Tk]: true = may attend. Default: all may. */
  mask?: Tensor
  /** c · tanh(s / c) on the scaled score, before bias and mask. */
  softcap?: number
  /** Added to the scaled score: dense [B|1, H|1, Tq|1, Tk], or a table of relative distances as in T5. */
  bias?: Tensor | { relative: Tensor; bidirectional?: boolean; maxDistance?: number }
  /** [H]: a logit that joins the denominator only. */
  sink?: Tensor
}

const known = ['scale', 'causal', 'window', 'lengths', 'mask', 'softcap', 'bias', 'sink']
const notYet = ['window', 'softcap', 'bias', 'sink'] as const

/** Checks the options against the shapes and fills in the defaults. */
export function resolveRules(q: Tensor, k: Tensor, options: AttentionOptions): AttentionRules {
  if (typeof options !== 'object' || options === null)
    throw new HeedTypeError('option', `attention: the options must be an object, got ${String(options)}`)
  for (const name of Object.keys(options))
    if (!known.includes(name))
      throw new HeedTypeError(
        'option',
        `attention: there is no option '${name}'; there are ${known.join(', ')}`,
      )
  for (const name of notYet)
    if (options[name] !== undefined)
      throw new HeedTypeError(
        'unsupported',
        `attention: the option '${name}' is not offered yet; causal, lengths, mask and scale are`,
      )
  const [B, Tq, H, D] = q.shape
  const Tk = k.shape[1]
  const scale = options.scale ?? 1 / Math.sqrt(D)
  if (!Number.isFinite(scale))
    throw new HeedTypeError('option', `attention: scale must be finite, got ${scale}`)
  return {
    scale,
    causal: resolveCausal(options.causal, B, Tq, Tk),
    lengths: options.lengths && perBatch('lengths', options.lengths, B, 0, Tk),
    mask: options.mask && resolveMask(options.mask, q, [B, H, Tq, Tk]),
  }
}

function resolveCausal(
  causal: AttentionOptions['causal'],
  B: number,
  Tq: number,
  Tk: number,
): Int32Array | undefined {
  if (causal === undefined || causal === false) return undefined
  const given = causal === true ? {} : causal
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
  const checked = perBatch('causal.offset', offsets, B, -(2 ** 31), 2 ** 31 - 1)
  // Beyond these a query sees nothing, or all: kernels may add positions without an overflow.
  return checked.map((o) => Math.max(-Tq, Math.min(Tk, o)))
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

/** The mask spread to [B, H, Tq, Tk] by strides of 0. */
function resolveMask(mask: Tensor, q: Tensor, shape: number[]): Tensor {
  checkKind('attention', 'mask', mask, 'bool', q)
  if (mask.rank !== 4 || !shape.every((d, i) => mask.shape[i] === d || (i < 3 && mask.shape[i] === 1)))
    throw new HeedTypeError(
      'shape',
      `attention: mask ${show(mask.shape)} does not spread to [B, H, Tq, Tk] = ${show(shape)}`,
    )
  return mask.view(
    shape,
    mask.strides.map((s, i) => (mask.shape[i] === 1 ? 0 : s)),
  )
}
