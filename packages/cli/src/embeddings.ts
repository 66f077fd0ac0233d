import { HeedError } from 'heed'
import type { Tokenizer } from 'heed/text'
import { VectorTable } from 'heed/vectors'
import { openModel } from './model.js'
import type { ModelFlags } from './options.js'

/** The tokens of a model as vectors. */
export interface Embeddings {
  tokenizer: Tokenizer
  /** [V, D], the rows as they are stored: a model may scale them by one factor before it uses them. */
  table: VectorTable
  /** The token of what cannot be spelt, when there is one. */
  unknownId: number | undefined
}

/**
 * Reads a model's embedding table, and lets the rest of the model go.
 *
 * @throws HeedError `unsupported` for a model without tokenizer
 */
export async function openEmbeddings(flags: ModelFlags, signal?: AbortSignal): Promise<Embeddings> {
  using model = await openModel(flags, signal)
  if (!model.tokenizer)
    throw new HeedError('unsupported', `${flags.model}: it has no tokenizer.json, so words have no tokens`)
  const weight = model.weights[model.embedding]
  const data = (await weight.data()) as Float32Array
  return {
    tokenizer: model.tokenizer,
    table: new VectorTable(data, weight.shape[1]),
    unknownId: model.tokenizer.unkId,
  }
}
