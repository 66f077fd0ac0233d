import type { Backend } from '../backends/backend.js'
import { HeedError, HeedTypeError } from '../errors.js'
import { tensor } from '../ops/create.js'
import type { Tensor } from '../tensor/tensor.js'

/** Rows of token ids in one array [rows, width], filled up with padding after each row's length. */
export interface PaddedIds {
  /** [rows · width] */
  readonly ids: Int32Array
  readonly rows: number
  readonly width: number
  /** [rows]: ids that count, from the first. */
  readonly lengths: Int32Array
}

/**
 * Throws unless a text is one that a pass may be about.
 *
 * @throws HeedTypeError `option` for what is no string, HeedError `input` for an empty text
 */
export function checkText(text: string): void {
  if (typeof text !== 'string') throw new HeedTypeError('option', `a text is a string, not ${typeof text}`)
  if (text.trim() === '') throw new HeedError('input', 'the text is empty; there is nothing to attend to')
}

/** Rows of ids side by side; shorter ones end in `padId`. */
export function padIds(rows: readonly ArrayLike<number>[], padId: number): PaddedIds {
  const lengths = Int32Array.from(rows, (row) => row.length)
  const width = lengths.reduce((a, b) => Math.max(a, b), 0)
  const ids = new Int32Array(rows.length * width).fill(padId)
  rows.forEach((row, r) => ids.set(row, r * width))
  return { ids, rows: rows.length, width, lengths }
}

/**
 * The ids as an int32 tensor [rows, width].
 *
 * @throws HeedError `input` for an id outside the vocabulary, HeedTypeError `shape` when the array is not rows × width
 */
export function idTensor({ ids, rows, width }: PaddedIds, vocabSize: number, backend: Backend): Tensor {
  if (ids.length !== rows * width)
    throw new HeedTypeError('shape', `ids: ${ids.length} ids do not fill ${rows} rows of ${width}`)
  for (const id of ids)
    if (!(id >= 0 && id < vocabSize))
      throw new HeedError('input', `ids: ${id} is outside the vocabulary, 0 to ${vocabSize - 1}`)
  return tensor(ids, [rows, width], { backend })
}
