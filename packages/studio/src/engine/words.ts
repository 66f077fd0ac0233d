import { HeedError } from 'heed'
import type { Model } from 'heed/models'
import {
  compare,
  cosineSimilarity,
  nearest,
  type Neighbour,
  norm,
  pca,
  type Vector,
  VectorTable,
  type WholeWords,
  wholeWords,
  wordVectors,
} from 'heed/vectors'
import { type ModelSource, openModel } from './models'
import type { Context } from './rpc'
import { LONGEST, type Measure, measures } from './words-measures'

export type { Neighbour }

/** Neighbours that are listed, and looked for on the map. */
export const NEAR = 10

/** Multiplications that the directions of the map may cost; of larger vocabularies the first words give them. */
const MOST_PRODUCTS = 4e9

/** All words of a model as a map. */
export interface WordMap {
  kind: 'map'
  /** Whole words, in the order of the vocabulary. */
  words: string[]
  /** [W, 2] */
  places: Float32Array
  /** Share of the variance that each of the two directions holds. */
  explained: readonly [number, number]
  /** D */
  dimensions: number
  /** Tokens of the vocabulary. */
  vocabulary: number
  /** So many words gave the directions. */
  directionsOf: number
}

/** The tokens of this model are parts of words, all of them. */
export interface NoWords {
  kind: 'none'
  vocabulary: number
}

/** A model's words as vectors, which all handlers of the page share. */
interface Space {
  table: VectorTable
  whole: WholeWords
  map: Omit<WordMap, 'kind'>
  place: (v: Vector) => readonly [number, number]
}

const spaces = new WeakMap<Model, Space>()

/** The embedding table of a model, its whole words, and where they lie on the map; made when it is asked for first. */
export async function spaceOf(
  source: ModelSource,
  context: Context,
): Promise<Space & { model: Model; name: string }> {
  const { model } = await openModel(source, context)
  const held = spaces.get(model)
  if (held) return { ...held, model, name: source.name }
  const weight = model.weights[model.embedding]
  const table = new VectorTable((await weight.data()) as Float32Array, weight.shape[1])
  const whole = wholeWords(model.tokenizer!, table)
  const made = { table, whole, ...mapOf(whole, table) }
  spaces.set(model, made)
  return { ...made, model, name: source.name }
}

/** The words along their two principal components. */
function mapOf(
  { words, table }: WholeWords,
  { rows: vocabulary }: VectorTable,
): Pick<Space, 'map' | 'place'> {
  const dimensions = table.width
  const count = Math.min(words.length, Math.floor((2 * MOST_PRODUCTS) / dimensions ** 2))
  const places = new Float32Array(2 * words.length)
  const empty = { words, places, explained: [0, 0] as const, dimensions, vocabulary, directionsOf: count }
  if (words.length < 2) return { map: empty, place: () => [0, 0] }
  const { project, mean } = pca(Array.from({ length: count }, (_, row) => table.row(row)))
  const [all, along] = [[0], [0, 0]]
  words.forEach((_, row) => {
    const v = table.row(row)
    const [x, y] = project(v)
    places.set([x, y], 2 * row)
    along[0] += x * x
    along[1] += y * y
    for (let i = 0; i < v.length; i++) all[0] += (v[i] - mean[i]) ** 2
  })
  const explained = [along[0] / all[0], along[1] / all[0]] as const
  return {
    map: { ...empty, explained },
    place: (v) => {
      const [x, y] = project(v)
      return [x, y]
    },
  }
}

export async function wordMap(
  { model }: { model: ModelSource },
  context: Context,
): Promise<WordMap | NoWords> {
  const { map } = await spaceOf(model, context)
  // What is given moves to the page; ours stays.
  return map.words.length < 2
    ? { kind: 'none', vocabulary: map.vocabulary }
    : { kind: 'map', ...map, places: map.places.slice() }
}

/** A word that was chosen. */
export interface ChosenWord {
  word: string
  /** Its row among the whole words; undefined for one of several pieces, which is the mean of theirs. */
  row?: number
  pieces: string[]
  /** On the map. */
  place: readonly [x: number, y: number]
  /** ‖v‖ */
  length: number
}

/** Words, and why some of them have no vector. */
export interface Found {
  words: ChosenWord[]
  /** [D] of each of them. */
  vectors: Float64Array[]
  refused: { word: string; why: string }[]
}

/** The vectors of words; those that the vocabulary cannot spell, and whole texts, are told apart. */
export function vectorsOf(
  { table, whole, place, model }: Awaited<ReturnType<typeof spaceOf>>,
  words: readonly string[],
): Found {
  const found: Found = { words: [], vectors: [], refused: [] }
  const tokenizer = model.tokenizer!
  for (const given of words)
    try {
      if (given.length > LONGEST)
        throw new HeedError(
          'input',
          `${given.slice(0, 20)} … has ${given.length} letters, at most ${LONGEST} are a word here`,
        )
      const [{ word, ids, vector }] = wordVectors([given], tokenizer, table, { unknownId: tokenizer.unkId })
      const length = norm(vector)
      if (length === 0) throw new HeedError('input', `the vector of ${word} is zero, which has no direction`)
      const row = ids.length === 1 ? whole.ids.indexOf(ids[0]) : -1
      found.words.push({
        word,
        ...(row >= 0 && { row }),
        pieces: ids.map((id) => tokenizer.decode([id]).trim()),
        place: place(vector),
        length,
      })
      found.vectors.push(vector)
    } catch (error) {
      if (!(error instanceof HeedError)) throw error
      found.refused.push({ word: given, why: error.message })
    }
  return found
}

export interface CompareRequest {
  model: ModelSource
  words: readonly string[]
  /** The word whose neighbours are looked for; default the first. */
  of?: string
  by: Measure
}

/** Words, compared in every way. */
export interface Compared {
  by: Measure
  words: ChosenWord[]
  refused: Found['refused']
  /** Place in `words` of the one that the rest is about; −1 where there are none. */
  of: number
  /** Places in `words`, and what every measure says of the two. */
  pairs: { a: number; b: number; values: Record<Measure, number> }[]
  /** [W]: the cosine of every whole word to `of`. */
  cosines: Float32Array
  /** The whole words nearest to `of`, by the measure that was asked for, itself left out. */
  neighbours: Neighbour[]
  /** How many of them are also among as many that lie nearest on the map. */
  kept: number
}

export async function compareWords(request: CompareRequest, context: Context): Promise<Compared> {
  const space = await spaceOf(request.model, context)
  const { words, vectors, refused } = vectorsOf(space, request.words)
  const of =
    words.length === 0
      ? -1
      : Math.max(
          0,
          words.findIndex(({ word }) => word === request.of),
        )
  const pairs = vectors.flatMap((one, a) =>
    vectors.slice(a + 1).map((other, n) => {
      const say = (measure: Measure) => [measure, compare(measure, one, other)]
      return { a, b: a + 1 + n, values: Object.fromEntries(measures.map(say)) as Record<Measure, number> }
    }),
  )
  const { by } = request
  if (of < 0) return { by, words, refused, of, pairs, cosines: new Float32Array(), neighbours: [], kept: 0 }
  const [vector, { row, place }] = [vectors[of], words[of]]
  const { table } = space.whole
  const exclude = row === undefined ? [] : [row]
  const neighbours = nearest(table, vector, { measure: by, k: NEAR, exclude })
  const cosines = Float32Array.from({ length: table.rows }, (_, other) =>
    table.norms[other] > 0 ? cosineSimilarity(vector, table.row(other)) : 0,
  )
  const onMap = new VectorTable(space.map.places, 2)
  const near = nearest(onMap, Float64Array.from(place), { measure: 'euclidean', k: NEAR, exclude })
  const listed = new Set(near.map(({ index }) => index))
  const kept = neighbours.filter(({ index }) => listed.has(index)).length
  return { by, words, refused, of, pairs, cosines, neighbours, kept }
}
