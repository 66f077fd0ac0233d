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

/** The tokens that are words of their own. */
export interface WholeWords {
  words: string[]
  /** [W] */
  ids: number[]
  /** [W, D] */
  table: VectorTable
}

/**
 * Every token made of letters to which its own text, encoded as a word inside a sentence, leads back. A vocabulary does
 * not say which of its tokens are only beginnings of words (`tele`), so some of these are.
 */
export function wholeWords({ tokenizer, table }: Embeddings): WholeWords {
  const words: string[] = []
  const ids: number[] = []
  for (let id = 0; id < Math.min(tokenizer.vocabSize, table.rows); id++) {
    const word = textOf(tokenizer, id).trim()
    if (!/^\p{L}[\p{L}\p{M}'’-]*$/u.test(word)) continue
    const back = tokenizer.encodeIds(` ${word}`, { addSpecials: false, parseSpecials: false })
    if (back.length !== 1 || back[0] !== id) continue
    words.push(word)
    ids.push(id)
  }
  const { width } = table
  const data = new Float32Array(ids.length * width)
  ids.forEach((id, row) => data.set(table.row(id), row * width))
  return { words, ids, table: new VectorTable(data, width) }
}

/** What a token says; empty for special ones, and for ids that a vocabulary leaves out. */
const textOf = (tokenizer: Tokenizer, id: number): string => (tokenizer.has(id) ? tokenizer.decode([id]) : '')
