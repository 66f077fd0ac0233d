import { HeedError } from 'heed'
import { readText } from 'heed/io'
import { fixed, signed } from 'heed/look'
import {
  analogy,
  compare,
  isSimilarity,
  nearest,
  type Neighbour,
  norm,
  type WholeWords,
  wholeWords,
  wordVectors,
  type WordVector,
} from 'heed/vectors'
import type { Embeddings } from './embeddings.js'
import { linesOf } from './input.js'

/** What `heed similar` measures words by. */
export const measures = ['cosine', 'angular', 'euclidean', 'dot'] as const
export type WordMeasure = (typeof measures)[number]

export const measureNames: Readonly<Record<WordMeasure, string>> = {
  cosine: 'cosine',
  angular: 'angle',
  euclidean: 'Euclidean',
  dot: 'dot',
}

/** A value for people: signed where the sign is free; angles in degrees, with one decimal less. */
export function writeValue(measure: WordMeasure, value: number, decimals = 2): string {
  if (measure === 'angular') return `${fixed((value * 180) / Math.PI, decimals - 1)}°`
  return isSimilarity(measure) ? signed(value, decimals) : fixed(value, decimals)
}

/**
 * The vectors of words, by the rule of `wordVectors`.
 *
 * @throws HeedError `input`, naming the word, for what `wordVectors` refuses, and for a zero vector
 */
export function vectorsOf(
  { tokenizer, table, unknownId }: Embeddings,
  words: readonly string[],
): WordVector[] {
  return wordVectors(words, tokenizer, table, { unknownId }).map((word) => {
    if (norm(word.vector) > 0) return word
    throw new HeedError(
      'input',
      `the vector of ${word.word} is zero, which has no direction; give another word`,
    )
  })
}

/** What a measure says of every pair, [n][n]. */
export const valuesOf = (measure: WordMeasure, words: readonly WordVector[]): number[][] =>
  words.map((a) => words.map((b) => compare(measure, a.vector, b.vector)))

/** Orders values, the nearest first. */
export const byNearness =
  (measure: WordMeasure) =>
  (a: number, b: number): number =>
    isSimilarity(measure) ? b - a : a - b

export interface Pair {
  /** Places in the list of words. */
  a: number
  b: number
  values: Record<WordMeasure, number>
}

/** Every pair of words with all that is measured, the nearest first. */
export function pairsOf(words: readonly WordVector[], by: WordMeasure): Pair[] {
  const order = byNearness(by)
  return words
    .flatMap((one, a) =>
      words.slice(a + 1).map((other, n): Pair => {
        const value = (measure: WordMeasure) => compare(measure, one.vector, other.vector)
        const values = {
          cosine: value('cosine'),
          angular: value('angular'),
          euclidean: value('euclidean'),
          dot: value('dot'),
        }
        return { a, b: a + 1 + n, values }
      }),
    )
    .sort((p, q) => order(p.values[by], q.values[by]))
}

/** A whole word of the vocabulary. */
export interface FoundWord {
  word: string
  id: number
  value: number
}

export interface Found {
  /** The whole words that were searched. */
  among: number
  /** For each query, the nearest first. */
  found: FoundWord[][]
}

const named = ({ words, ids }: WholeWords, neighbours: readonly Neighbour[]): FoundWord[] =>
  neighbours.map(({ index, value }) => ({ word: words[index], id: ids[index], value }))

/** Rows of whole words that are the given words themselves. */
const rowsOf = ({ ids }: WholeWords, words: readonly WordVector[]): number[] =>
  words
    .filter((word) => word.ids.length === 1)
    .flatMap((word) => ids.flatMap((id, row) => (id === word.ids[0] ? [row] : [])))

/** The k whole words nearest to each word, itself left out. */
export function nearestWords(
  embeddings: Embeddings,
  words: readonly WordVector[],
  measure: WordMeasure,
  k: number,
): Found {
  const whole = wholeWords(embeddings.tokenizer, embeddings.table)
  const found = words.map((word) =>
    named(whole, nearest(whole.table, word.vector, { measure, k, exclude: rowsOf(whole, [word]) })),
  )
  return { among: whole.ids.length, found }
}

/** The k whole words that answer a − b + c best, the three left out. */
export function analogyWords(embeddings: Embeddings, words: readonly WordVector[], k: number): Found {
  const whole = wholeWords(embeddings.tokenizer, embeddings.table)
  const [a, b, c] = words.map(({ vector }) => vector)
  const answers = analogy(whole.table, a, b, c, { k, exclude: rowsOf(whole, words) })
  return { among: whole.ids.length, found: [named(whole, answers)] }
}

/** A triplet, and what the measure says of its two pairs. */
export interface Triplet {
  anchor: string
  near: string
  far: string
  /** anchor and near */
  nearValue: number
  /** near and far */
  farValue: number
  /** Whether anchor and near are nearer than near and far. */
  holds: boolean
}

/**
 * Judges the triplets of a file, a line each: anchor TAB near TAB far. Empty lines do not count.
 *
 * @throws HeedError `format` with the line for other lines, `input` for a file without triplets, or words without vectors
 */
export async function judgeTriplets(
  embeddings: Embeddings,
  file: string,
  measure: WordMeasure,
): Promise<Triplet[]> {
  const lines = linesOf(await readText(file))
  const order = byNearness(measure)
  const triplets = lines.flatMap((line, n): Triplet[] => {
    if (line.trim() === '') return []
    const words = line.split('\t')
    if (words.length !== 3)
      throw new HeedError(
        'format',
        `${file}: line ${n + 1} has ${words.length} words; a line is anchor TAB near TAB far`,
      )
    const [anchor, near, far] = vectorsOfLine(embeddings, words, `${file}: line ${n + 1}`)
    const nearValue = compare(measure, anchor.vector, near.vector)
    const farValue = compare(measure, near.vector, far.vector)
    const holds = order(nearValue, farValue) < 0
    return [{ anchor: anchor.word, near: near.word, far: far.word, nearValue, farValue, holds }]
  })
  if (triplets.length === 0)
    throw new HeedError('input', `${file}: holds no triplets; a line is anchor TAB near TAB far`)
  return triplets
}

/** As `vectorsOf`, with the place in its errors. */
function vectorsOfLine(embeddings: Embeddings, words: readonly string[], place: string): WordVector[] {
  try {
    return vectorsOf(embeddings, words)
  } catch (error) {
    if (!(error instanceof HeedError)) throw error
    throw new HeedError(error.code, `${place}: ${error.message}`, { cause: error })
  }
}
