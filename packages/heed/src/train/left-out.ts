import { HeedError } from '../errors.js'
import { readFile } from '../io/files.js'

/**
 * Why a line is not trained on: it has no TAB, a side without text, more characters or tokens than the model could ever
 * read, a NUL, or bytes that are not UTF-8.
 */
export type Flaw = 'no-tab' | 'empty' | 'long' | 'nul' | 'not-utf8'

/** Lines that were left out for one reason. */
export interface LeftOut {
  flaw: Flaw
  count: number
  /** Which line was the first, from 1; where data is no file, which pair or document. */
  first: number
}

/** Counts what is left out. */
export class Tally {
  readonly #found: Map<Flaw, LeftOut>

  /** @param before counted already */
  constructor(before: readonly LeftOut[] = []) {
    this.#found = new Map(before.map((leftOut) => [leftOut.flaw, { ...leftOut }]))
  }

  add(flaw: Flaw, at: number): void {
    const { count = 0, first = at } = this.#found.get(flaw) ?? {}
    this.#found.set(flaw, { flaw, count: count + 1, first: Math.min(first, at) })
  }

  /** The most frequent reason first. */
  get list(): LeftOut[] {
    return [...this.#found.values()].sort((a, b) => b.count - a.count || a.first - b.first)
  }
}

const reasons: Record<Flaw, string> = {
  'no-tab': 'without a TAB',
  empty: 'with an empty side',
  long: 'too long',
  nul: 'with a NUL',
  'not-utf8': 'not in UTF-8',
}

/** For people: `3 without a TAB (first: line 17), 1 too long (first: line 4)`. */
export const leftOutWords = (leftOut: readonly LeftOut[], unit = 'line'): string =>
  leftOut.map(({ flaw, count, first }) => `${count} ${reasons[flaw]} (first: ${unit} ${first})`).join(', ')

/** The text of a line, or why it has none. */
export type Line = { text: string } | { flaw: Flaw }

/**
 * The lines of a file, each on its own: one that another encoding has spoilt does not spoil the rest. A byte order mark
 * and the CR of CRLF are dropped.
 *
 * @throws HeedError `format` for a file in UTF-16; what `readFile` throws
 */
export async function readLines(path: string): Promise<Line[]> {
  const bytes = await readFile(path)
  if ((bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff))
    throw new HeedError('format', `${path}: is UTF-16; save it as UTF-8`)
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
  const decode = (bytes: Uint8Array): Line => {
    try {
      return lineOf(decoder.decode(bytes))
    } catch {
      return { flaw: 'not-utf8' }
    }
  }
  const lines: Line[] = []
  const hasMark = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf
  for (let from = hasMark ? 3 : 0; from < bytes.length;) {
    const end = bytes.indexOf(10, from)
    lines.push(decode(bytes.subarray(from, end < 0 ? bytes.length : end)))
    from = end < 0 ? bytes.length : end + 1
  }
  return lines
}

/** The lines of a text that is decoded already. */
export function linesOf(text: string): Line[] {
  const lines = text.split('\n')
  if (lines.at(-1) === '') lines.pop()
  return lines.map(lineOf)
}

const lineOf = (text: string): Line =>
  text.includes('\0') ? { flaw: 'nul' } : { text: text.endsWith('\r') ? text.slice(0, -1) : text }
