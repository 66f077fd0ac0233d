import { breather } from '../breathe.js'
import { HeedError, throwIfAborted } from '../errors.js'
import type { Tokenizer } from '../text/index.js'
import { batchesByLength, type BatchOptions, digest } from './batches.js'
import { type Flaw, type LeftOut, type Line, linesOf, readLines, Tally } from './left-out.js'

/** A sentence and its translations: the first is learned from, all are references when translations are scored. */
export interface Pair {
  source: string
  targets: readonly string[]
}

/** The pairs of a file, and what was left out of it. */
export interface PairFile {
  pairs: Pair[]
  /** The line of each pair, from 1. */
  lines: number[]
  leftOut: LeftOut[]
}

export interface ReadPairsOptions {
  /** Sides with more characters are left out. Default Infinity. */
  maxCharacters?: number
}

/**
 * Reads parallel text: a line holds source TAB target, and TAB further targets where there are several. Lines that
 * cannot be used are left out and counted: without a TAB, with an empty side, not in UTF-8 …
 *
 * @throws HeedError `format` for a file in UTF-16; `not-found` and what else reading the file throws
 */
export const readPairs = async (path: string, options?: ReadPairsOptions): Promise<PairFile> =>
  pairsOf(await readLines(path), options)

/** Parallel text as `readPairs` reads it. */
export const parsePairs = (text: string, options?: ReadPairsOptions): PairFile =>
  pairsOf(linesOf(text), options)

function pairsOf(lines: readonly Line[], { maxCharacters = Infinity }: ReadPairsOptions = {}): PairFile {
  const tally = new Tally()
  const file: PairFile = { pairs: [], lines: [], leftOut: [] }
  for (const [i, line] of lines.entries()) {
    const pair = 'text' in line ? pairOf(line.text, maxCharacters) : line.flaw
    if (typeof pair === 'string') {
      tally.add(pair, i + 1)
      continue
    }
    file.pairs.push(pair)
    file.lines.push(i + 1)
  }
  return { ...file, leftOut: tally.list }
}

function pairOf(line: string, maxCharacters: number): Pair | Flaw {
  const [source, ...targets] = line.split('\t').map((side) => side.trim())
  if (targets.length === 0 && source !== '') return 'no-tab'
  if (source === '' || !targets[0]) return 'empty'
  if (source.length > maxCharacters || targets[0].length > maxCharacters) return 'long'
  return { source, targets: targets.filter((t) => t !== '') }
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
