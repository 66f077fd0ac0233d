import { breather } from '../breathe.js'
import { HeedError, throwIfAborted } from '../errors.js'
import { readText } from '../io/index.js'
import type { Tokenizer } from '../text/index.js'
import { digest } from './batches.js'
import { type LeftOut, leftOutWords, readLines, Tally } from './left-out.js'

/** A text, or its ids without start and end tokens. */
export type Document = string | ArrayLike<number>

/** The documents of a text file, and what was left out of it. */
export interface DocumentFile {
  documents: readonly Document[]
  leftOut: LeftOut[]
}

/**
 * Every line that is not empty, or the whole file. Lines that are no text are left out and counted.
 *
 * @throws HeedError `format` for a file in UTF-16, or a whole file that is not UTF-8 or has a NUL; `not-found` and what
 *   else reading the file throws
 */
export async function readDocuments(path: string, kind: 'lines' | 'file'): Promise<DocumentFile> {
  const lines = await readLines(path)
  const tally = new Tally()
  lines.forEach((line, i) => 'flaw' in line && tally.add(line.flaw, i + 1))
  const leftOut = tally.list
  if (kind === 'file' && leftOut.length > 0)
    throw new HeedError('format', `${path}: lines that are no text: ${leftOutWords(leftOut)}; take them out`)
  const texts = lines.flatMap((line) => ('text' in line ? [line.text] : []))
  const documents = kind === 'file' ? [await readText(path)] : texts
  return { documents: documents.filter((document) => document.trim() !== ''), leftOut }
}

/** Turns documents into windows for one tokenizer. */
export class Windows {
  /**
   * @param length tokens that a model reads at once, the start token included
   * @throws HeedError `unsupported` when the tokenizer has no start or end token
   */
  constructor(
    readonly tokenizer: Tokenizer,
    readonly length: number,
  ) {
    if (tokenizer.bosId === undefined || tokenizer.eosId === undefined)
      throw new HeedError('unsupported', 'the tokenizer lacks a start or an end token, such as <s> and </s>')
  }

  /**
   * A document as windows, [start token, up to `length` tokens]: all but the last are read, all but the first predicted.
   * The end token follows the last token of a document. Every token is predicted once, and each window starts as a
   * prompt does.
   */
  of(document: Document): Int32Array[] {
    const { bosId, eosId } = this.tokenizer as { bosId: number; eosId: number }
    const ids = this.#ids(document)
    const ended = new Int32Array(ids.length + 1)
    ended.set(ids)
    ended[ids.length] = eosId
    const windows: Int32Array[] = []
    for (let at = 0; at < ended.length; at += this.length) {
      const part = ended.subarray(at, at + this.length)
      const window = new Int32Array(part.length + 1).fill(bosId, 0, 1)
      window.set(part, 1)
      windows.push(window)
    }
    return windows
  }

  /**
   * All windows of some documents.
   *
   * @throws HeedError `aborted`
   */
  async ofAll(
    documents: readonly Document[],
    { signal }: { signal?: AbortSignal } = {},
  ): Promise<Int32Array[]> {
    const breathe = breather()
    const windows: Int32Array[] = []
    for (const document of documents) {
      for (const window of this.of(document)) windows.push(window)
      await breathe()
      throwIfAborted(signal)
    }
    return windows
  }

  #ids(document: Document): ArrayLike<number> {
    if (typeof document !== 'string') return document
    return this.tokenizer.encodeIds(document, { addSpecials: false, parseSpecials: false })
  }
}

/** Tokens of a window that are predicted. */
export const predicted = (window: Int32Array): number => window.length - 1

/** Stands for the data of a run; see `digest`. */
export function fingerprintOf(windows: readonly Int32Array[]): string {
  function* ids(): Iterable<number> {
    for (const window of windows) {
      yield* window
      yield -1
    }
  }
  return digest(windows.length, ids())
}

const utf8 = new TextEncoder()

/** Bytes of all texts; undefined where a document is given as ids. */
export function bytesOf(documents: readonly Document[]): number | undefined {
  let bytes = 0
  for (const document of documents) {
    if (typeof document !== 'string') return undefined
    bytes += utf8.encode(document).length
  }
  return bytes
}
