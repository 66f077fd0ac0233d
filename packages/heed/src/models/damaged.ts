import { HeedError } from '../errors.js'
import type { Tensor } from '../tensor/tensor.js'

export const damagedWeights = (): HeedError =>
  new HeedError('format', 'the model gives numbers that are not finite; its weights are damaged')

/** The elements of what a model computed, as float32. Throws `format` when one is NaN or infinite. */
export async function finiteValues(t: Tensor): Promise<Float32Array> {
  const data = await t.data()
  const values = data instanceof Float32Array ? data : Float32Array.from(data)
  for (let i = 0; i < values.length; i++) if (!Number.isFinite(values[i])) throw damagedWeights()
  return values
}
