import { HeedError } from '../errors.js'
import type { Model } from '../models/family.js'
import { weight } from '../nn/weights.js'
import { dense } from '../ops/check.js'
import type { TypedArray } from '../tensor/dtype.js'
import { scope } from '../tensor/scope.js'
import type { Capture } from './capture.js'
import { AttentionMap, type MapPart, type TileOptions } from './map.js'

/** W_O of a site as numbers: entry (r, c) of [H · Dv, D] is data[r · row + c · col]. */
export interface OutputMatrix {
  readonly data: TypedArray
  /** D */
  readonly width: number
  readonly row: number
  readonly col: number
}

/** @throws HeedError `unsupported` where the model's family does not say which weight it is */
export async function outputMatrix(
  model: Pick<Model, 'weights' | 'outputProjection'>,
  site: string,
): Promise<OutputMatrix> {
  const found = model.outputProjection(site)
  if (!found)
    throw new HeedError(
      'unsupported',
      `this family does not say which weight joins the heads of ${site}: give its Net an outputProjection()`,
    )
  const t = weight(model.weights, `${found.name}.weight`)
  const [rows, cols] = t.shape
  const data = await t.data()
  return found.transposed
    ? { data, width: cols, row: cols, col: 1 }
    : { data, width: rows, row: 1, col: cols }
}

export interface NormOptions {
  /** Which row of the batch, where the pass had several. Default 0. */
  batch?: number
}

/**
 * How large what a head passes on from each key is, whatever its weight: ‖v_j W_O^h‖, [keys]. A key with a large weight
 * and a small value moves little.
 *
 * @param captured with `{ values: true }`
 * @throws HeedError `not-found` for a site or head that is not here; `input` for a capture without values; `unsupported`
 *   where the family does not say which weight is W_O
 */
export async function valueNorms(
  model: Pick<Model, 'weights' | 'outputProjection'>,
  captured: Capture,
  site: string,
  head: number,
  { batch = 0 }: NormOptions = {},
): Promise<Float32Array> {
  const [part] = captured.map(site, head, { batch }).parts
  return normsOf(part, await outputMatrix(model, site))
}

/**
 * The map of what a head moves: ‖w_ij · v_j W_O^h‖ in the place of w_ij ("Attention is Not Only a Weight", Kobayashi et
 * al. 2020; biases of the values are part of v). It is asked as any map is: cells, rows, tiles, the strongest
 * links, an overview; rows do not sum to 1. Stages before the weights are those of the head.
 *
 * @param captured with `{ values: true }`; the map reads it until it is disposed
 * @throws HeedError as `valueNorms`
 */
export async function normMap(
  model: Pick<Model, 'weights' | 'outputProjection'>,
  captured: Capture,
  site: string,
  head: number,
  options: NormOptions = {},
): Promise<AttentionMap> {
  const { parts } = captured.map(site, head, options)
  return new NormMap(parts, await valueNorms(model, captured, site, head, options))
}

/** Public as an `AttentionMap` alone. */
export class NormMap extends AttentionMap {
  constructor(
    parts: readonly MapPart[],
    readonly norms: Float32Array,
  ) {
    super(parts)
  }

  /** Every other question is answered from tiles. */
  override async tile(options: TileOptions = {}): Promise<Float32Array> {
    const tile = await super.tile(options)
    if ((options.stage ?? 'weights') !== 'weights') return tile
    const [from, to] = options.cols ?? [0, this.cols]
    const norms = this.norms.subarray(from, to)
    for (let at = 0; at < tile.length; at += norms.length)
      for (let j = 0; j < norms.length; j++) tile[at + j] *= norms[j]
    return tile
  }
}

async function normsOf(
  { kept, head, batch }: MapPart,
  { data, width, row, col }: OutputMatrix,
): Promise<Float32Array> {
  const { q, v, site } = kept
  if (!v)
    throw new HeedError(
      'input',
      `the capture holds no values of ${site}; take it with capture(model, text, { values: true })`,
    )
  const [, Tk, Hkv, Dv] = v.shape
  const ofHead = Math.floor((head * Hkv) / q.shape[2])
  const at = v.offset + batch * v.strides[0] + ofHead * Dv
  using one = scope(() => dense(v.view([Tk, Dv], [v.strides[1], 1], at)))
  const values = await one.data()
  // ‖v W‖² = v (W Wᵀ) vᵀ: a matrix [Dv, Dv] made once, in float64.
  const gram = new Float64Array(Dv * Dv)
  for (let a = 0; a < Dv; a++)
    for (let b = 0; b <= a; b++) {
      const [ra, rb] = [(head * Dv + a) * row, (head * Dv + b) * row]
      let sum = 0
      for (let c = 0; c < width; c++) sum += data[ra + c * col] * data[rb + c * col]
      gram[a * Dv + b] = gram[b * Dv + a] = sum
    }
  return Float32Array.from({ length: Tk }, (_, j) => {
    let sum = 0
    for (let a = 0; a < Dv; a++) {
      let inner = 0
      for (let b = 0; b < Dv; b++) inner += gram[a * Dv + b] * values[j * Dv + b]
      sum += values[j * Dv + a] * inner
    }
    return Math.sqrt(Math.max(0, sum))
  })
}
