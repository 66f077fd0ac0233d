import type { CreateOptions } from '../ops/create.js'
import { scope } from '../tensor/scope.js'
import { bert } from './bert.js'
import type { EncoderModel } from './encoder.js'
import type { ModelFiles } from './family.js'
import { initializerRange, initialWeights } from './initial.js'

/** Every weight of a BERT with its output over the vocabulary. */
export function bertShapes(json: Readonly<Record<string, unknown>>) {
  const config = bert.config(json)
  return new Map([...bert.shapes(config), ...bert.optionalShapes!(config)])
}

/**
 * A new BERT with its output over the vocabulary: matrices from N(0, `initializer_range`), 0.02 where the config says none, as in
 * Devlin et al. 2018 (narrow models learn faster from more, such as 1/√hidden_size); biases 0, norms 1. The same seed gives the same
 * weights on every backend.
 *
 * @param json what config.json says
 * @throws HeedError `format` or `unsupported` for fields of the config, and what reading the files throws
 */
export function initBert(
  json: Readonly<Record<string, unknown>>,
  seed: number,
  { tokenizerJson, tokenizerConfig, ...create }: ModelFiles & CreateOptions = {},
): EncoderModel {
  const std = initializerRange(json)
  return scope(() => {
    const weights = initialWeights(bertShapes(json), seed, () => std, create)
    return bert.create(bert.config(json), weights, { tokenizerJson, tokenizerConfig })
  })
}
