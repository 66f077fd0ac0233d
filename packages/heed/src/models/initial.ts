import { foldSeed } from '../backends/random.js'
import { HeedError } from '../errors.js'
import { quote } from '../json.js'
import { type CreateOptions, full, randn } from '../ops/create.js'
import type { Weights } from '../nn/weights.js'
import type { Shape } from '../tensor/shape.js'
import type { Tensor } from '../tensor/tensor.js'

/**
 * Random weights: matrices from N(0, std), biases 0, norms 1. The same seed gives the same on every backend: weight n, in
 * the order of the shapes, draws from `foldSeed(seed, n)`.
 *
 * @param std of the matrix of that name
 */
export function initialWeights(
  shapes: Iterable<[string, Shape]>,
  seed: number,
  std: (name: string) => number,
  options: CreateOptions,
): Weights {
  const weights: Record<string, Tensor> = {}
  for (const [n, [name, shape]] of [...shapes].entries()) {
    const draw = { seed: foldSeed(seed, n), std: std(name), ...options }
    if (name.endsWith('.bias')) weights[name] = full(shape, 0, options)
    else weights[name] = shape.length === 1 ? full(shape, 1, options) : randn(shape, draw)
  }
  return weights
}

/**
 * The standard deviation that a config.json asks for, 0.02 where it says none.
 *
 * @throws HeedError `format` for what is no number above 0
 */
export function initializerRange(json: Readonly<Record<string, unknown>>): number {
  const std = json.initializer_range ?? 0.02
  if (typeof std === 'number' && std > 0 && std < 10) return std
  throw new HeedError(
    'format',
    `${String(json.model_type)}: config.json 'initializer_range' is ${quote(std)}, expected a number above 0`,
  )
}
