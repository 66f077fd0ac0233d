import type { Params } from '../../app/address'
import { type Link, readLinks } from '../../app/links'
import { sentenceOf } from '../../app/sentence'
import type { Sampling } from '../../engine/generate'
import type { ModelEntry } from '../../engine/models'

/** What both halves of the page have in their address. Undefined is what the model or the page chooses. */
interface Looking {
  text: string
  site?: string
  /** Absent: the mean of the heads. */
  head?: number
  /** The token that asks. */
  query?: number
  /** Tokens that nobody may look at. */
  hidden: readonly number[]
}

export interface TranslateState extends Looking {
  unit: 'words' | 'tokens'
  beam?: number
  lengthPenalty?: number
  /** Links that are forbidden, by position. */
  links: readonly Link[]
  /** What is forbidden is so at the attention that is shown, and at no other. */
  isHere: boolean
}

export interface GenerateState extends Looking {
  /** What was written after the text. */
  ids: readonly number[]
  sampling: Sampling
}

export const beams = [2, 3, 4, 5, 6, 8]
export const lengthPenalties = { min: 0, max: 4 }
export const temperatures = { min: 0, max: 2 }
export const plainSampling: Sampling = { temperature: 0, topP: 1, seed: 0 }

const whole = (text: string | undefined): number | undefined =>
  text !== undefined && /^\d{1,9}$/.test(text) ? Number(text) : undefined

const within = (text: string | undefined, min: number, max: number): number | undefined => {
  const x = text === undefined || text === '' ? NaN : Number(text)
  return x >= min && x <= max ? x : undefined
}

/** `3_5`; what is no number is left out. */
const readPlaces = (text = ''): number[] =>
  text
    .split('_')
    .map((place) => whole(place))
    .filter((place) => place !== undefined)

const looking = (params: Params): Looking => ({
  text: sentenceOf(params),
  site: params.site,
  head: whole(params.head),
  query: whole(params.q),
  hidden: readPlaces(params.hide),
})

/** Reads an address; what is not understood is as by default. */
export function readTranslate(params: Params): TranslateState {
  const beam = whole(params.beam)
  return {
    ...looking(params),
    unit: params.unit === 'tokens' ? 'tokens' : 'words',
    beam: beam !== undefined && beam >= 1 && beam <= 64 ? beam : undefined,
    lengthPenalty: within(params.lp, lengthPenalties.min, lengthPenalties.max),
    links: readLinks(params.forbid),
    isHere: params.only === '1',
  }
}

export function readGenerate(params: Params): GenerateState {
  const topK = whole(params.topk)
  return {
    ...looking(params),
    ids: readIds(params.on),
    sampling: {
      temperature: within(params.temp, temperatures.min, temperatures.max) ?? plainSampling.temperature,
      topP: within(params.topp, 0.01, 1) ?? plainSampling.topP,
      seed: whole(params.seed) ?? plainSampling.seed,
      ...(topK !== undefined && topK >= 1 && { topK }),
    },
  }
}

/** Ids as they stand in an address: `2s.b.1f`. */
export const idsParam = (ids: readonly number[]): string | undefined =>
  ids.length > 0 ? ids.map((id) => id.toString(36)).join('.') : undefined

const readIds = (text = ''): number[] =>
  /^[0-9a-z]{1,5}(\.[0-9a-z]{1,5})*$/.test(text) ? text.split('.').map((id) => Number.parseInt(id, 36)) : []

export const placesParam = (places: readonly number[]): string | undefined =>
  places.length > 0 ? places.join('_') : undefined

/** Without these places where all of them are there, else with all of them; in order. */
export function toggled(places: readonly number[], these: readonly number[]): number[] {
  const others = places.filter((at) => !these.includes(at))
  const areThere = these.every((at) => places.includes(at))
  return areThere ? others : [...others, ...these].sort((a, b) => a - b)
}

export function samplingParams({
  temperature,
  topK,
  topP,
  seed,
}: Sampling): Record<string, string | undefined> {
  const plain = plainSampling
  return {
    temp: temperature === plain.temperature ? undefined : String(temperature),
    topk: topK === undefined ? undefined : String(topK),
    topp: topP === plain.topP ? undefined : String(topP),
    seed: seed === plain.seed ? undefined : String(seed),
  }
}

/** What an address has no more when another text is read: all that names its tokens. */
export const ofTheText = { q: undefined, forbid: undefined, hide: undefined, on: undefined }

/** Families whose models read and do not write. */
const readers = ['bert', 'roberta', 'distilbert']

/** The models that write, translators first. */
export const writers = (entries: readonly ModelEntry[]): ModelEntry[] =>
  entries
    .filter(({ type }) => !readers.includes(type))
    .sort((a, b) => Number(b.type === 'heed-transformer') - Number(a.type === 'heed-transformer'))
