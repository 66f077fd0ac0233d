import { foldSeed, randomUnit } from '../backends/random.js'
import { HeedTypeError } from '../errors.js'
import { byteTokenizer, Tokenizer } from '../text/index.js'

/**
 * What a document of repeated sequences is made of: any bytes; characters of ASCII, of a few or of many; made-up words
 * with spaces, numbers and punctuation; or characters of another script, each of several bytes.
 */
export type RepeatedKind = 'bytes' | 'characters' | 'words' | 'script'

export interface RepeatedOptions {
  /** Bytes of a document. */
  length: number
  /** Another seed gives other documents. Default 1. */
  seed?: number
  /** A document is of one kind, each as likely. Default all. */
  kinds?: readonly RepeatedKind[]
}

/**
 * Documents that nobody can know and only copying can foretell: a fresh run of 4 to 100 random bytes, then one to three
 * copies, each of 4 to 100 bytes from anywhere before, then again. Lengths are log-uniform. A copy may reach into
 * itself, and then repeats with its distance as the period. Document n, ids of `byteTokenizer()`, is a pure function of
 * seed and n.
 *
 * @throws HeedTypeError `option` for a length that is no count or an unknown kind
 */
export function repeatedSequences({
  length,
  seed = 1,
  kinds = all,
}: RepeatedOptions): (index: number) => Int32Array {
  if (!Number.isSafeInteger(length) || length < 1)
    throw new HeedTypeError(
      'option',
      `repeatedSequences: length must be a whole number from 1 up, got ${length}`,
    )
  const unknown = kinds.find((kind) => !all.includes(kind))
  if (unknown !== undefined || kinds.length === 0)
    throw new HeedTypeError(
      'option',
      `repeatedSequences: there is no kind '${unknown}'; there are ${all.join(', ')}`,
    )
  return (index) => document(new Draws(foldSeed(seed, index)), length, kinds)
}

const all: readonly RepeatedKind[] = ['bytes', 'characters', 'words', 'script']
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

function document(draws: Draws, length: number, kinds: readonly RepeatedKind[]): Int32Array {
  const next = sources[kinds[draws.below(kinds.length)]](draws)
  const ids = new Int32Array(length)
  let at = 0
  /** Bytes that a source gave and nobody has written yet. */
  let waiting: number[] = []
  const fresh = () => {
    while (waiting.length === 0) waiting = [...next()]
    return waiting.shift()! + firstByte
  }
  while (at < length) {
    for (let n = draws.between(4, 100); n > 0 && at < length; n--) ids[at++] = fresh()
    for (let copies = 1 + draws.below(3); copies > 0; copies--) {
      let from = draws.below(at)
      for (let n = draws.between(4, 100); n > 0 && at < length; n--) ids[at++] = ids[from++]
    }
  }
  return ids
}

/** For each kind what gives the next few bytes. */
const sources: Record<RepeatedKind, (draws: Draws) => () => Iterable<number>> = {
  bytes: (draws) => () => [draws.below(256)],

  characters(draws) {
    const some = Array.from({ length: draws.between(4, 95) }, () => 0x20 + draws.below(95))
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
