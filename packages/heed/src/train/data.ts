import { breather } from '../breathe.js'
import { HeedError, throwIfAborted } from '../errors.js'
import { readText } from '../io/index.js'
import type { Tokenizer } from '../text/index.js'
import { batchesByLength, type BatchOptions, digest } from './batches.js'

/** A sentence and its translations: the first is learned from, all are references when translations are scored. */
export interface Pair {
  source: string
  targets: readonly string[]
}

/** The pairs of a file, and how many of its lines were left out because a side was empty. */
export interface PairFile {
  pairs: Pair[]
  skipped: number
}

/** Reads parallel text: a line holds source TAB target, and TAB further targets where there are several. */
export const readPairs = async (path: string): Promise<PairFile> => parsePairs(await readText(path), path)

/**
 * Parallel text as `readPairs` reads it. Lines with an empty side are skipped and counted.
 *
 * @param name what errors call the text
 * @throws HeedError `format`, with the line, where a line that is not empty has no TAB
 */
export function parsePairs(text: string, name: string): PairFile {
  const lines = text.split(/\r?\n/)
  if (lines.at(-1) === '') lines.pop()
  const pairs: Pair[] = []
  lines.forEach((line, i) => {
    const [source, ...targets] = line.split('\t').map((side) => side.trim())
    if (targets.length === 0 && source !== '')
      throw new HeedError('format', `${name}: line ${i + 1} has no TAB; a line is source TAB target`)
    if (source !== '' && targets[0]) pairs.push({ source, targets: targets.filter((t) => t !== '') })
  })
  return { pairs, skipped: lines.length - pairs.length }
}

/** A pair as token ids; both sides end with the end token. */
export interface EncodedPair {
  source: Int32Array
  target: Int32Array
}

/**
 * Token ids of pairs, each side ended by the tokenizer's end token; special tokens written in a text are text. Pairs
 * with more than `maxLength` ids on a side are left out: `kept` has those that are not, in the same order.
 *
 * @throws HeedError `aborted`, or `unsupported` when the tokenizer has no end token
 */
export async function encodePairs(
  pairs: readonly Pair[],
  tokenizer: Tokenizer,
  { maxLength = Infinity, signal }: { maxLength?: number; signal?: AbortSignal } = {},
): Promise<{ encoded: EncodedPair[]; kept: Pair[] }> {
  const { eosId } = tokenizer
  if (eosId === undefined) throw new HeedError('unsupported', 'the tokenizer has no end token such as </s>')
  const encode = (text: string) => {
    const ids = tokenizer.encodeIds(text, { addSpecials: false, parseSpecials: false })
    const ended = new Int32Array(ids.length + 1)
    ended.set(ids)
    ended[ids.length] = eosId
    return ended
  }
  const encoded: EncodedPair[] = []
  const kept: Pair[] = []
  const breathe = breather()
  for (const pair of pairs) {
    const ids = { source: encode(pair.source), target: encode(pair.targets[0]) }
    if (pairLength(ids) <= maxLength) {
      encoded.push(ids)
      kept.push(pair)
    }
    await breathe()
    throwIfAborted(signal)
  }
  return { encoded, kept }
}

/** The longer side of a pair, in tokens. */
export const pairLength = ({ source, target }: EncodedPair): number => Math.max(source.length, target.length)

/**
 * The batches of one epoch as indices into `pairs`, of at most `batchTokens` on either side; see `batchesByLength`.
 *
 * @throws HeedTypeError `option` when `batchTokens` is not a whole number from 1 up
 */
export const epochBatches = (pairs: readonly EncodedPair[], options: BatchOptions): number[][] =>
  batchesByLength(
    pairs.length,
    (i) => pairLength(pairs[i]),
    options,
    (i) => pairLength(pairs[i]) * 2 ** 20 + pairs[i].target.length,
  )

/** The share of target places that batches fill with padding, from 0 to 1. */
export function paddingShare(pairs: readonly EncodedPair[], batches: readonly (readonly number[])[]): number {
  let places = 0
  let tokens = 0
  for (const batch of batches) {
    const lengths = batch.map((i) => pairs[i].target.length)
    places += lengths.length * Math.max(...lengths)
    tokens += lengths.reduce((sum, n) => sum + n, 0)
  }
  return places === 0 ? 0 : 1 - tokens / places
}

/** Stands for the data of a run; see `digest`. */
export const fingerprint = (pairs: readonly EncodedPair[]): string => digest(pairs.length, idsOf(pairs))

function* idsOf(pairs: readonly EncodedPair[]): Iterable<number> {
  for (const { source, target } of pairs) {
    yield* source
    yield -1
    yield* target
    yield -2
  }
}
