import {
  add,
  analogy,
  analogyVector,
  angularDistance,
  dot,
  type Measure,
  nearest,
  type Neighbour,
  norm,
  scale,
  subtract,
  type Vector,
} from 'heed/vectors'
import type { ModelSource } from './models'
import type { Context } from './rpc'
import { type ChosenWord, type Found, spaceOf, vectorsOf } from './words'

/** Answers that are listed. */
const ANSWERS = 5

export interface AnalogyRequest {
  model: ModelSource
  /** a − b + c */
  words: readonly [a: string, b: string, c: string]
}

type Place = readonly [x: number, y: number]

/** Arithmetic on words that were scaled to length 1, and the plane that it happens in, without distortion. */
export interface Analogy {
  words: ChosenWord[]
  refused: Found['refused']
  /** Whole words by their cosine to a − b + c, the three left out. None where a word was refused. */
  answers: Neighbour[]
  /** In the plane through b, c and a, b at 0 and c to the right of it. */
  places?: { a: Place; b: Place; c: Place; result: Place; answer?: Place }
  /** How far the first answer lies off that plane. */
  off: number
}

export async function wordAnalogy({ model, words }: AnalogyRequest, context: Context): Promise<Analogy> {
  const space = await spaceOf(model, context)
  const found = vectorsOf(space, words)
  if (found.refused.length > 0) return { words: found.words, refused: found.refused, answers: [], off: 0 }
  const [a, b, c] = found.vectors.map(unit)
  const result = analogyVector(a, b, c)
  const exclude = found.words.flatMap(({ row }) => (row === undefined ? [] : [row]))
  const answers = norm(result) > 0 ? analogy(space.whole.table, a, b, c, { k: ANSWERS, exclude }) : []
  const see = planeThrough(b, c, a)
  const first = answers.length > 0 ? unit(space.whole.table.row(answers[0].index)) : undefined
  const [seen, at] = [first && see(first), (v: Vector) => see(v).place]
  const places = { a: at(a), b: at(b), c: at(c), result: at(result), ...(seen && { answer: seen.place }) }
  return { words: found.words, refused: [], answers, places, off: seen?.off ?? 0 }
}

const unit = (v: Vector): Float64Array => scale(v, 1 / norm(v))

/** A plane through three points by two directions at right angles: where a vector lies on it, and how far off. */
function planeThrough(
  origin: Vector,
  right: Vector,
  up: Vector,
): (v: Vector) => { place: Place; off: number } {
  const first = directionOf(subtract(right, origin))
  const rest = subtract(up, origin)
  const second = directionOf(subtract(rest, scale(first, dot(rest, first))))
  return (v) => {
    const from = subtract(v, origin)
    const [x, y] = [dot(from, first), dot(from, second)]
    const off = norm(subtract(from, add(scale(first, x), scale(second, y))))
    return { place: [x, y], off }
  }
}

/** Of length 1; 0 for two points that are one but for rounding. */
const directionOf = (v: Float64Array): Float64Array => (norm(v) > 1e-9 ? unit(v) : new Float64Array(v.length))

export interface ArrowsRequest {
  model: ModelSource
  x: string
  y: string
  /** x is scaled by it. */
  c: number
  by: Measure
}

/** Two words as arrows from 0, in the plane that they span. */
export interface Arrows {
  x: string
  y: string
  c: number
  by: Measure
  /** ‖x‖, ‖y‖, ‖x + y‖ */
  lengths: { x: number; y: number; sum: number }
  /** Between x and y, in radians. */
  angle: number
  /** x·y */
  dot: number
  /** Whole words nearest to x + y, and to c x; none to 0 where only directions are compared. */
  nearSum: Neighbour[]
  nearScaled: Neighbour[]
}

/** What adding and scaling do to an arrow; undefined where one of the words has no vector. */
export async function wordArrows(
  { model, x, y, c, by }: ArrowsRequest,
  context: Context,
): Promise<Arrows | undefined> {
  const space = await spaceOf(model, context)
  const { words, vectors } = vectorsOf(space, [x, y])
  if (words.length < 2) return undefined
  const [u, v] = vectors
  const near = (vector: Float64Array) =>
    norm(vector) === 0 && (by === 'cosine' || by === 'angular')
      ? []
      : nearest(space.whole.table, vector, { measure: by, k: ANSWERS })
  const sum = add(u, v)
  return {
    x: words[0].word,
    y: words[1].word,
    c,
    by,
    lengths: { x: norm(u), y: norm(v), sum: norm(sum) },
    angle: angularDistance(u, v),
    dot: dot(u, v),
    nearSum: near(sum),
    nearScaled: near(scale(u, c)),
  }
}
