import type { Shape } from './shape.js'

/*
 * A matrix as int8: x ≈ scale · q with whole q from −127 to 127, so off by half a scale at most. Each channel has a scale
 * of its own, its largest magnitude over 127. A channel is a row where the scales are [rows, 1], a column where they are
 * [1, columns]: they repeat as broadcasting has it. Matrices are read in pieces: `first` is the place of the piece's first
 * element, in row-major order.
 */

/** The most that q can be. */
const LEVELS = 127

/**
 * Cuts a piece at the ends of rows: `visit` gets the first index of a part, the one behind its last, the channel of its
 * first element, and the step from an element's channel to the next one's, 0 or 1.
 */
function forEachPart(
  [, width]: Shape,
  scales: Shape,
  first: number,
  count: number,
  visit: (from: number, to: number, channel: number, step: number) => void,
): void {
  const [down, across] = scales.map((n) => (n === 1 ? 0 : 1))
  for (let i = 0; i < count;) {
    const [row, column] = [Math.floor((first + i) / width), (first + i) % width]
    const end = Math.min(count, i + width - column)
    visit(i, end, down * row + across * column, across)
    i = end
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
  forEachPart(shape, scales, first, values.length, (from, to, channel, step) => {
    for (let i = from, c = channel; i < to; i++, c += step) {
      const x = Math.abs(values[i])
      if (!(x <= largest[c])) largest[c] = x
    }
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
  forEachPart(shape, scales, first, values.length, (from, to, channel, step) => {
    for (let i = from, c = channel; i < to; i++, c += step) {
      // Beyond the levels where a scale is too small to be exact; NaN, also 0 / 0, counts as 0.
      const x = values[i] / scaleOf[c]
      into[i] = x > LEVELS ? LEVELS : x < -LEVELS ? -LEVELS : Math.round(x)
    }
  })
  return into
}

/** The floats that a whole matrix stands for. */
export function fromInt8(q: Int8Array, scaleOf: Float32Array, shape: Shape, scales: Shape): Float32Array {
  const values = new Float32Array(q.length)
  forEachPart(shape, scales, 0, q.length, (from, to, channel, step) => {
    for (let i = from, c = channel; i < to; i++, c += step) values[i] = scaleOf[c] * q[i]
  })
  return values
}
