import { HeedTypeError } from '../errors.js'

export interface ExperimentOptions {
  /** Updates of each training run. Default 240. */
  steps?: number
  /** Runs of each setting, with seeds 1, 2 …. Default 5. */
  seeds?: number
  /** AdamW's rate, constant, the same for all settings. Default 0.003. */
  rate?: number
  signal?: AbortSignal
  /** Called after every update. */
  onProgress?: (progress: ExperimentProgress) => void
}

export interface ExperimentProgress {
  /** Updates made and to be made, of all runs. */
  done: number
  total: number
  /** The setting that is being trained, and its seed. */
  setting: string
  seed: number
}

/** What was asked for, with the defaults filled in. */
export type ExperimentSettings = Required<Pick<ExperimentOptions, 'steps' | 'seeds' | 'rate'>>

/** @throws HeedTypeError `option` naming the number that is out of range. */
export function settingsOf({ steps = 240, seeds = 5, rate = 3e-3 }: ExperimentOptions): ExperimentSettings {
  const check = (name: string, value: number, ok: boolean, must: string) => {
    if (!ok) throw new HeedTypeError('option', `experiment: ${name} must be ${must}, got ${value}`)
  }
  const whole = 'a whole number from 1 up'
  check('steps', steps, Number.isSafeInteger(steps) && steps >= 1, whole)
  check('seeds', seeds, Number.isSafeInteger(seeds) && seeds >= 1, whole)
  check('rate', rate, rate > 0 && rate < Infinity, 'a positive number')
  return { steps, seeds, rate }
}
