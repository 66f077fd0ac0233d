import { HeedTypeError } from '../errors.js'
import { quote } from '../json.js'
import { type CreateOptions, tensor } from '../ops/create.js'
import { checkShape, sizeOf } from '../tensor/shape.js'
import { scope } from '../tensor/scope.js'
import type { Tensor } from '../tensor/tensor.js'
import { scaleFrequencies, type RotaryScaling } from './rotary-scaling.js'

export interface RotaryFrequencies {
  /** [R/2]: radians that pair i turns from one position to the next. */
  inverse: Float64Array
  /** Multiplies cos and sin, and so every turned query and key: 1 but for yarn. */
  factor: number
}

export interface RotaryFrequenciesOptions {
  /** R, the components of a head that are turned: even, from 2 to 65536. */
  dim: number
  /** The base of the wavelengths, above 1. Default 10000. */
  theta?: number
  /** How a model was stretched to longer texts. Default: it was not. */
  scaling?: RotaryScaling | null
}

/**
 * The frequencies of rotary embeddings (Su et al. 2021), theta^(−2i/R) for pair i, scaled as Hugging Face's transformers
 * scales them but in float64.
 *
 * @throws HeedTypeError `unsupported` for a kind of scaling that is not offered; `option` for a value outside its range
 *   and for an option that the kind does not have.
 */
export function rotaryFrequencies({
  dim,
  theta = 10000,
  scaling,
}: RotaryFrequenciesOptions): RotaryFrequencies {
  check('dim', dim, 'an even whole number from 2 to 65536', dim % 2 === 0 && dim >= 2 && dim <= 65536)
  check('theta', theta, 'a number above 1', Number.isFinite(theta) && theta > 1)
  const inverse = Float64Array.from({ length: dim / 2 }, (_, i) => 1 / theta ** ((2 * i) / dim))
  return scaleFrequencies(inverse, theta, scaling ?? { rope_type: 'default' })
}

function check(name: string, value: unknown, expected: string, ok: boolean): void {
  if (!ok)
    throw new HeedTypeError('option', `rotaryFrequencies: ${name} must be ${expected}, got ${quote(value)}`)
}

/** Where tokens stand: one whole number per token, or `count` of them from `start` on. */
export type RotaryPositions = readonly number[] | Int32Array | { start: number; count: number }

/**
 * cos and sin of position · frequency, times the frequencies' factor, as `rotary` takes them: [T, R/2] for one row of
 * positions, [B, T, R/2] for a list of rows of one length. Angles are computed in float64, so that far positions are as
 * exact as near ones.
 *
 * @throws HeedTypeError `shape` when rows differ in length, `option` when a position is not a whole number.
 */
export function rotaryTables(
  { inverse, factor }: RotaryFrequencies,
  positions: RotaryPositions | readonly RotaryPositions[],
  options: CreateOptions = {},
): { cos: Tensor; sin: Tensor } {
  const batched = isRows(positions)
  const rows = (batched ? positions : [positions]).map(list)
  const [T, half] = [rows[0].length, inverse.length]
  const other = rows.find((row) => row.length !== T)
  if (other)
    throw new HeedTypeError(
      'shape',
      `rotaryTables: rows of positions must have one length, got ${T} and ${other.length}`,
    )
  const shape = batched ? [rows.length, T, half] : [T, half]
  const table = (f: (angle: number) => number) => {
    const values = new Float64Array(sizeOf(shape))
    let at = 0
    for (const row of rows)
      for (const position of row) for (const w of inverse) values[at++] = factor * f(position * w)
    return tensor(values, shape, options)
  }
  return scope(() => ({ cos: table(Math.cos), sin: table(Math.sin) }))
}

const isRows = (p: RotaryPositions | readonly RotaryPositions[]): p is readonly RotaryPositions[] =>
  Array.isArray(p) && typeof p[0] === 'object'

/** The positions of one row, checked. */
function list(positions: RotaryPositions): readonly number[] | Int32Array {
  if ('start' in positions) {
    const { start, count } = positions
    checkShape([count], 'rotaryTables')
    return list(Array.from({ length: count }, (_, t) => start + t))
  }
  for (const position of positions)
    if (!Number.isSafeInteger(position))
      throw new HeedTypeError('option', `rotaryTables: positions must be whole numbers, got ${position}`)
  return positions
}
