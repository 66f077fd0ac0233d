import type { CreateOptions } from '../ops/create.js'
import { tensor } from '../ops/create.js'
import { randomUnit } from '../backends/random.js'
import { type Shape, sizeOf } from '../tensor/shape.js'
import type { Tensor } from '../tensor/tensor.js'

/** An int32 tensor of numbers in [low, high), the same for the same seed on every backend. */
export function randomInts(
  shape: Shape,
  low: number,
  high: number,
  seed = 0,
  options: CreateOptions = {},
): Tensor {
  const draw = (_: unknown, i: number) => low + Math.floor(randomUnit(seed, i) * (high - low))
  return tensor(Int32Array.from({ length: sizeOf(shape) }, draw), shape, options)
}

/** A bool tensor that is true with probability `share`. */
export function randomMask(shape: Shape, share = 0.7, seed = 0, options: CreateOptions = {}): Tensor {
  const draw = (_: unknown, i: number) => (randomUnit(seed, i) < share ? 1 : 0)
  return tensor(Uint8Array.from({ length: sizeOf(shape) }, draw), shape, options)
}
