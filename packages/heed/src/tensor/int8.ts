import type { Shape } from './shape.js'

/*
 * A matrix as int8: x ≈ scale · q with whole q from −127 to 127, so off by half a scale at most. Each channel has a scale
 * of its own, its largest magnitude over 127. A channel is a row where the scales are [rows, 1], a column where they are
 * [1, columns]: they repeat as broadcasting has it. Matrices are read in pieces: `first` is the place of the piece's first
 * element, in row-major order.
 */

/** The most that q can be. */
const LEVELS = 127

/** Calls `visit` with each index of a piece and the channel of its element. */
function forEachChannel(
  shape: Shape,
  scales: Shape,
  first: number,
  count: number,
  visit: (i: number, channel: number) => void,
): void {
  const width = shape[1]
  const [down, across] = scales.map((n) => (n === 1 ? 0 : 1))
  let [row, column] = [Math.floor(first / width), first % width]
  for (let i = 0; i < count; i++) {
    visit(i, down * row + across * column)
    if (++column < width) continue
    column = 0
    row++
  }
}

/** Raises `largest`, one number per channel, to the magnitudes of a piece. A NaN stays. */
export function raise(
  values: Float32Array,
  largest: Float32Array,
  shape: Shape,
  scales: Shape,
  first: number,
): void {
  forEachChannel(shape, scales, first, values.length, (i, c) => {
    if (!(Math.abs(values[i]) <= largest[c])) largest[c] = Math.abs(values[i])
  })
}

/** Turns largest magnitudes into scales, in place: of a channel of zeros 0, where a number is not finite NaN. */
export function toScales(largest: Float32Array): Float32Array {
  return largest.map((x) => (x === Infinity ? NaN : x / LEVELS))
}

/** A piece as whole numbers, to nearest. Gives `into`, which may be where the values are. */
export function toInt8(
  values: Float32Array,
  scaleOf: Float32Array,
  shape: Shape,
  scales: Shape,
  first: number,
  into: Int8Array = new Int8Array(values.length),
): Int8Array {
  forEachChannel(shape, scales, first, values.length, (i, c) => {
    // A scale that is no normal number is not exactly a 127th, and 0 / 0 counts as 0.
    into[i] = Math.max(-LEVELS, Math.min(LEVELS, Math.round(values[i] / scaleOf[c])))
  })
  return into
}

/** The floats that a whole matrix stands for. */
export function fromInt8(q: Int8Array, scaleOf: Float32Array, shape: Shape, scales: Shape): Float32Array {
  const values = new Float32Array(q.length)
  forEachChannel(shape, scales, 0, q.length, (i, c) => (values[i] = scaleOf[c] * q[i]))
  return values
}
