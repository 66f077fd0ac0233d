import { loadModel } from 'heed/models'
import {
  compare,
  cosineSimilarity,
  dot,
  nearest,
  norm,
  pca,
  VectorTable,
  wholeWords,
  type WholeWords,
  wordVectors,
} from 'heed/vectors'
import { afterEach, beforeAll, describe, expect, it } from 'vitest'
import { closeModels } from './models'
import { requests } from './requests'
import type { Context } from './rpc'
import { NEAR, type WordMap } from './words'
import { measures } from './words-measures'
import { axiomNames } from './words-axioms'

const context: Context = { signal: new AbortController().signal, onProgress: () => undefined }
/** Small, so that each test may load it anew. */
const model = { name: 'heed-describe' }
afterEach(closeModels)

/** What the library says by itself. */
let of: (word: string) => Float64Array
let whole: WholeWords
beforeAll(async () => {
  using loaded = await loadModel(model.name)
  const weight = loaded.weights[loaded.embedding]
  const table = new VectorTable((await weight.data()) as Float32Array, weight.shape[1])
  const tokenizer = loaded.tokenizer!
  of = (word) => wordVectors([word], tokenizer, table)[0].vector
  whole = wholeWords(tokenizer, table)
})

const map = async () => (await requests.wordMap({ model }, context)) as WordMap

describe('the map', () => {
  it('has every whole word at its two principal components, and says how much they hold', async () => {
    const answer = await map()
    expect(answer).toMatchObject({ kind: 'map', words: whole.words, dimensions: 64, vocabulary: 6000 })
    expect(answer.directionsOf).toBe(whole.words.length)
    const { coordinates, explained } = pca(whole.words.map((_, row) => whole.table.row(row)))
    for (const row of [0, 17, 2500, whole.words.length - 1])
      coordinates[row].forEach((x, axis) => expect(answer.places[2 * row + axis]).toBeCloseTo(x, 6))
    answer.explained.forEach((share, axis) => expect(share).toBeCloseTo(explained[axis], 10))
  })

  it('is there again when it was given away, and another model has none', async () => {
    const [first, second] = [await map(), await map()]
    expect(second.places).toEqual(first.places)
    expect(second.places.buffer).not.toBe(first.places.buffer)
    expect(await requests.wordMap({ model: { name: 'heed-copy' } }, context)).toEqual({
      kind: 'none',
      vocabulary: 259,
    })
  })
})

describe('words that are compared', () => {
  const words = ['dog', 'cat', 'television']

  it('every measure of every pair is the library’s', async () => {
    const { pairs, words: found } = await requests.compareWords({ model, words, by: 'cosine' }, context)
    expect(pairs.map(({ a, b }) => [a, b])).toEqual([
      [0, 1],
      [0, 2],
      [1, 2],
    ])
    for (const { a, b, values } of pairs)
      for (const measure of measures)
        expect(values[measure]).toBe(compare(measure, of(words[a]), of(words[b])))
    expect(found.map(({ length }) => length)).toEqual(words.map((word) => norm(of(word))))
  })

  it('the nearest by every measure, and how many of them the map keeps', async () => {
    const row = whole.words.indexOf('cat')
    const { places } = await map()
    const apart = (other: number) =>
      Math.hypot(places[2 * other] - places[2 * row], places[2 * other + 1] - places[2 * row + 1])
    const onMap = whole.words
      .map((_, other) => other)
      .filter((other) => other !== row)
      .sort((a, b) => apart(a) - apart(b))
      .slice(0, NEAR)
    for (const by of measures) {
      const answer = await requests.compareWords({ model, words, of: 'cat', by }, context)
      expect(answer.of).toBe(1)
      expect(answer.neighbours).toEqual(
        nearest(whole.table, of('cat'), { measure: by, k: NEAR, exclude: [row] }),
      )
      expect(answer.kept).toBe(answer.neighbours.filter(({ index }) => onMap.includes(index)).length)
      expect(answer.cosines[17]).toBeCloseTo(cosineSimilarity(of('cat'), whole.table.row(17)), 6)
    }
  })

  it('a word of several pieces has their mean and a place, what cannot be spelt is named', async () => {
    const long = await requests.compareWords(
      { model: { name: 'heed-en-de' }, words: ['hippopotamus', ' '], by: 'cosine' },
      context,
    )
    const [{ row, pieces, place }] = long.words
    expect(row).toBeUndefined()
    expect(pieces.length).toBeGreaterThan(1)
    expect(pieces.join('')).toBe('hippopotamus')
    expect(place.every(Number.isFinite)).toBe(true)
    expect(long.refused).toHaveLength(1)
    const none = await requests.compareWords({ model, words: ['xyzzy', '☃'], by: 'cosine' }, context)
    expect(none.refused.map(({ why }) => why)).toEqual([
      expect.stringContaining('"xyzzy" is unknown'),
      expect.stringContaining('is unknown'),
    ])
    expect(none).toMatchObject({ of: -1, words: [], pairs: [], neighbours: [] })
  })
})

describe('arithmetic', () => {
  it('went − go + come is what the library finds, in its own plane', async () => {
    const answer = await requests.wordAnalogy({ model, words: ['went', 'go', 'come'] }, context)
    const [a, b, c] = ['went', 'go', 'come'].map((word) => of(word).map((x) => x / norm(of(word))))
    const result = a.map((x, i) => x - b[i] + c[i])
    const expected = whole.words
      .map((word, index) => ({ word, index, value: cosineSimilarity(result, whole.table.row(index)) }))
      .filter(({ word }) => !['went', 'go', 'come'].includes(word))
      .sort((p, q) => q.value - p.value)
    answer.answers.forEach(({ index, value }, n) => {
      expect(index).toBe(expected[n].index)
      expect(value).toBeCloseTo(expected[n].value, 12)
    })
    // Lengths in the plane are the true ones, and the four points are a parallelogram.
    const { places } = answer
    const apart = (p: readonly number[], q: readonly number[]) => Math.hypot(p[0] - q[0], p[1] - q[1])
    expect(apart(places!.a, places!.b)).toBeCloseTo(norm(a.map((x, i) => x - b[i])), 10)
    expect(apart(places!.b, places!.c)).toBeCloseTo(norm(b.map((x, i) => x - c[i])), 10)
    expect(apart(places!.a, places!.c)).toBeCloseTo(norm(a.map((x, i) => x - c[i])), 10)
    for (const axis of [0, 1])
      expect(places!.result[axis]).toBeCloseTo(places!.a[axis] - places!.b[axis] + places!.c[axis], 10)
    const x = whole.table.row(answer.answers[0].index)
    const off2 = norm(x.map((v, i) => v / norm(x) - b[i])) ** 2 - apart(places!.answer!, [0, 0]) ** 2
    expect(answer.off).toBeCloseTo(Math.sqrt(off2), 5)
  })

  it('three times one word is that word, and a refused word is named', async () => {
    const same = await requests.wordAnalogy({ model, words: ['dog', 'dog', 'dog'] }, context)
    expect(same.places!.result).toEqual([0, 0])
    expect(same.answers.length).toBeGreaterThan(0)
    const refused = await requests.wordAnalogy({ model, words: ['dog', '', 'cat'] }, context)
    expect(refused).toMatchObject({ answers: [], refused: [{ word: '' }] })
  })

  it('arrows: true lengths and angle, and what is nearest', async () => {
    const ask = (c: number, by: 'cosine' | 'euclidean') =>
      requests.wordArrows({ model, x: 'dog', y: 'cat', c, by }, context)
    const [dog, cat] = [of('dog'), of('cat')]
    const arrows = (await ask(2, 'euclidean'))!
    expect(arrows.lengths.sum).toBeCloseTo(norm(dog.map((x, i) => x + cat[i])), 12)
    expect(arrows.dot).toBe(dot(dog, cat))
    const { x, y, sum } = arrows.lengths
    expect(sum ** 2).toBeCloseTo(x ** 2 + y ** 2 + 2 * x * y * Math.cos(arrows.angle), 10)
    expect(arrows.nearScaled).toEqual(
      nearest(
        whole.table,
        dog.map((x) => 2 * x),
        { measure: 'euclidean', k: 5 },
      ),
    )
    // A positive factor turns no arrow.
    const half = (await ask(0.5, 'cosine'))!
    expect(whole.words[half.nearScaled[0].index]).toBe('dog')
    expect((await ask(0, 'cosine'))!.nearScaled).toEqual([])
    expect((await ask(0, 'euclidean'))!.nearScaled).toHaveLength(5)
    expect(await requests.wordArrows({ model, x: 'dog', y: '', c: 1, by: 'cosine' }, context)).toBeUndefined()
  })
})

describe('axioms', () => {
  it('all eight hold on the words that were chosen, four of them exactly', async () => {
    const words = ['dog', 'cat', 'television']
    const answer = await requests.wordAxioms({ model, words, s: 1.7, t: -0.3 }, context)
    const u = of('dog')
    expect(answer.words).toEqual(words)
    expect(answer.axioms.map(({ name }) => name)).toEqual([...axiomNames])
    for (const { name, left, right, difference, bound, holds } of answer.axioms) {
      expect(holds).toBe(true)
      expect(left).toHaveLength(64)
      expect(difference).toBe(Math.max(...left.map((x, i) => Math.abs(x - right[i]))))
      expect(difference).toBeLessThanOrEqual(bound * (1 + 2 ** -48))
      if (['commutes', 'zero', 'opposite', 'one'].includes(name)) expect([difference, bound]).toEqual([0, 0])
    }
    const [commutes, , zero] = answer.axioms
    commutes.left.forEach((x, i) => expect(x).toBe(Math.fround(u[i] + of('cat')[i])))
    expect(zero.right).toEqual(Float32Array.from(u))
  })

  it('32 bits round: both sides of distributivity may differ in the last digit', async () => {
    const words = ['dog', 'cat', 'television']
    const { axioms } = await requests.wordAxioms({ model, words, s: 0.1, t: 0.7 }, context)
    expect(axioms.find(({ name }) => name === 'scalesSums')!.difference).toBeGreaterThan(0)
  })

  it('fewer than three words are taken again; none is refused', async () => {
    const one = await requests.wordAxioms({ model, words: ['dog'], s: 1, t: 1 }, context)
    expect(one.words).toEqual(['dog', 'dog', 'dog'])
    await expect(requests.wordAxioms({ model, words: [], s: 1, t: 1 }, context)).rejects.toMatchObject({
      code: 'input',
    })
  })
})
