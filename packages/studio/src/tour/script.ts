/*
 * The guided tour of the step page: a line of short chunks. Each says one thing (words/en/tour.ts), shows where in the page
 * it is, changes at most one thing there, at once, and waits for the reader.
 */

/** A stop of the tour. */
export interface Chunk {
  /** What it says, in `words.now.tour.chunks`. */
  name:
    | 'welcome'
    | 'vector'
    | 'projections'
    | 'score'
    | 'scaling'
    | 'unscaled'
    | 'softmax'
    | 'temperature'
    | 'mixing'
    | 'map'
    | 'mask'
    | 'end'
  /** The step that it speaks of; 0: the sentence above them. */
  step: number
  /** What is changed in the page, as parameters of its address. Whatever the chunk does not name is as in the model. */
  set?: Readonly<Record<string, string>>
  /** Instead, where the head may look back only by itself. */
  setCausal?: Readonly<Record<string, string>>
}

export const script: readonly Chunk[] = [
  { name: 'welcome', step: 0 },
  { name: 'vector', step: 1 },
  { name: 'projections', step: 2 },
  { name: 'score', step: 3 },
  { name: 'scaling', step: 4 },
  { name: 'unscaled', step: 4, set: { scale: '0' } },
  { name: 'softmax', step: 5 },
  { name: 'temperature', step: 5, set: { temp: '4' } },
  { name: 'mixing', step: 6 },
  { name: 'map', step: 7 },
  { name: 'mask', step: 7, set: { mask: 'causal' }, setCausal: { mask: 'none' } },
  { name: 'end', step: 0 },
]

/** Parameters of the address that chunks may set; text, model, head, query and key are the reader's. */
export const touched = ['scale', 'temp', 'norm', 'mask', 'forbid', 'c'] as const

/** The number of the chunk in an address, from 0; undefined where there is no tour. */
export function chunkOf({ tour }: Readonly<Record<string, string>>): number | undefined {
  const n = /^[1-9]\d?$/.test(tour ?? '') ? Number(tour) - 1 : undefined
  return n !== undefined && n < script.length ? n : undefined
}

/** The parameters of the address at a chunk; of no chunk, those after the tour: nothing stays changed. */
export function paramsAt(n: number | undefined, isCausal = false): Record<string, string | undefined> {
  const none = Object.fromEntries(touched.map((name) => [name, undefined]))
  if (n === undefined) return { ...none, tour: undefined }
  return { ...none, ...changedAt(n, isCausal), tour: String(n + 1) }
}

/** What a chunk changes. */
export function changedAt(n: number, isCausal: boolean): Readonly<Record<string, string>> {
  const { set = {}, setCausal = set } = script[n]
  return isCausal ? setCausal : set
}
