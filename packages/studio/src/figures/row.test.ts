import { array, assert, double, nat, property } from 'fast-check'
import { expect, it } from 'vitest'
import { flat, gap, paint, stepped, widest } from './row'

const rows = array(double({ min: 0.001, max: 1, noNaN: true }), { minLength: 2, maxLength: 12 }).map((list) =>
  list.map((x) => x / list.reduce((a, b) => a + b)),
)

it('what is painted adds up to 1, and the others keep their proportions', () =>
  assert(
    property(rows, nat(), double({ min: -1, max: 2, noNaN: true }), (row, n, share) => {
      const at = n % row.length
      const painted = paint(row, at, share)
      expect(painted.reduce((a, b) => a + b)).toBeCloseTo(1, 9)
      expect(painted[at]).toBe(Math.max(0, Math.min(1, share)))
      const [i, j] = [0, 1, 2].filter((other) => other !== at && other < row.length)
      if (j !== undefined) expect(painted[i] * row[j]).toBeCloseTo(painted[j] * row[i], 9)
    }),
  ))

it('a column that has all lets go of it evenly', () =>
  expect(paint([0, 1, 0], 1, 0.4)).toEqual([0.3, 0.4, 0.3]))

it('the gap is the share that sits elsewhere', () => {
  expect(gap([1, 0, 0], [0, 0, 1])).toBe(1)
  expect(gap(flat(4), [1, 0, 0, 0])).toBe(0.75)
  expect(gap([0.5, 0.5], Float32Array.of(0.5, 0.5))).toBe(0)
  expect(widest([0.5, 0.3, 0.2], [0.4, 0.1, 0.5])).toBe(2)
})

it('keys', () => {
  expect(stepped('ArrowUp', 0.2)).toBe(0.25)
  expect(stepped('End', 0.2)).toBe(1)
  expect(stepped('x', 0.2)).toBeUndefined()
})
