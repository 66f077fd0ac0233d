import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { randomUnit } from '../backends/random.js'
import { coded } from '../testing/index.js'
import { analogy, analogyVector, compare, isSimilarity, nearest, VectorTable } from './index.js'

const random = (rows: number, width: number, seed = 1) =>
  new VectorTable(
    Float32Array.from({ length: rows * width }, (_, i) => randomUnit(seed, i) - 0.5),
    width,
  )

describe('VectorTable', () => {
  it('knows its rows and their norms, and views its data', () => {
    const data = Float32Array.of(3, 4, 0, 0, 5, 12)
    const table = new VectorTable(data, 2)
    expect([table.rows, table.width, [...table.norms]]).toEqual([3, 2, [5, 0, 13]])
    expect(table.row(2)).toEqual(Float32Array.of(5, 12))
    expect(table.row(2).buffer).toBe(data.buffer)
  })

  it('refuses other shapes, numbers that are none, and rows there are not', () => {
    expect(() => new VectorTable(new Float32Array(7), 2)).toThrow(coded('shape', '7 numbers', 'rows of 2'))
    expect(() => new VectorTable(new Float32Array(4), 0)).toThrow(coded('shape', 'rows of 0'))
    expect(() => new VectorTable(Float32Array.of(1, 2, NaN, 0), 2)).toThrow(coded('input', 'row 1'))
    for (const row of [-1, 3, 0.5])
      expect(() => random(3, 2).row(row)).toThrow(coded('input', `row ${row} of 3`))
  })
})

describe('nearest', () => {
  it.each(['cosine', 'angular', 'euclidean', 'manhattan', 'dot'] as const)(
    'finds by %s what comparing with every row finds',
    (measure) => {
      fc.assert(
        fc.property(
          fc.integer({ min: 1, max: 60 }),
          fc.integer({ min: 1, max: 9 }),
          fc.nat(),
          (rows, width, seed) => {
            const table = random(rows, width, seed)
            const query = random(1, width, seed + 1).row(0)
            const sign = isSimilarity(measure) ? -1 : 1
            const all = Array.from({ length: rows }, (_, index) => ({
              index,
              value: compare(measure, query, table.row(index)),
            }))
            const expected = all
              .filter(({ index }) => index !== 3)
              .sort((a, b) => sign * (a.value - b.value) || a.index - b.index)
              .slice(0, 5)
            const found = nearest(table, query, { measure, k: 5, exclude: [3] })
            expect(found).toHaveLength(expected.length)
            // Rows that are equally near but for rounding may change places; with one dimension all directions are.
            found.forEach(({ index, value }, n) => {
              expect(value).toBeCloseTo(expected[n].value, 7)
              expect(value).toBeCloseTo(all[index].value, 7)
            })
            expect(new Set(found.map(({ index }) => index)).size).toBe(found.length)
            expect(found.some(({ index }) => index === 3)).toBe(false)
          },
        ),
        { numRuns: 60 },
      )
    },
  )

  it('takes the earlier of equals, all when k is larger, and no row without direction', () => {
    const table = new VectorTable(Float32Array.of(1, 0, 0, 0, 2, 0, 0, 3, 1, 0), 2)
    const places = (options: Parameters<typeof nearest>[2]) =>
      nearest(table, Float32Array.of(1, 0), options).map(({ index }) => index)
    expect(places({ k: 99 })).toEqual([0, 2, 4, 3])
    expect(places({ k: 2, exclude: new Set([0]) })).toEqual([2, 4])
    expect(places({ measure: 'euclidean' })).toEqual([0, 4, 1, 2, 3])
    expect(places({ measure: 'dot' })).toEqual([2, 0, 4, 1, 3])
  })

  it('finds the row itself at distance 0 in a large vocabulary', () => {
    const table = random(30_000, 384)
    expect(nearest(table, table.row(12_345), { measure: 'euclidean', k: 1 })).toEqual([
      { index: 12_345, value: 0 },
    ])
    const [first, second] = nearest(table, table.row(29_999), { k: 2 })
    expect(first).toEqual({ index: 29_999, value: expect.closeTo(1, 12) as number })
    expect(second.value).toBeLessThan(0.4)
  })

  it('refuses what it cannot answer', () => {
    const table = random(3, 2)
    expect(() => nearest(table, new Float32Array(3))).toThrow(coded('shape', '3 elements', 'width 2'))
    expect(() => nearest(table, new Float32Array(2))).toThrow(coded('input', 'no direction'))
    expect(() => nearest(table, Float32Array.of(1, NaN))).toThrow(coded('input', 'element 1 is NaN'))
    for (const k of [0, -1, 1.5, NaN])
      expect(() => nearest(table, table.row(0), { k })).toThrow(coded('option', `k is ${k}`))
    const hamming = { measure: 'hamming' } as unknown as Parameters<typeof nearest>[2]
    expect(() => nearest(table, table.row(0), hamming)).toThrow(coded('option', "'hamming'", 'euclidean'))
  })
})

describe('analogy', () => {
  // man, woman, king, queen, apple: sex on the first axis, royalty on the second
  const table = new VectorTable(Float32Array.of(-1, 0.1, 1, 0.1, -1, 1, 1, 1, 0.2, -1), 2)
  const [man, woman, king, queen] = [0, 1, 2, 3]

  it('king − man + woman is the queen', () => {
    expect(analogy(table, king, man, woman, { k: 1 })[0].index).toBe(queen)
  })

  it('never answers with its inputs, nor with what is excluded', () => {
    // a − a + c is c, so without the rule the answer would be c.
    const answers = analogy(table, man, man, woman)
    expect(answers.map(({ index }) => index).sort()).toEqual([king, queen, 4])
    expect(analogy(table, king, man, woman, { k: 1, exclude: [queen] })[0].index).not.toBe(queen)
    // Vectors are not rows: nothing is left out for them.
    const [a, b, c] = [king, man, woman].map((row) => table.row(row))
    expect(analogy(table, a, b, c)).toHaveLength(5)
  })

  it('scales the three to length 1 first', () => {
    const far = analogyVector(Float32Array.of(0, 9), Float32Array.of(5, 0), Float32Array.of(0, 1))
    expect(far).toEqual(Float64Array.of(-1, 2))
    expect(() => analogyVector(Float32Array.of(0, 0), far, far)).toThrow(coded('input', 'a is zero'))
    expect(() => analogy(table, 0, 1, 5)).toThrow(coded('input', 'row 5 of 5'))
  })
})
