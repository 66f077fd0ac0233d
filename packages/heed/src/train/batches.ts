import { foldSeed, randomBits } from '../backends/random.js'
import { HeedTypeError } from '../errors.js'

export interface BatchOptions {
  /** The most tokens of a batch, padding included. What is longer is a batch of its own. */
  batchTokens: number
  seed: number
  /** From 0. */
  epoch: number
}

/**
 * The batches of one epoch as indices into `count` items: a pure function of its arguments, so that an interrupted run
 * finds its batch again. Every item occurs once. Those of like length share a batch, which of one length come together
 * is random, and so is the order of the batches.
 *
 * @param lengthOf tokens of an item
 * @param keyOf what they are sorted by: the length, and within a length whatever saves padding
 * @throws HeedTypeError `option` when `batchTokens` is not a whole number from 1 up
 */
export function batchesByLength(
  count: number,
  lengthOf: (index: number) => number,
  { batchTokens, seed, epoch }: BatchOptions,
  keyOf = lengthOf,
): number[][] {
  if (!Number.isSafeInteger(batchTokens) || batchTokens < 1)
    throw new HeedTypeError('option', `batchTokens must be a whole number from 1 up, got ${batchTokens}`)
  const order = shuffle(
    Array.from({ length: count }, (_, i) => i),
    foldSeed(seed, epoch, 0),
  )
  // Stable: equal lengths stay shuffled.
  order.sort((a, b) => keyOf(a) - keyOf(b))
  const batches: number[][] = []
  let batch: number[] = []
  for (const i of order) {
    // Lengths ascend: this item is the batch's longest so far.
    if (batch.length > 0 && (batch.length + 1) * lengthOf(i) > batchTokens) {
      batches.push(batch)
      batch = []
    }
    batch.push(i)
  }
  if (batch.length > 0) batches.push(batch)
  return shuffle(batches, foldSeed(seed, epoch, 1))
}

/** Fisher–Yates, in place, over counter-based random numbers. */
function shuffle<T>(items: T[], seed: number): T[] {
  for (let i = items.length - 1; i > 0; i--) {
    const j = Math.floor(((randomBits(seed, i) >>> 0) / 2 ** 32) * (i + 1))
    ;[items[i], items[j]] = [items[j], items[i]]
  }
  return items
}

/** Two words that stand for `count` items of ids: other ids, or the same in another order, give (all but surely) others. */
export function digest(count: number, ids: Iterable<number>): string {
  let [a, b] = [count | 0, ~count]
  for (const id of ids) {
    a = Math.imul(a ^ id, 0x01000193)
    b = Math.imul(b + id, 0x85ebca6b) ^ (b >>> 15)
  }
  return [a, b].map((word) => (word >>> 0).toString(16).padStart(8, '0')).join('')
}
