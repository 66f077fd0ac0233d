import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Shape } from './shape.js'
import { fromInt8, raise, toInt8, toScales } from './int8.js'

/** Beyond it 127 rounded steps may be no float32. */
const limit = 2 ** 127
const matrix = fc
  .record({
    rows: fc.integer({ min: 1, max: 7 }),
    columns: fc.integer({ min: 1, max: 7 }),
    byRow: fc.boolean(),
  })
  .chain(({ rows, columns, byRow }) =>
    fc.record({
      byRow: fc.constant(byRow),
      shape: fc.constant([rows, columns]),
      scales: fc.constant(byRow ? [rows, 1] : [1, columns]),
      values: fc
        .array(fc.float({ noNaN: true, min: -limit, max: limit }), {
          minLength: rows * columns,
          maxLength: rows * columns,
        })
        .map((list) => Float32Array.from(list)),
      cut: fc.nat(rows * columns),
    }),
  )

/** Measured and rounded in two pieces. */
function rounded(values: Float32Array, shape: Shape, scales: Shape, cut = 0) {
  const largest = new Float32Array(scales[0] * scales[1])
  const pieces: [Float32Array, number][] = [
    [values.subarray(0, cut), 0],
    [values.subarray(cut), cut],
  ]
  for (const [piece, first] of pieces) raise(piece, largest, shape, scales, first)
  const scaleOf = toScales(largest)
  const q = pieces.flatMap(([piece, first]) => [...toInt8(piece, scaleOf, shape, scales, first)])
  return { scaleOf, q: Int8Array.from(q) }
}

test('every number is off by half a step of its channel at most, wherever the matrix is cut', () =>
  fc.assert(
    fc.property(matrix, ({ byRow, shape, scales, values, cut }) => {
      const { scaleOf, q } = rounded(values, shape, scales, cut)
      expect(q).toEqual(rounded(values, shape, scales).q)
      const back = fromInt8(q, scaleOf, shape, scales)
      for (const [i, x] of values.entries()) {
        const scale = scaleOf[byRow ? Math.floor(i / shape[1]) : i % shape[1]]
        // Half a step; the scale and the product are rounded to float32, below its normal numbers to 2^-149.
        const bound = scale * (0.5 + 127 * 2 ** -23) + 128 * 2 ** -149
        expect(Math.abs(back[i] - x)).toBeLessThanOrEqual(bound)
      }
    }),
  ))

test('a channel of zeros stays zeros; one that is not finite is NaN, and only that one', () => {
  const values = Float32Array.of(0, 0, 1, -Infinity, 3, NaN, -2, 1)
  const { scaleOf, q } = rounded(values, [4, 2], [4, 1])
  const [x, y] = [Math.fround(2 / 127) * 127, Math.fround(2 / 127) * 64]
  expect([...fromInt8(q, scaleOf, [4, 2], [4, 1])]).toEqual(
    [0, 0, NaN, NaN, NaN, NaN, -x, y].map(Math.fround),
  )
})

test('a matrix of one row or one column has its channels where the scales say', () => {
  const values = Float32Array.of(127, -12.7, 1.27)
  expect([...rounded(values, [1, 3], [1, 3]).q]).toEqual([127, -127, 127])
  expect([...rounded(values, [1, 3], [1, 1]).q]).toEqual([127, -13, 1])
  expect([...rounded(values, [3, 1], [1, 1]).q]).toEqual([127, -13, 1])
})
