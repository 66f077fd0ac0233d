import { randn } from 'heed'
import { capture } from 'heed/lens'
import { add, cosineSimilarity, dot, euclideanDistance, nearest, norm, scale } from 'heed/vectors'
import { given, type QuestionOf } from '../questions.js'
import { embeddingsOf, type Engine, mean, numbersOf, placesOf } from './engine.js'
import type { ProofFor } from './proof.js'

export interface BankFacts {
  /** Different tokens that the word is in the two sentences. */
  ids: number
  /** Distance of the two vectors that are looked up. */
  apart: number
  /** Rows of the table, and tokens of the vocabulary. */
  rows: number
  vocabulary: number
  /** Cosine of the word's two vectors behind the encoder's last layer. */
  behind: number
}

export const bank: ProofFor<QuestionOf<'bank'>, BankFacts> = {
  async prove(engine) {
    const model = await engine.model('heed-en-de')
    const { table } = await embeddingsOf(model, [])
    const last = model.activations.findLast((name) => /^encoder\.\d+\.output$/.test(name))!
    const read = await Promise.all(given.bank.sentences.map((text) => wordIn(engine, text, last)))
    const [a, b] = read.map(({ id }) => table.row(id))
    return {
      ids: new Set(read.map(({ id }) => id)).size,
      apart: euclideanDistance(a, b),
      rows: table.rows,
      vocabulary: model.tokenizer!.vocabSize,
      behind: cosineSimilarity(read[0].vector, read[1].vector),
    }
  },
  claims: {
    meaning: ({ apart }) => apart > 0,
    place: ({ rows, vocabulary }) => rows > vocabulary,
    same: ({ apart }) => apart === 0,
    senses: ({ ids }) => ids > 1,
  },
}

/** The word's first token in a sentence, and its vector behind a layer of the encoder. */
async function wordIn(
  engine: Engine,
  text: string,
  layer: string,
): Promise<{ id: number; vector: Float64Array }> {
  const model = await engine.model('heed-en-de')
  // Without a translation, which the encoder does not need.
  using seen = await capture(model, text, { sites: [layer], target: '', signal: engine.signal })
  const { source } = seen.of!.tokens
  const [at] = placesOf(given.bank.word, text, source)
  const layerOut = seen.activation(layer)
  const width = layerOut.shape[2]
  const all = await layerOut.data()
  return { id: source[at].id, vector: Float64Array.from(all.subarray(at * width, (at + 1) * width)) }
}

export interface OppositesFacts {
  pairs: number
  /** Mean cosine of the pairs, and of one word of a pair with one of another. */
  mean: number
  others: number
}

/** Nearer by so much than others is nearer; from `one` on it is nearly one point, below −`apart` opposite. */
const [margin, one, apart] = [0.05, 0.95, 0.5]

export const opposites: ProofFor<QuestionOf<'opposites'>, OppositesFacts> = {
  async prove(engine) {
    const model = await engine.model('heed-en-de')
    const { found } = await embeddingsOf(model, given.opposites.flat())
    const cosines = { own: [] as number[], others: [] as number[] }
    found.forEach((a, i) =>
      found.slice(i + 1).forEach((b, n) => {
        const j = i + 1 + n
        const isPair = i >> 1 === j >> 1
        cosines[isPair ? 'own' : 'others'].push(cosineSimilarity(a.vector, b.vector))
      }),
    )
    return { pairs: cosines.own.length, mean: mean(cosines.own), others: mean(cosines.others) }
  },
  claims: {
    opposite: ({ mean }) => mean < -apart,
    nearer: ({ mean, others }) => mean > others + margin && mean < one,
    unrelated: ({ mean, others }) => mean >= -apart && mean <= others + margin,
    one: ({ mean }) => mean >= one,
  },
}

export interface SpaceFacts {
  /** The sum of two rows of the table: its distance from the row nearest to it. */
  toRow: number
  words: readonly [string, string]
  /** Length of (1, 0) + (0, 1). */
  length: number
  /** The smallest component of −1 · (1, 2). */
  smallest: number
  /** Sums and multiples of vectors on the line that were tried, and the farthest that one left it. */
  tried: number
  off: number
}

export const space: ProofFor<QuestionOf<'space'>, SpaceFacts> = {
  async prove(engine) {
    const words = ['dog', 'cat'] as const
    const { table, found } = await embeddingsOf(await engine.model('heed-describe'), words)
    const sum = add(found[0].vector, found[1].vector)
    const [{ value: toRow }] = nearest(table, sum, { measure: 'euclidean', k: 1 })
    const tried = 1000
    const factors = await numbersOf(() => randn([3 * tried], { seed: 1 }))
    return {
      toRow,
      words,
      length: norm(add(Float64Array.of(1, 0), Float64Array.of(0, 1))),
      smallest: Math.min(...scale(Float64Array.of(1, 2), -1)),
      tried,
      off: Math.max(...Array.from({ length: tried }, (_, n) => offLine(factors.slice(3 * n, 3 * n + 3)))),
    }
  },
  claims: {
    table: ({ toRow }) => toRow === 0,
    unit: ({ length }) => length === 1,
    positive: ({ smallest }) => smallest >= 0,
    // Rounding of float64, which the proof says.
    line: ({ off }) => off < 1e-12,
  },
}

/** How far c · (a · (2, 1) + b · (2, 1)) lies from the line through 0 and (2, 1). */
function offLine([a, b, c]: readonly number[]): number {
  const line = Float64Array.of(2, 1)
  const member = scale(add(scale(line, a), scale(line, b)), c)
  return Math.abs(dot(member, Float64Array.of(-1, 2))) / norm(line)
}

export interface CosineFacts {
  cosine: number
  product: number
  distance: number
  lengths: readonly [number, number]
}

export const cosine: ProofFor<QuestionOf<'cosine'>, CosineFacts> = {
  async prove() {
    const [a, b] = [Float64Array.from(given.cosine.a), Float64Array.from(given.cosine.b)]
    return {
      cosine: cosineSimilarity(a, b),
      product: dot(a, b),
      distance: euclideanDistance(a, b),
      lengths: [norm(a), norm(b)],
    }
  },
  answer: ({ cosine }) => cosine,
  slips: {
    product: ({ product }) => product,
    distance: ({ distance }) => distance,
    ratio: ({ lengths: [a, b] }) => a / b,
    none: () => 0,
  },
}
