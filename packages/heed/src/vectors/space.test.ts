import { describe, expect, it } from 'vitest'
import { coded } from '../testing/index.js'
import { add, centroid, scale, subtract } from './index.js'

const [a, b] = [Float32Array.of(0.1, 2), Float32Array.of(0.2, -3)]
const x = Math.fround(0.1)

it('computes in float64, whatever the vectors are stored in', () => {
  expect(add(a, b)).toEqual(Float64Array.of(x + Math.fround(0.2), -1))
  expect(subtract(a, Float64Array.of(1e-12, 0))).toEqual(Float64Array.of(x - 1e-12, 2))
  expect(scale(a, 1 / 3)).toEqual(Float64Array.of(x / 3, 2 / 3))
  expect(centroid([a, b, b])[1]).toBe(-4 / 3)
  expect(a).toEqual(Float32Array.of(0.1, 2))
})

describe('what is refused', () => {
  it('lengths that differ, and none', () => {
    for (const f of [add, subtract])
      expect(() => f(a, Float32Array.of(1))).toThrow(coded('shape', f.name, 'of 2 and 1 elements'))
    expect(() => centroid([a, a, Float32Array.of(1, 2, 3)])).toThrow(coded('shape', 'of 2 and 3 elements'))
    expect(() => scale(new Float32Array(0), 2)).toThrow(coded('shape', 'scale', '0 elements'))
    expect(() => centroid([])).toThrow(coded('input', 'of no vectors'))
  })

  it('NaN, infinity and results that are too large', () => {
    const nan = Float64Array.of(0, NaN)
    for (const f of [add, subtract]) expect(() => f(a, nan)).toThrow(coded('input', 'element 1 is NaN'))
    expect(() => centroid([a, nan])).toThrow(coded('input', 'element 1 is NaN'))
    expect(() => scale(nan, 2)).toThrow(coded('input', 'element 1 is NaN'))
    expect(() => scale(a, Infinity)).toThrow(coded('option', 'Infinity'))
    const huge = Float64Array.of(1.7e308)
    expect(() => add(huge, huge)).toThrow(coded('input', 'too large'))
  })
})
