import { HeedError } from '../errors.js'

/** The ids of text number `index`. */
export interface IndexedIds {
  index: number
  ids: Int32Array
}

/** Called for a text that is cut. */
export type OnTooLong = (text: { index: number; tokens: number; limit: number }) => void

/** Texts by length, in batches of at most `batchTokens` places; one that is longer is a batch of its own. */
export function batchesByLength(sources: readonly IndexedIds[], batchTokens: number): IndexedIds[][] {
  const batches: IndexedIds[][] = []
  for (const source of sources.toSorted((a, b) => a.ids.length - b.ids.length)) {
    const batch = batches.at(-1)
    // Lengths ascend: this text is the batch's longest.
    if (batch && (batch.length + 1) * source.ids.length <= batchTokens) batch.push(source)
    else batches.push([source])
  }
  return batches
}

/**
 * Ids that a model of `limit` positions takes: all, or the beginning with the last `kept` (such as an end token).
 *
 * @throws HeedError `input` for too many, unless somebody wants to know of it
 */
export function fitting(
  { index, ids }: IndexedIds,
  limit: number,
  kept: number,
  onTooLong: OnTooLong | undefined,
): Int32Array {
  if (ids.length <= limit) return ids
  if (!onTooLong)
    throw new HeedError(
      'input',
      `text ${index + 1} has ${ids.length} tokens, this model takes at most ${limit}; split it`,
    )
  onTooLong({ index, tokens: ids.length, limit })
  return Int32Array.from([...ids.subarray(0, limit - kept), ...ids.subarray(ids.length - kept)])
}
