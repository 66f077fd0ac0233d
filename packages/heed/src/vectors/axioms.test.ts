import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { add, scale } from './index.js'

// docs/vectors.md names these tests, axiom by axiom.

/** The unit roundoff of float64, and the smallest number: what a product that underflows may be off by. */
const u = 2 ** -53
const tiny = 2 ** -1074

const number = fc.double({ min: -(2 ** 300), max: 2 ** 300, noNaN: true })
/** `count` vectors of one space of 1 to 8 dimensions. */
const vectors = (count: number) =>
  fc
    .integer({ min: 1, max: 8 })
    .chain((D) =>
      fc.array(fc.array(number, { minLength: D, maxLength: D }), { minLength: count, maxLength: count }),
    )
    .map((list) => list.map((v) => Float64Array.from(v)))

const zeros = (v: Float64Array) => new Float64Array(v.length)

/** −0 is 0. */
function expectEqual(a: Float64Array, b: Float64Array): void {
  expect(a.length).toBe(b.length)
  a.forEach((x, i) => expect(x === b[i], `element ${i}: ${x}, ${b[i]}`).toBe(true))
}

function expectWithin(a: Float64Array, b: Float64Array, bound: (i: number) => number): void {
  expect(a.length).toBe(b.length)
  a.forEach((x, i) => {
    // The bound itself is computed in float64: one part in 2⁴⁸ more.
    const allowed = bound(i) * (1 + 2 ** -48)
    expect(Math.abs(x - b[i]), `element ${i}: ${x}, ${b[i]}`).toBeLessThanOrEqual(allowed)
  })
}

const holds = <T>(arbitrary: fc.Arbitrary<T>, predicate: (value: T) => void) =>
  fc.assert(fc.property(arbitrary, predicate), { numRuns: 300 })

describe('the axioms of a vector space hold exactly for', () => {
  it('commutativity of addition: u + v = v + u', () => {
    holds(vectors(2), ([a, b]) => expectEqual(add(a, b), add(b, a)))
  })

  it('the identity of addition: v + 0 = v', () => {
    holds(vectors(1), ([v]) => expectEqual(add(v, zeros(v)), v))
  })

  it('inverses of addition: v + (−v) = 0', () => {
    holds(vectors(1), ([v]) => expectEqual(add(v, scale(v, -1)), zeros(v)))
  })

  it('the identity of scaling: 1 v = v', () => {
    holds(vectors(1), ([v]) => expectEqual(scale(v, 1), v))
  })
})

describe('the axioms of a vector space hold within rounding for', () => {
  const factors = fc.tuple(number, number)

  it('associativity of addition: (u + v) + w = u + (v + w)', () => {
    // Two sums a side, each rounded once.
    holds(vectors(3), ([a, b, c]) =>
      expectWithin(
        add(add(a, b), c),
        add(a, add(b, c)),
        (i) => (Math.abs(a[i]) + Math.abs(b[i]) + Math.abs(c[i])) * 4 * u,
      ),
    )
  })

  it('compatibility of scaling: s (t v) = (s t) v', () => {
    // Two products a side; one that underflows is off by at most `tiny`, which the next factor multiplies.
    holds(fc.tuple(vectors(1), factors), ([[v], [s, t]]) =>
      expectWithin(
        scale(scale(v, t), s),
        scale(v, s * t),
        (i) => Math.abs(s * t * v[i]) * 4 * u + tiny * (Math.abs(s) + Math.abs(v[i]) + 3),
      ),
    )
  })

  it('distributivity over vectors: s (u + v) = s u + s v', () => {
    // A sum and a product a side.
    holds(fc.tuple(vectors(2), number), ([[a, b], s]) =>
      expectWithin(
        scale(add(a, b), s),
        add(scale(a, s), scale(b, s)),
        (i) => Math.abs(s) * (Math.abs(a[i]) + Math.abs(b[i])) * 4 * u + 4 * tiny,
      ),
    )
  })

  it('distributivity over scalars: (s + t) v = s v + t v', () => {
    holds(fc.tuple(vectors(1), factors), ([[v], [s, t]]) =>
      expectWithin(
        scale(v, s + t),
        add(scale(v, s), scale(v, t)),
        (i) => (Math.abs(s) + Math.abs(t)) * Math.abs(v[i]) * 4 * u + 4 * tiny,
      ),
    )
  })

  it('and only within rounding: float64 is not associative', () => {
    const [a, b, c] = [0.1, 0.2, 0.3].map((x) => Float64Array.of(x))
    expect(add(add(a, b), c)[0]).not.toBe(add(a, add(b, c))[0])
  })
})
