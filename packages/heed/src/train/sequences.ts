import { foldSeed, randomUnit } from '../backends/random.js'
import { HeedTypeError } from '../errors.js'
import { byteTokenizer, Tokenizer } from '../text/index.js'

/**
 * What a document is made of: any bytes; characters of ASCII, of a few or of many; made-up words
 * with spaces, numbers and punctuation; or characters of another script, each of several bytes.
 */
export type SequenceKind = 'bytes' | 'characters' | 'words' | 'script'

export interface RandomOptions {
  /** Bytes of a document. */
  length: number
  /** Another seed gives other documents. Default 1. */
  seed?: number
  /** A document is of one kind, each as likely. Default all. */
  kinds?: readonly SequenceKind[]
}

/**
 * Documents that only copying can foretell. Half of them begin with a segment of random bytes, which comes again and
 * again to the end, every second time after up to 16 other random bytes. The others are fresh runs of random bytes, each
 * followed by one to three copies of any bytes before. Segments, runs and copies have 4 to 100 bytes, log-uniform, and
 * no more than half the document has (copies no more than there are before). Document n, ids of `byteTokenizer()`, is a pure function of seed and n.
 *
 * @throws HeedTypeError `option` for a length that is no count or an unknown kind
 */
export const repeatedSequences = (options: RandomOptions): ((index: number) => Int32Array) =>
  documents('repeatedSequences', options, (ids, next, draws) => {
    let at = 0
    const most = Math.max(4, Math.min(100, Math.floor(ids.length / 2)))
    const size = () => draws.between(4, most)
    const fresh = (count: number) => {
      for (let n = 0; n < count && at < ids.length; n++) ids[at++] = next()
    }
    const copy = (from: number, count: number) => {
      const part = ids.subarray(from, from + Math.min(count, ids.length - at))
      ids.set(part, at)
      at += part.length
    }
    if (draws.unit() < 0.5) {
      const segment = size()
      fresh(segment)
      while (at < ids.length) {
        if (draws.unit() < 0.5) fresh(1 + draws.below(16))
        copy(0, segment)
      }
    }
    while (at < ids.length) {
      fresh(size())
      for (let copies = 1 + draws.below(3); copies > 0; copies--) {
        const count = Math.min(size(), at)
        copy(draws.below(at - count + 1), count)
      }
    }
  })

/**
 * Such documents without copies, to make tests of copying from: one fresh run.
 *
 * @throws as `repeatedSequences`
 */
export const randomSequences = (options: RandomOptions): ((index: number) => Int32Array) =>
  documents('randomSequences', options, (ids, next) => ids.forEach((_, i) => (ids[i] = next())))

function documents(
  caller: string,
  { length, seed = 1, kinds = all }: RandomOptions,
  write: (ids: Int32Array, next: () => number, draws: Draws) => void,
): (index: number) => Int32Array {
  if (!Number.isSafeInteger(length) || length < 1)
    throw new HeedTypeError('option', `${caller}: length must be a whole number from 1 up, got ${length}`)
  const unknown = kinds.find((kind) => !all.includes(kind))
  if (unknown !== undefined || kinds.length === 0)
    throw new HeedTypeError(
      'option',
      `${caller}: kinds must be some of ${all.join(', ')}, got ${unknown === undefined ? 'none' : `'${unknown}'`}`,
    )
  return (index) => {
    const draws = new Draws(foldSeed(seed, index))
    const source = sources[kinds[draws.below(kinds.length)]](draws)
    /** Bytes that the source gave and nobody has taken yet. */
    let waiting: number[] = []
    const next = () => {
      while (waiting.length === 0) waiting = [...source()]
      return waiting.shift()! + firstByte
    }
    const ids = new Int32Array(length)
    write(ids, next, draws)
    return ids
  }
}

const all: readonly SequenceKind[] = ['bytes', 'characters', 'words', 'script']
/** The id of byte 0. */
const firstByte = Tokenizer.fromJson(byteTokenizer()).idOf('Ā')!
const utf8 = new TextEncoder()

/** Random numbers one after another. */
class Draws {
  #count = 0
  constructor(readonly seed: number) {}

  /** In [0, 1). */
  unit(): number {
    return randomUnit(this.seed, this.#count++)
  }
  /** A whole number from 0, below n. */
  below(n: number): number {
    return Math.floor(n * this.unit())
  }
  /** As `below`, small ones oftener: n times the square of a uniform number. */
  lowBelow(n: number): number {
    return Math.floor(n * this.unit() ** 2)
  }
  /** A whole number from `low` to `high`, log-uniform. */
  between(low: number, high: number): number {
    return Math.floor(low * ((high + 1) / low) ** this.unit())
  }
}

/** For each kind what gives the next few bytes. */
const sources: Record<SequenceKind, (draws: Draws) => () => Iterable<number>> = {
  bytes: (draws) => () => [draws.below(256)],

  characters(draws) {
    const some = Array.from({ length: draws.between(8, 95) }, () => 0x20 + draws.below(95))
    return () => [some[draws.below(some.length)]]
  },

  script(draws) {
    const [first, count] = scripts[draws.below(scripts.length)]
    const some = Array.from({ length: draws.between(8, 64) }, () => first + draws.below(count))
    return () => utf8.encode(String.fromCodePoint(some[draws.below(some.length)]))
  },

  words(draws) {
    const some = Array.from({ length: draws.between(8, 64) }, () => word(draws))
    let start = true
    return () => {
      // Most words are of the document's own few, so that words come back where nothing is copied.
      const text = draws.unit() < 0.8 ? some[draws.lowBelow(some.length)] : word(draws)
      const capital = start || draws.unit() < 0.1
      const mark = draws.unit() < 0.2 ? marks[draws.lowBelow(marks.length)] : ' '
      start = /[.!?\n]/.test(mark)
      return utf8.encode((capital ? text[0].toUpperCase() + text.slice(1) : text) + mark)
    }
  },
}

/** First code point and how many: Latin with accents, Greek, Cyrillic, kana, Chinese, emoji. */
const scripts = [
  [0xc0, 0xc0],
  [0x391, 57],
  [0x410, 64],
  [0x3041, 86],
  [0x4e00, 0x5000],
  [0x1f600, 80],
] as const

const marks = ['. ', ', ', '! ', '? ', '\n', ': ', '; ', ' - ', ') ', ' (', '" ', ' "', "'s "]

/** A made-up word, or now and then a number. Letters are about as frequent as in English. */
function word(draws: Draws): string {
  const letters = draws.unit() < 0.05 ? '0123456789' : 'etaoinshrdlcumwfgypbvkjxqz'
  const length = 1 + draws.lowBelow(12)
  return Array.from({ length }, () => letters[draws.lowBelow(letters.length)]).join('')
}
