import { HeedTypeError } from '../errors.js'
import { isRecord, quote } from '../json.js'
import type { RotaryFrequencies } from './rotary.js'

/** The kind of scaling; older configs spell `rope_type` as `type`. */
export type RotaryScalingKind<K extends string> =
  { rope_type: K; type?: string } | { rope_type?: undefined; type: K }

/** How rotary frequencies are scaled, as a Hugging Face config's rope_scaling spells it; null is as good as absent. */
export type RotaryScaling =
  | RotaryScalingKind<'default'>
  | (RotaryScalingKind<'linear'> & LinearScaling)
  | (RotaryScalingKind<'llama3'> & Llama3Scaling)
  | (RotaryScalingKind<'yarn'> & YarnScaling)

/** Positions are squeezed: every frequency is divided by the factor (Chen et al. 2023). */
export interface LinearScaling {
  /** From 1 up. */
  factor: number
}

/** Llama 3.1: slow pairs are divided by the factor, fast ones are left, those between are blended. */
export interface Llama3Scaling extends LinearScaling {
  /** Pairs that turn less often than this within the original context are slow. */
  low_freq_factor: number
  /** Pairs that turn more often than this are fast; above low_freq_factor. */
  high_freq_factor: number
  /** The context the model was first trained with. */
  original_max_position_embeddings: number
}

/** YaRN (Peng et al. 2023): a blend by how often a pair turns, and a factor on cos and sin that sharpens attention. */
export interface YarnScaling extends LinearScaling {
  /** The context the model was first trained with. */
  original_max_position_embeddings: number
  /** Pairs that turn more often than this within the original context are left. Default 32. */
  beta_fast?: number | null
  /** Pairs that turn less often are divided by the factor. Default 1. */
  beta_slow?: number | null
  /** The factor on cos and sin. Default 0.1 ln(factor) + 1, or what mscale and mscale_all_dim say. */
  attention_factor?: number | null
  /** With mscale_all_dim: attention_factor is (0.1 mscale ln(factor) + 1) / (0.1 mscale_all_dim ln(factor) + 1). */
  mscale?: number | null
  mscale_all_dim?: number | null
  /** Whether the blend begins and ends at whole pairs. Default true. */
  truncate?: boolean | null
}

/** What a value must be, in words and as a test. */
interface Rule<T> {
  expected: string
  is(x: unknown): x is T
}
const number = (expected: string, ok: (x: number) => boolean): Rule<number> => ({
  expected,
  is: (x): x is number => typeof x === 'number' && Number.isFinite(x) && ok(x),
})
const fromOne = number('a number from 1 up', (x) => x >= 1)
const positive = number('a number above 0', (x) => x > 0)
const notNegative = number('a number from 0 up', (x) => x >= 0)
const count = number('a whole number from 1 up', (x) => Number.isInteger(x) && x >= 1)
const flag: Rule<boolean> = { expected: 'true or false', is: (x): x is boolean => typeof x === 'boolean' }

/** The value of an option, its fallback where it is absent or null. */
type Read = <T>(name: string, rule: Rule<T>, fallback?: T) => T

/** From plain frequencies, w_i = theta^(−2i/R), to scaled ones. */
type Scale = (plain: Float64Array, read: Read, theta: number) => RotaryFrequencies

const linear: Scale = (plain, read) => {
  const factor = read('factor', fromOne)
  return { inverse: plain.map((w) => w / factor), factor: 1 }
}

const llama3: Scale = (plain, read) => {
  const factor = read('factor', fromOne)
  const low = read('low_freq_factor', positive)
  const high = read(
    'high_freq_factor',
    number(`a number above low_freq_factor ${low}`, (x) => x > low),
  )
  const context = read('original_max_position_embeddings', count)
  const inverse = plain.map((w) => {
    const turns = (context * w) / (2 * Math.PI)
    return blend(w, factor, (turns - low) / (high - low))
  })
  return { inverse, factor: 1 }
}

const yarn: Scale = (plain, read, theta) => {
  const factor = read('factor', fromOne)
  const context = read('original_max_position_embeddings', count)
  const slow = read('beta_slow', positive, 1)
  const fast = read(
    'beta_fast',
    number(`a number from beta_slow ${slow} up`, (x) => x >= slow),
    32,
  )
  const gain = (mscale: number) => 0.1 * mscale * Math.log(factor) + 1
  const [mscale, all] = [read('mscale', notNegative, 0), read('mscale_all_dim', notNegative, 0)]
  const attention = read('attention_factor', positive, mscale && all ? gain(mscale) / gain(all) : gain(1))
  const whole = read('truncate', flag, true)

  const dim = 2 * plain.length
  /** The pair, between two as a rule, that turns so often within the original context. */
  const pair = (turns: number) => (dim * Math.log(context / (turns * 2 * Math.PI))) / (2 * Math.log(theta))
  const first = Math.max(whole ? Math.floor(pair(fast)) : pair(fast), 0)
  const last = Math.min(whole ? Math.ceil(pair(slow)) : pair(slow), dim - 1)
  const span = last === first ? 0.001 : last - first
  return { inverse: plain.map((w, i) => blend(w, factor, 1 - (i - first) / span)), factor: attention }
}

/** w where `share` is 1 or more, w / factor where it is 0 or less, and between in proportion. */
function blend(w: number, factor: number, share: number): number {
  const kept = Math.min(1, Math.max(0, share))
  return (1 - kept) * (w / factor) + kept * w
}

const kinds: Record<string, Scale> = { default: (inverse) => ({ inverse, factor: 1 }), linear, llama3, yarn }

/** Scales plain frequencies. The scaling may come from a file: every option is checked, and none is ignored. */
export function scaleFrequencies(
  plain: Float64Array,
  theta: number,
  scaling: RotaryScaling,
): RotaryFrequencies {
  if (!isRecord(scaling)) throw refused('scaling', scaling, 'an object with a rope_type')
  const name = scaling.rope_type ?? scaling.type
  if (typeof name !== 'string' || !Object.hasOwn(kinds, name))
    throw new HeedTypeError(
      'unsupported',
      `rotaryFrequencies: rope_type ${quote(name)} is not offered; there are ${Object.keys(kinds).join(', ')}`,
    )
  const options: Readonly<Record<string, unknown>> = scaling
  const known = new Set(['rope_type', 'type'])
  const scaled = kinds[name](
    plain,
    (option, rule, fallback) => {
      known.add(option)
      const value = (Object.hasOwn(options, option) ? options[option] : undefined) ?? fallback
      if (!rule.is(value)) throw refused(`${name} scaling's ${option}`, value, rule.expected)
      return value
    },
    theta,
  )
  const unknown = Object.keys(options).find((option) => !known.has(option))
  if (unknown !== undefined)
    throw new HeedTypeError(
      'option',
      `rotaryFrequencies: ${name} scaling has no option ${quote(unknown)}; it has ${[...known].join(', ')}`,
    )
  return scaled
}

const refused = (what: string, value: unknown, expected: string) =>
  new HeedTypeError('option', `rotaryFrequencies: ${what} must be ${expected}, got ${quote(value)}`)
