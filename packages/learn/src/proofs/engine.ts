import { scope, type Tensor } from 'heed'
import { type Capture, capture, inputActivations } from 'heed/lens'
import type { EncoderModel, Model, ShippedModels } from 'heed/models'
import { VectorTable, type WordVector, wordVectors } from 'heed/vectors'
import { given } from '../questions.js'

/** The models that proofs run. */
export type QuizModel = 'heed-describe' | 'heed-en-de'

/** What computes the proofs: heed itself, and models from whoever runs it. */
export interface Engine {
  /** A shipped model, which stays the giver's. */
  model<Name extends QuizModel>(name: Name): Promise<ShippedModels[Name]>
  signal?: AbortSignal
}

/** The numbers of a tensor that `make` makes. */
export async function numbersOf(make: () => Tensor): Promise<number[]> {
  using t = scope(make).keep()
  return Array.from(await t.data())
}

/** `numbers` as rows of `width`. */
export const rowsOf = (numbers: readonly number[], width: number): number[][] =>
  Array.from({ length: numbers.length / width }, (_, i) => numbers.slice(i * width, (i + 1) * width))

export const indexOfMost = (row: ArrayLike<number>): number => {
  let most = 0
  for (let j = 1; j < row.length; j++) if (row[j] > row[most]) most = j
  return most
}

export const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length

/** A model's embedding table, and words in it as they stand inside a sentence. */
export async function embeddingsOf(
  model: Model,
  words: readonly string[],
): Promise<{ table: VectorTable; found: WordVector[] }> {
  const weight = model.weights[model.embedding]
  const table = new VectorTable(Float32Array.from(await weight.data()), weight.shape[1])
  return { table, found: wordVectors(words, model.tokenizer!, table) }
}

/** A token with its place in the text [start, end). */
interface Placed {
  readonly start: number
  readonly end: number
}

/** The tokens that spell a word of the text, where it first stands in it. */
export function placesOf(word: string, text: string, tokens: readonly Placed[]): number[] {
  const from = text.indexOf(word)
  const to = from + word.length
  return [...tokens.keys()].filter((i) => from >= 0 && tokens[i].start < to && tokens[i].end > from)
}

/** How a sentence's tokens are written in a picture. */
const labelsOf = (text: string, tokens: readonly Placed[]): string[] =>
  tokens.map(({ start, end }) => text.slice(start, end).trim())

export const describeSite = 'layers.0.self'

/** The sentence's link in a head. */
export interface LinkFacts {
  head: number
  /** Of the word that asks, and of the one that answers. */
  asks: number
  answers: number
  labels: readonly string[]
}

/** The head that the quiz looks through, and its sentence in it. */
export interface LinkHead extends LinkFacts, Disposable {
  model: EncoderModel
  seen: Capture
}

/** Of heed-describe's heads the one that gives the sentence's first link the largest weight: by rule, not by name. */
export async function linkHead(engine: Engine): Promise<LinkHead> {
  const model = await engine.model('heed-describe')
  const { text, asks: word, answers: by } = given.sentence
  const seen = await capture(model, text, {
    sites: [describeSite, ...inputActivations(model, describeSite)],
    values: true,
    signal: engine.signal,
  })
  const { source } = seen.of!.tokens
  const [[asks], [answers]] = [placesOf(word, text, source), placesOf(by, text, source)]
  const links = await Promise.all(
    Array.from({ length: model.heads }, (_, head) => seen.map(describeSite, head).cell(asks, answers)),
  )
  const head = indexOfMost(links)
  const labels = labelsOf(text, source)
  return { model, seen, head, asks, answers, labels, [Symbol.dispose]: () => seen.dispose() }
}
