import { HeedTypeError } from '../errors.js'
import { show } from '../tensor/shape.js'
import { Tensor } from '../tensor/tensor.js'
import { backendOf } from '../backends/current.js'
import { checkFloats, checkOptions, dense, emptyLike, isOptions, optionError } from './check.js'
import { tensor } from './create.js'

/** A bias that depends on head and relative distance alone, as in T5 (Raffel et al. 2020, section 2.1). */
export interface RelativeBias {
  /** [buckets, H]: a number for each bucket of distances and each head. */
  relative: Tensor
  /** Whether keys behind and ahead have buckets of their own, half each; else all keys ahead share bucket 0. Default true. */
  bidirectional?: boolean
  /** The distance from which on all share the last bucket: a whole number. Default 128. */
  maxDistance?: number
}

/** [B, H, Tq, Tk] */
export type MapShape = readonly [B: number, H: number, Tq: number, Tk: number]

/** A bias as kernels take it, and the way back for its gradient. */
export interface Bias {
  /** What was given: the dense bias, or the table of relative distances. */
  source: Tensor
  /** [B, H, Tq, Tk] by strides, its keys one after another. */
  spread: Tensor
  /** Zeros for a kernel to add the gradient to, spread as the bias is, and what they come to for the source. */
  gradient(): { spread: Tensor; collect(): Tensor }
}

/** Checks a bias; query i of batch b stands at position i + offsets[b] among the keys. */
export function resolveBias(
  bias: Tensor | RelativeBias,
  q: Tensor,
  map: MapShape,
  offsets: readonly number[],
): Bias {
  if (bias instanceof Tensor) return denseBias(bias, q, map)
  if (isOptions(bias) && 'relative' in bias) return relativeBias(bias, q, map, offsets)
  throw optionError('attention', 'bias', 'a tensor or { relative: table }', bias)
}

function denseBias(bias: Tensor, q: Tensor, map: MapShape): Bias {
  checkFloats('attention', { q, bias })
  checkSpreads('bias', bias, map)
  const rows = bias.strides[3] === 1 ? bias : dense(bias)
  return {
    source: bias,
    spread: spread(rows, map),
    gradient() {
      const gradient = zerosLike(bias)
      return { spread: spread(gradient, map), collect: () => gradient }
    },
  }
}

/**
 * Never N×N: a row of Tq + Tk − 1 numbers for each head, one per diagonal j − i, that query i reads from place
 * Tq − 1 − i on. The map is a view of these rows in which one step to the next query is one step back.
 */
function relativeBias(bias: RelativeBias, q: Tensor, map: MapShape, offsets: readonly number[]): Bias {
  const { relative: table, bidirectional = true, maxDistance = 128 } = bias
  const [, H, Tq, Tk] = map
  checkFloats('attention', { q, 'bias.relative': table })
  checkTable(bias, H, bidirectional, maxDistance)
  const { kernels } = backendOf(table)
  const buckets = table.shape[0]
  // Batches whose queries stand at the same places share their rows.
  const places = new Set(offsets).size > 1 ? offsets : offsets.slice(0, 1)
  const diagonals = Math.max(0, Tq + Tk - 1)
  const ids = new Int32Array(places.length * H * diagonals)
  places.forEach((offset, place) => {
    const row = Int32Array.from({ length: diagonals }, (_, d) =>
      relativeBucket(d - (Tq - 1) - offset, buckets, bidirectional, maxDistance),
    )
    for (let head = 0; head < H; head++)
      ids.set(
        row.map((bucket) => bucket * H + head),
        (place * H + head) * diagonals,
      )
  })
  const cells = tensor(ids, [ids.length], { backend: backendOf(table) })
  const column = (t: Tensor) => t.view([buckets * H, 1])
  const toMap = (rows: Tensor) =>
    rows.view(map, [places.length > 1 ? H * diagonals : 0, diagonals, -1, 1], Math.max(0, Tq - 1))
  const values = emptyLike(table, [ids.length, 1])
  kernels.embedding(cells, column(dense(table)), 1, values)
  return {
    source: table,
    spread: toMap(values),
    gradient() {
      const rows = zerosLike(values)
      const collect = () => {
        const gradient = emptyLike(table)
        kernels.embeddingGrad(cells, rows, 1, column(gradient))
        return gradient
      }
      return { spread: toMap(rows), collect }
    },
  }
}

function checkTable(bias: RelativeBias, H: number, bidirectional: unknown, maxDistance: unknown): void {
  checkOptions('attention', bias, ['relative', 'bidirectional', 'maxDistance'], 'bias.')
  if (typeof bidirectional !== 'boolean')
    throw optionError('attention', 'bias.bidirectional', 'true or false', bidirectional)
  const { shape } = bias.relative
  const least = bidirectional ? 4 : 2
  if (shape.length !== 2 || shape[1] !== H || shape[0] < least || shape[0] % (least / 2) !== 0)
    throw new HeedTypeError(
      'shape',
      `attention: bias.relative must be [buckets, ${H}] with ${bidirectional ? 'an even number of at least 4' : 'at least 2'} buckets, got ${show(shape)}`,
    )
  const exact = Math.floor(shape[0] / least)
  if (!(Number.isSafeInteger(maxDistance) && (maxDistance as number) > exact))
    throw optionError(
      'attention',
      'bias.maxDistance',
      `a whole number above ${exact}, up to which ${shape[0]} buckets are exact`,
      maxDistance,
    )
}

/**
 * T5's bucket of a distance j − i: half of the buckets (of each direction) hold one distance each, the others grow
 * with its logarithm up to `maxDistance`. Rounded in float32 as the models that were trained with it did.
 */
export function relativeBucket(
  distance: number,
  buckets: number,
  bidirectional: boolean,
  maxDistance: number,
): number {
  const perSide = bidirectional ? buckets / 2 : buckets
  const side = bidirectional && distance > 0 ? perSide : 0
  const d = bidirectional ? Math.abs(distance) : Math.max(0, -distance)
  const exact = Math.floor(perSide / 2)
  if (d < exact) return side + d
  const { fround: f32, log } = Math
  const share = f32(f32(log(f32(d / exact))) / f32(log(maxDistance / exact)))
  return side + Math.min(perSide - 1, exact + Math.trunc(f32(share * (perSide - exact))))
}

/** Throws unless `t` spreads to the map: [B|1, H|1, Tq|1, Tk]. */
export function checkSpreads(name: string, t: Tensor, map: MapShape): void {
  if (t.rank !== 4 || !map.every((d, i) => t.shape[i] === d || (i < 3 && t.shape[i] === 1)))
    throw new HeedTypeError(
      'shape',
      `attention: ${name} ${show(t.shape)} does not spread to [B, H, Tq, Tk] = ${show(map)}; sizes must match or, all but Tk, be 1`,
    )
}

/** `t` spread to the map by strides of 0. */
export const spread = (t: Tensor, map: MapShape): Tensor =>
  t.view(
    map,
    t.strides.map((stride, i) => (t.shape[i] === 1 && i < 3 ? 0 : stride)),
  )

function zerosLike(t: Tensor): Tensor {
  const zeros = emptyLike(t)
  backendOf(t).kernels.fill(zeros, 0)
  return zeros
}
