import { HeedError } from '../errors.js'
import type { Tensor } from '../tensor/tensor.js'

/** All weights of a model, flat, under the names of its model.safetensors. */
export type Weights = Readonly<Record<string, Tensor>>

/** @throws HeedError `not-found` when there is no weight of that name; `disposed` when the model was disposed. */
export function weight(weights: Weights, name: string): Tensor {
  const found = optionalWeight(weights, name)
  if (!found) throw new HeedError('not-found', `the model has no weight '${name}'`)
  if (found.isDisposed)
    throw new HeedError(
      'disposed',
      'this model was disposed; load it again, or dispose it after its last use',
    )
  return found
}

/** The weight of that name, where the model has one. */
export const optionalWeight = (weights: Weights, name: string): Tensor | undefined =>
  Object.hasOwn(weights, name) ? weights[name] : undefined
