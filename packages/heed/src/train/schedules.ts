import { HeedTypeError } from '../errors.js'

/** The learning rate of a step; steps count from 1. */
export type Schedule = (step: number) => number

export interface ScheduleOptions {
  /**
   * - `inverse-sqrt`: the rule of "Attention Is All You Need" (section 5.3), stated by its peak.
   * - `inverse-sqrt-cooldown`: the same, brought to zero in a straight line over the last share of the steps.
   * - `cosine`: half a cosine from the peak to `floor` at the last step (Loshchilov & Hutter 2017).
   */
  kind: 'inverse-sqrt' | 'inverse-sqrt-cooldown' | 'cosine'
  /** The highest rate, reached at step `warmup`. */
  peak: number
  /** Steps over which the rate rises in a straight line from 0; at least 1. */
  warmup: number
  /** `inverse-sqrt-cooldown`: the last share of all steps, from 0 to 1. Default 0.4. */
  cooldown?: number
  /** `cosine`: the rate at the end. Default 0. */
  floor?: number
}

/** Rises to `peak` over `warmup` steps, then falls as 1/√step: peak · min(step / warmup, √(warmup / step)). */
export const inverseSqrt =
  (peak: number, warmup: number): Schedule =>
  (step) =>
    peak * Math.min(step / warmup, Math.sqrt(warmup / step))

/** `inverseSqrt`, times a factor that falls in a straight line from 1 to 0 over the last `share` of `steps`. */
export function inverseSqrtCooldown(peak: number, warmup: number, steps: number, share: number): Schedule {
  const rate = inverseSqrt(peak, warmup)
  const length = share * steps
  return (step) => rate(step) * (length > 0 ? Math.min(1, Math.max(0, (steps - step) / length)) : 1)
}

/** Rises to `peak` over `warmup` steps, then follows half a cosine down to `floor` at `steps` and stays there. */
export const cosine =
  (peak: number, warmup: number, steps: number, floor = 0): Schedule =>
  (step) => {
    if (step <= warmup) return (peak * step) / warmup
    const done = Math.min(1, (step - warmup) / Math.max(1, steps - warmup))
    return floor + ((peak - floor) * (1 + Math.cos(Math.PI * done))) / 2
  }

function check(name: string, value: number, ok: boolean, range: string): void {
  if (!ok) throw new HeedTypeError('option', `schedule: ${name} must be ${range}, got ${value}`)
}

/**
 * The schedule that the options name, for a run of `steps`.
 *
 * @throws HeedTypeError `option` for an unknown kind or a number outside its range.
 */
export function schedule(options: ScheduleOptions, steps: number): Schedule {
  const { kind, peak, warmup, cooldown = 0.4, floor = 0 } = options
  check('peak', peak, peak > 0 && peak < Infinity, 'a positive number')
  check('warmup', warmup, Number.isInteger(warmup) && warmup >= 1, 'a whole number from 1 up')
  check('cooldown', cooldown, cooldown >= 0 && cooldown <= 1, 'a share from 0 to 1')
  check('floor', floor, floor >= 0 && floor <= peak, 'a rate from 0 to the peak')
  switch (kind) {
    case 'inverse-sqrt':
      return inverseSqrt(peak, warmup)
    case 'inverse-sqrt-cooldown':
      return inverseSqrtCooldown(peak, warmup, steps, cooldown)
    case 'cosine':
      return cosine(peak, warmup, steps, floor)
    default:
      throw new HeedTypeError(
        'option',
        `schedule: there is no '${String(kind)}'; there are inverse-sqrt, inverse-sqrt-cooldown and cosine`,
      )
  }
}
