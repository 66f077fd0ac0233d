import { InvalidArgumentError, Option } from 'commander'
import { type WeightDType, weightDTypes } from 'heed/models'

/** For commander: a whole number from `min` to `max`. */
export function wholeNumber(min: number, max = Number.MAX_SAFE_INTEGER) {
  return (text: string): number => {
    const n = Number(text)
    if (!/^-?\d+$/.test(text) || n < min || n > max)
      throw new InvalidArgumentError(
        `It must be a whole number from ${min}${max < Number.MAX_SAFE_INTEGER ? ` to ${max}` : ' up'}.`,
      )
    return n
  }
}

/** For commander: a number from `min` to `max`, or above `min` where that is not in the range itself. */
export function realNumber(min: number, max = Infinity, aboveMin = false) {
  return (text: string): number => {
    const n = Number(text)
    if (text.trim() === '' || !Number.isFinite(n) || n < min || n > max || (aboveMin && n === min))
      throw new InvalidArgumentError(
        `It must be a number ${aboveMin ? 'above' : 'from'} ${min}${max < Infinity ? ` to ${max}` : ' up'}.`,
      )
    return n
  }
}

/** For commander: an option that may be given several times. */
export const collect =
  <T>(parse: (text: string) => T) =>
  (text: string, before: T[] | undefined): T[] => [...(before ?? []), parse(text)]

/** `--model`: a shipped one unless another is named, or, where none is shipped, one of the kind that is needed. */
export function modelOption(needed?: string): Option {
  const places = 'a model folder, or org/name of the hub'
  return needed === undefined
    ? new Option('-m, --model <name>', `a shipped model, ${places}`).default('heed-en-de')
    : new Option('-m, --model <name>', `${needed}: ${places}`).makeOptionMandatory()
}

/** What `modelOption` and `dtypeOption` give. */
export interface ModelFlags {
  model: string
  dtype?: WeightDType
}

/** `--dtype`, beside every `--model`. */
export const dtypeOption = (): Option =>
  new Option(
    '--dtype <dtype>',
    'what weights are kept as in memory: f16 takes half, int8 a quarter (default: f32)',
  ).choices(weightDTypes)
