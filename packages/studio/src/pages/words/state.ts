import type { Params } from '../../app/address'
import { type Measure, measures } from '../../engine/words-measures'
import type { View } from './view'

/** What the page opens with. */
export const PRESET = ['dog', 'cat', 'television']
/** a − b + c */
export const CALCULATION: Calculation = ['went', 'go', 'come']
/** Of the axioms. */
export const FACTORS = { s: 1.7, t: -0.3 }
/** Ends of what an arrow is scaled by, and of the factors of the axioms. */
export const SCALES = { min: -1, max: 2, step: 0.05 }
export const FACTOR_ENDS = { min: -2, max: 2, step: 0.1 }
/** Words that are compared at once. */
export const MOST = 5

export type Calculation = readonly [a: string, b: string, c: string]

/** A word is to be put where it belongs: nowhere yet, at a place of the map, or it was shown where it is. */
export interface Guess {
  word: string
  at?: readonly [x: number, y: number]
  isShown: boolean
}

/** What stands in the address of this page. */
export interface WordsState {
  words: readonly string[]
  /** The word that the rest is about. */
  of: string | undefined
  by: Measure
  /** Undefined shows all. */
  view?: View
  calculation: Calculation
  /** What x is scaled by. */
  c: number
  axioms: boolean
  s: number
  t: number
  guess?: Guess
}

const within = (text: string | undefined, { min, max }: { min: number; max: number }, other: number) => {
  const x = Number(text)
  return text !== undefined && x >= min && x <= max ? x : other
}
const numbers = (text: string, count: number): number[] | undefined => {
  const list = text.split('_').map(Number)
  return list.length === count && list.every(Number.isFinite) ? list : undefined
}
const list = (text: string) => [...new Set(text.split(',').map((word) => word.trim()))].filter(Boolean)

/** Reads an address; what is not understood is as by default. */
export function readState(params: Params): WordsState {
  const words = params.words === undefined ? PRESET : list(params.words).slice(0, MOST)
  const [x, y, k] = numbers(params.view ?? '', 3) ?? []
  const calculation = params.calc?.split(',').map((word) => word.trim())
  return {
    words,
    of: words.find((word) => word === params.of) ?? words[0],
    by: measures.find((measure) => measure === params.by) ?? 'cosine',
    ...(k !== undefined && k > 0 && { view: { x, y, k } }),
    calculation: calculation?.length === 3 ? (calculation as unknown as Calculation) : CALCULATION,
    c: within(params.c, SCALES, 0.5),
    axioms: params.axioms === '1',
    s: within(params.s, FACTOR_ENDS, FACTORS.s),
    t: within(params.t, FACTOR_ENDS, FACTORS.t),
    guess: readGuess(params, words),
  }
}

function readGuess({ guess, put, shown }: Params, words: readonly string[]): Guess | undefined {
  if (guess === undefined || !words.includes(guess)) return undefined
  const at = numbers(put ?? '', 2)
  return { word: guess, ...(at && { at: [at[0], at[1]] as const }), isShown: shown === '1' }
}

type Change = Record<string, string | undefined>

const isSame = (a: readonly string[], b: readonly string[]) => a.join() === b.join()
const short = (x: number) => String(Number(x.toPrecision(4)))

export const wordsParam = (words: readonly string[]): Change => ({
  words: isSame(words, PRESET) ? undefined : words.join(','),
})
export const viewParam = (view: View | undefined): Change => ({
  view: view && [view.x, view.y, view.k].map(short).join('_'),
})
export const calculationParam = (words: Calculation): Change => ({
  calc: isSame(words, CALCULATION) ? undefined : words.join(','),
})
export const guessParams = (guess: Guess | undefined): Change => ({
  guess: guess?.word,
  put: guess?.at && guess.at.map(short).join('_'),
  shown: guess?.isShown ? '1' : undefined,
})

/**
 * The parameters for a word that is chosen: what the rest is about from now on, and one more of those compared; where there
 * are as many as can be, in the last one's place.
 */
export function chooseParams({ words }: WordsState, word: string): Change {
  const chosen = words.includes(word) ? words : [...words.slice(0, MOST - 1), word]
  return { ...wordsParam(chosen), of: word === chosen[0] ? undefined : word }
}

export function removeParams({ words, of }: WordsState, word: string): Change {
  const left = words.filter((other) => other !== word)
  return { ...wordsParam(left), of: of === word || of === left[0] ? undefined : of }
}
