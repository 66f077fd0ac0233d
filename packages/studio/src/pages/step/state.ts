import { type Params, wholeNumber } from '../../app/address'
import { formatLinks, readLinks } from '../../app/links'
import { sentenceOf } from '../../app/sentence'
import { type Changes, normalizerNames, untouched } from '../../engine/changes'

export { normalizerNames }

/** What stands in the address of this page. Undefined is what the engine or the page chooses. */
export interface StepState {
  text: string
  site?: string
  head?: number
  query?: number
  key?: number
  /** A component of q and k. */
  component?: number
  changes: Changes
}

export const temperatures = { min: 0.25, max: 4 }

const whole = (text: string | undefined) => wholeNumber(text, 6)

/** Reads an address; what is not understood is as by default. */
export function readState(params: Params): StepState {
  const { site, norm, mask, temp } = params
  const temperature = Number(temp)
  return {
    text: sentenceOf(params),
    site,
    head: whole(params.head),
    query: whole(params.q),
    key: whole(params.k),
    component: whole(params.c),
    changes: {
      scale: params.scale !== '0',
      temperature:
        temperature >= temperatures.min && temperature <= temperatures.max
          ? temperature
          : untouched.temperature,
      normalizer: normalizerNames.find((name) => name === norm) ?? untouched.normalizer,
      mask: mask === 'none' || mask === 'causal' ? mask : untouched.mask,
      forbidden: readLinks(params.forbid),
    },
  }
}

/** Changes as parameters of an address; undefined for those that are as in the model. */
export function changeParams(changes: Changes): Record<string, string | undefined> {
  const { scale, temperature, normalizer, mask, forbidden = [] } = changes
  return {
    scale: scale ? undefined : '0',
    temp: temperature === untouched.temperature ? undefined : String(temperature),
    norm: normalizer === untouched.normalizer ? undefined : normalizer,
    mask: mask === untouched.mask ? undefined : mask,
    forbid: formatLinks(forbidden),
  }
}

/** How many things are not as in the model. */
export const countChanges = ({ scale, temperature, normalizer, mask, forbidden = [] }: Changes): number =>
  [!scale, temperature !== 1, normalizer !== 'softmax', mask !== 'own', forbidden.length > 0].filter(Boolean)
    .length
