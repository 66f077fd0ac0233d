import { expect, it } from 'vitest'
import { coded } from '../testing/index.js'
import { sinusoidalPositions } from './positions.js'

it('interleaves sine and cosine of one angle', () => {
  const width = 6
  const table = sinusoidalPositions(4, width)
  expect(Array.from(table.slice(0, width))).toEqual([0, 1, 0, 1, 0, 1])
  for (const [t, i] of [
    [1, 0],
    [3, 1],
    [2, 2],
  ]) {
    const angle = t / 10000 ** ((2 * i) / width)
    expect(table[t * width + 2 * i]).toBe(Math.fround(Math.sin(angle)))
    expect(table[t * width + 2 * i + 1]).toBe(Math.fround(Math.cos(angle)))
  }
})

it('refuses a negative length', () => {
  expect(() => sinusoidalPositions(-1, 4)).toThrow(coded('shape', '[-1, 4]'))
})
