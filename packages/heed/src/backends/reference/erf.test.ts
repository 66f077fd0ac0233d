import { expect, it } from 'vitest'
import { erfc } from './erf.js'

// Correctly rounded values of the C library.
const known: [number, number][] = [
  [0, 1],
  [0.1, 0.8875370839817152],
  [0.5, 0.4795001221869535],
  [1, 0.15729920705028513],
  [1.5, 0.033894853524689274],
  [1.99, 0.004888586800383003],
  [2, 0.004677734981047265],
  [2.5, 0.0004069520174449589],
  [3, 2.2090496998585438e-5],
  [5, 1.5374597944280351e-12],
  [10, 2.088487583762545e-45],
  [26, 5.663192408856143e-296],
  [-0.1, 1.1124629160182848],
  [-1, 1.842700792949715],
  [-3, 1.9999779095030015],
  [-6, 2],
]

it.each(known)('erfc(%d)', (x, expected) => {
  expect(Math.abs(erfc(x) - expected) / expected).toBeLessThan(1e-13)
  expect(Math.abs(erfc(x) - expected)).toBeLessThan(1e-15)
})

it('ends at 2 and 0', () => {
  expect(erfc(-Infinity)).toBe(2)
  expect(erfc(Infinity)).toBe(0)
  expect(erfc(NaN)).toBeNaN()
})
