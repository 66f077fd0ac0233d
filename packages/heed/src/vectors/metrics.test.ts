import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { coded } from '../testing/index.js'
import {
  angularDistance,
  compare,
  cosineSimilarity,
  dot,
  euclideanDistance,
  isSimilarity,
  manhattanDistance,
  type Measure,
  norm,
} from './index.js'

const of = (...numbers: number[]) => Float64Array.from(numbers)
const number = fc.double({ min: -1e100, max: 1e100, noNaN: true })
const triple = fc
  .integer({ min: 1, max: 8 })
  .chain((D) => fc.array(fc.array(number, { minLength: D, maxLength: D }), { minLength: 3, maxLength: 3 }))
  .map((list) => list.map((v) => Float64Array.from(v)))
/** Smaller numbers than these have few digits in float64, and with them no exact direction. */
const directions = triple.filter((list) => list.every((v) => norm(v) > 1e-290))
/** What rounding may take from a sum of at most 8 terms and the steps around it. */
const slack = 32 * 2 ** -53

const holds = (arbitrary: typeof triple, check: (vectors: Float64Array[]) => void) =>
  fc.assert(
    fc.property(arbitrary, (vectors) => void check(vectors)),
    { numRuns: 300 },
  )

describe.each([
  ['euclidean', euclideanDistance],
  ['manhattan', manhattanDistance],
] as const)('the %s distance is a metric', (_, distance) => {
  it('identity: d(u, v) = 0 exactly when u = v', () => {
    holds(triple, ([a, b]) => {
      expect(distance(a, a)).toBe(0)
      expect(distance(a, b) === 0).toBe(a.every((x, i) => x === b[i]))
    })
    expect(distance(of(1e-200, 0), of(2e-200, 0))).toBeCloseTo(1e-200, 210)
    expect(distance(of(1e-200, 0), of(2e-200, 0))).toBeGreaterThan(0)
  })

  it('symmetry: d(u, v) = d(v, u)', () => {
    holds(triple, ([a, b]) => expect(distance(a, b)).toBe(distance(b, a)))
  })

  it('triangle inequality: d(u, w) ≤ d(u, v) + d(v, w)', () => {
    holds(triple, ([a, b, c]) => {
      const detour = distance(a, b) + distance(b, c)
      expect(distance(a, c)).toBeLessThanOrEqual(detour * (1 + slack))
    })
  })
})

describe('the angular distance is a metric of directions', () => {
  it('identity: 0 for vectors of one direction, whatever their lengths, and for no others', () => {
    holds(directions, ([a, b]) => {
      expect(angularDistance(a, a)).toBe(0)
      expect(
        angularDistance(
          a,
          Float64Array.from(a, (x) => 3 * x),
        ),
      ).toBeLessThanOrEqual(slack)
      const [na, nb] = [norm(a), norm(b)]
      if (a.some((x, i) => Math.abs(x / na - b[i] / nb) > slack))
        expect(angularDistance(a, b)).toBeGreaterThan(0)
    })
  })

  it('symmetry', () => {
    holds(directions, ([a, b]) => expect(angularDistance(a, b)).toBe(angularDistance(b, a)))
  })

  it('triangle inequality', () => {
    holds(directions, ([a, b, c]) => {
      const detour = angularDistance(a, b) + angularDistance(b, c)
      expect(angularDistance(a, c)).toBeLessThanOrEqual(detour + slack)
    })
  })

  it('is accurate where the arc cosine is not: near 0 and π', () => {
    for (const angle of [1e-12, 1e-9, 1e-5, 0.3]) {
      const [a, b] = [of(2, 0), of(3 * Math.cos(angle), 3 * Math.sin(angle))]
      expect(Math.abs(angularDistance(a, b) / angle - 1)).toBeLessThan(1e-14)
      const opposite = angularDistance(a, of(-b[0], -b[1]))
      expect(Math.abs(Math.PI - opposite - angle)).toBeLessThan(1e-15)
    }
    expect(Math.acos(cosineSimilarity(of(1, 0), of(Math.cos(1e-9), Math.sin(1e-9))))).toBe(0)
    expect(angularDistance(of(1, 0), of(0, 5))).toBe(Math.PI / 2)
    expect(angularDistance(of(1, 2), of(-2, -4))).toBe(Math.PI)
  })
})

describe('similarities are no metrics', () => {
  it('1 − cosine breaks the triangle inequality', () => {
    const [east, northEast, north] = [of(1, 0), of(1, 1), of(0, 1)]
    const d = (a: Float64Array, b: Float64Array) => 1 - cosineSimilarity(a, b)
    expect(d(east, north)).toBe(1)
    expect(d(east, northEast) + d(northEast, north)).toBeCloseTo(0.586, 3)
  })

  it('a vector need not have the largest dot product with itself', () => {
    expect(dot(of(1, 0), of(3, 0))).toBeGreaterThan(dot(of(1, 0), of(1, 0)))
  })

  it('larger is nearer for them alone', () => {
    const all: Measure[] = ['cosine', 'dot', 'euclidean', 'angular', 'manhattan']
    expect(all.filter(isSimilarity)).toEqual(['cosine', 'dot'])
  })
})

it('measures by hand', () => {
  const [a, b] = [of(3, 4), of(4, 3)]
  expect([norm(a), dot(a, b), cosineSimilarity(a, b)]).toEqual([5, 24, 0.96])
  expect([euclideanDistance(a, b), manhattanDistance(a, b)]).toEqual([Math.SQRT2, 2])
  expect(compare('angular', a, b)).toBeCloseTo(Math.acos(0.96), 15)
  expect(cosineSimilarity(a, of(-6, -8))).toBe(-1)
  expect(dot(Float32Array.of(1e30), Float32Array.of(1e30))).toBe(Math.fround(1e30) ** 2)
})

it('neither vanishes nor overflows where squares do', () => {
  expect(norm(of(3e-200, 4e-200)) / 5e-200).toBeCloseTo(1, 15)
  expect(norm(of(3e200, 4e200)) / 5e200).toBeCloseTo(1, 15)
  expect(cosineSimilarity(of(1e200, 0), of(1e-200, 1e-200))).toBeCloseTo(Math.SQRT1_2, 15)
  expect(norm(of(0, 0))).toBe(0)
})

describe('what is refused', () => {
  const both = [dot, cosineSimilarity, angularDistance, euclideanDistance, manhattanDistance]

  it.each(both)('lengths that differ, and none: %o', (measure) => {
    expect(() => measure(of(1, 2), of(1, 2, 3))).toThrow(coded('shape', measure.name, '2', '3 elements'))
    expect(() => measure(of(), of())).toThrow(coded('shape', measure.name, '0 elements'))
  })

  it.each(both)('NaN and infinity, by their place: %o', (measure) => {
    expect(() => measure(of(1, 2), of(1, NaN))).toThrow(coded('input', 'element 1 is NaN'))
    expect(() => measure(of(-Infinity, 2), of(1, 2))).toThrow(coded('input', 'element 0 is -Infinity'))
  })

  it('directions of zero, results beyond float64, unknown names', () => {
    for (const measure of [cosineSimilarity, angularDistance]) {
      expect(() => measure(of(0, 0), of(1, 2))).toThrow(coded('input', 'the first vector is zero'))
      expect(() => measure(of(1, 2), of(0, 0))).toThrow(coded('input', 'the second vector is zero'))
    }
    expect(() => dot(of(1e200), of(1e200))).toThrow(coded('input', 'too large'))
    expect(() => compare('hamming' as Measure, of(1), of(1))).toThrow(coded('option', "'hamming'", 'cosine'))
    expect(() => norm(of())).toThrow(coded('shape', '0 elements'))
  })
})
