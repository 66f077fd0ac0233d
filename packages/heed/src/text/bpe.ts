import { breather } from '../breathe.js'
import { HeedError, HeedTypeError, throwIfAborted } from '../errors.js'
import { type Around, byteLevelJson, type TokenizerJson, vocabOf } from './byte-level.js'
import { byteSymbols } from './bytes.js'
import { gpt2Pattern } from './patterns.js'

export interface LearnBpeOptions {
  /** Pieces in the vocabulary, with the specials and the 256 bytes. Default 8000. */
  vocabSize?: number
  /** Take the first ids, in this order. */
  specials?: readonly string[]
  /** The specials around every encoded text. Default: `</s>` after it, if that is one of them. */
  around?: Around
  /** A pair seen fewer times than this is not merged: a small corpus gives a smaller vocabulary. Default 2. */
  minFrequency?: number
  /** Called now and then with the pieces learned so far, and how many there will be. */
  onProgress?: (progress: { done: number; total: number }) => void
  signal?: AbortSignal
}

/** Two neighbouring symbols, where they stand, and how often (by words' frequencies). */
interface Pair {
  left: number
  right: number
  count: number
  /** The count when it was put into the heap. Counts only fall after that, so it is corrected when it comes up. */
  rank: number
  /** Ascending; some may be stale. */
  positions: number[]
}

// The most frequent pair first; of equals the one with the smaller left id, then the smaller right id.
const before = (a: Pair, b: Pair) =>
  a.rank !== b.rank ? a.rank > b.rank : a.left !== b.left ? a.left < b.left : a.right < b.right

/**
 * Learns a byte-level BPE vocabulary (GPT-2's pre-tokeniser and byte alphabet), so that no text has unknown tokens.
 *
 * The same lines in any order give the same result: the most frequent pair is merged first; of equally frequent
 * ones that with the smaller left id, then the smaller right id. A pair whose text is in the vocabulary already is
 * left alone. Ids: specials, the 256 bytes in order of their symbols, then merges as they were learned.
 *
 * @throws HeedTypeError `option` when vocabSize has no room for specials and bytes, or a special is empty or twice there
 * @throws HeedError `aborted` when the signal says so
 */
export async function learnBpe(
  lines: Iterable<string>,
  options: LearnBpeOptions = {},
): Promise<TokenizerJson> {
  const { vocabSize = 8000, specials = ['<pad>', '<s>', '</s>', '<unk>'], minFrequency = 2, around } = options
  const alphabet = [...byteSymbols].sort()
  const pieces = [...specials, ...alphabet]
  const vocab = vocabOf(specials, alphabet)
  if (!Number.isSafeInteger(vocabSize) || vocabSize < pieces.length)
    throw new HeedTypeError(
      'option',
      `learnBpe: vocabSize ${vocabSize} must be a whole number of at least ${pieces.length}: ` +
        `${specials.length} specials and 256 bytes`,
    )

  const pause = pauses(options.signal)
  const words = await countWords(lines, pause)
  const sequence = new SymbolSequence(words, (byte) => vocab.get(byteSymbols[byte])!)
  const heap: Pair[] = []
  for (const pair of sequence.takeNewPairs()) push(heap, pair)

  const merges: [string, string][] = []
  const total = vocabSize
  while (pieces.length < vocabSize) {
    const pair = pop(heap)
    if (!pair || pair.rank < minFrequency) break
    if (pair.count < pair.rank) {
      push(heap, pair)
      continue
    }
    const piece = pieces[pair.left] + pieces[pair.right]
    if (vocab.has(piece)) continue
    vocab.set(piece, pieces.length)
    merges.push([pieces[pair.left], pieces[pair.right]])
    sequence.merge(pair, pieces.length)
    pieces.push(piece)
    for (const made of sequence.takeNewPairs()) push(heap, made)
    if (merges.length % 64 === 0) {
      await pause()
      options.onProgress?.({ done: pieces.length, total })
    }
  }
  options.onProgress?.({ done: total, total })
  return byteLevelJson({ specials, around, vocab, merges })
}

/** Lets the event loop run once in a while, so that a signal gets through, and obeys it. */
function pauses(signal: AbortSignal | undefined): () => Promise<void> {
  const breathe = breather()
  return async () => {
    await breathe()
    throwIfAborted(signal)
  }
}

/** How often each pre-token occurs. */
async function countWords(lines: Iterable<string>, pause: () => Promise<void>): Promise<Map<string, number>> {
  const words = new Map<string, number>()
  let n = 0
  for (const line of lines) {
    if (typeof line !== 'string') throw new HeedError('input', `learnBpe: line ${n + 1} is not a string`)
    if (n++ % 1024 === 0) await pause()
    for (const word of line.match(gpt2Pattern) ?? []) words.set(word, (words.get(word) ?? 0) + 1)
  }
  return words
}

/** All different words as one doubly linked list of symbols, with an index of which pair stands where. */
class SymbolSequence {
  /** −1 where a symbol was merged into its left neighbour. */
  readonly #symbols: Int32Array
  readonly #next: Int32Array
  readonly #prev: Int32Array
  /** How often the word at this position occurs. */
  readonly #weights: Float64Array
  readonly #pairs = new Map<number, Pair>()
  #newPairs: Pair[] = []

  constructor(words: Map<string, number>, symbolOf: (byte: number) => number) {
    const encoder = new TextEncoder()
    let size = 0
    for (const word of words.keys()) size += encoder.encode(word).length
    this.#symbols = new Int32Array(size)
    this.#next = new Int32Array(size).fill(-1)
    this.#prev = new Int32Array(size).fill(-1)
    this.#weights = new Float64Array(size)
    let at = 0
    for (const [word, count] of words) {
      const start = at
      for (const byte of encoder.encode(word)) {
        this.#symbols[at] = symbolOf(byte)
        this.#weights[at] = count
        if (at > start) {
          this.#prev[at] = at - 1
          this.#next[at - 1] = at
          this.#add(at - 1)
        }
        at++
      }
    }
  }

  /** The pairs that came up since the last call, ranked by their count. */
  takeNewPairs(): Pair[] {
    const made = this.#newPairs
    this.#newPairs = []
    for (const pair of made) pair.rank = pair.count
    return made
  }

  /** Replaces the pair by the symbol wherever it stands, from left to right: `aaa` becomes `(aa)a`. */
  merge(pair: Pair, symbol: number): void {
    const { left, right, positions } = pair
    const symbols = this.#symbols
    for (const at of positions) {
      const second = this.#next[at]
      if (symbols[at] !== left || second < 0 || symbols[second] !== right) continue
      const before = this.#prev[at]
      const after = this.#next[second]
      if (before >= 0) this.#remove(symbols[before], left, this.#weights[at])
      if (after >= 0) this.#remove(right, symbols[after], this.#weights[at])
      symbols[at] = symbol
      symbols[second] = -1
      this.#next[at] = after
      if (after >= 0) {
        this.#prev[after] = at
        this.#add(at)
      }
      if (before >= 0) this.#add(before)
    }
    this.#pairs.delete(this.#key(left, right))
  }

  // Ids stay below 2^26, as vocabularies do by far.
  #key(left: number, right: number): number {
    return left * 0x4000000 + right
  }

  #add(at: number): void {
    const left = this.#symbols[at]
    const right = this.#symbols[this.#next[at]]
    const key = this.#key(left, right)
    let pair = this.#pairs.get(key)
    if (!pair) {
      pair = { left, right, count: 0, rank: 0, positions: [] }
      this.#pairs.set(key, pair)
      this.#newPairs.push(pair)
    }
    pair.count += this.#weights[at]
    pair.positions.push(at)
  }

  #remove(left: number, right: number, weight: number): void {
    const pair = this.#pairs.get(this.#key(left, right))
    if (pair) pair.count -= weight
  }
}

function push(heap: Pair[], pair: Pair): void {
  pair.rank = pair.count
  let at = heap.length
  while (at > 0) {
    const parent = (at - 1) >> 1
    if (!before(pair, heap[parent])) break
    heap[at] = heap[parent]
    at = parent
  }
  heap[at] = pair
}

function pop(heap: Pair[]): Pair | undefined {
  const top = heap[0]
  const last = heap.pop()
  if (!last || heap.length === 0) return top
  let at = 0
  for (;;) {
    let child = 2 * at + 1
    if (child >= heap.length) break
    if (child + 1 < heap.length && before(heap[child + 1], heap[child])) child++
    if (!before(heap[child], last)) break
    heap[at] = heap[child]
    at = child
  }
  heap[at] = last
  return top
}
