import type { Backend } from '../backends/backend.js'
import { type Kept, WeightWriter } from '../models/weight-writer.js'
import type { Shape } from '../tensor/shape.js'
import type { Tensor } from '../tensor/tensor.js'

/** A weight on a backend that keeps these floats. The caller disposes it. */
export function weightOf(backend: Backend, values: Float32Array, shape: Shape, kept: Kept): Tensor {
  const writer = new WeightWriter(backend, shape, kept)
  if (writer.mustMeasure) writer.measure(values, 0)
  writer.write(values.slice(), 0)
  return writer.weight
}
