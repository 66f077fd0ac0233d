import { breather } from '../breathe.js'
import { HeedError, throwIfAborted } from '../errors.js'
import { readText } from '../io/index.js'
import { quote } from '../json.js'
import type { Tokenizer } from '../text/index.js'
import { digest } from './batches.js'

/** A word of a text: UTF-16 offsets. */
export interface Place {
  start: number
  end: number
}

/** A sentence, and which of its words are described, each by one other. */
export interface LabelledSentence {
  text: string
  labels: readonly { word: Place; by: Place }[]
}

/** Reads labelled sentences: see `parseLabelled`. */
export const readLabelled = async (path: string): Promise<LabelledSentence[]> =>
  parseLabelled(await readText(path), path)

/**
 * Labelled sentences, one a line: the sentence, then for each word that is described TAB `word=describing word`, as they stand in
 * it. `word#2` is the second time that it stands there. Empty lines are left out.
 *
 *     The big dog saw the small dog.	dog=big	dog#2=small
 *
 * @param name what errors call the text
 * @throws HeedError `format`, with the line, for a label without `=`, a word that does not stand in the sentence, a word
 *   that is described twice, or labels without a sentence
 */
export function parseLabelled(text: string, name: string): LabelledSentence[] {
  return text.split(/\r?\n/).flatMap((line, i) => {
    if (line.trim() === '') return []
    const [sentence, ...labels] = line.split('\t').map((part) => part.trim())
    const fail = (problem: string): never => {
      throw new HeedError('format', `${name}: line ${i + 1} ${problem}`)
    }
    if (sentence === '') fail('has labels, but no sentence before its first TAB')
    const placeOf = (label: string, part: string) =>
      placeIn(sentence, part) ??
      fail(
        `has the label ${quote(label)}, but ${quote(part)} does not stand in its sentence; a label is word=describing word`,
      )
    const read = labels
      .filter((label) => label !== '')
      .map((label) => {
        const [word, by, ...rest] = label.split('=')
        if (by === undefined || rest.length > 0)
          fail(`has the label ${quote(label)}; a label is word=describing word`)
        return { word: placeOf(label, word), by: placeOf(label, by) }
      })
    const twice = read.find((a, n) => read.findIndex((b) => a.word.start === b.word.start) < n)
    if (twice) fail(`describes ${quote(sentence.slice(twice.word.start, twice.word.end))} twice`)
    return [{ text: sentence, labels: read }]
  })
}

/** Where `dog`, or `dog#2`, stands: no letter or digit is beside it. */
function placeIn(sentence: string, part: string): Place | undefined {
  const [, word, count = '1'] = /^(.+?)(?:#([1-9]\d?))?$/su.exec(part) ?? []
  if (word === undefined) return undefined
  const beside = /[\p{L}\p{N}]/u
  let left = Number(count)
  for (let start = sentence.indexOf(word); start >= 0; start = sentence.indexOf(word, start + 1)) {
    const end = start + word.length
    if (beside.test(sentence.charAt(start - 1)) || beside.test(sentence.charAt(end))) continue
    if (--left === 0) return { start, end }
  }
  return undefined
}

/** A sentence as ids and, for every token, the id of what describes it. */
export interface EncodedSentence {
  ids: Int32Array
  targets: Int32Array
}

/** What became of some sentences; `unknown` counts labels one of whose words the vocabulary lacks. */
export interface EncodedSentences {
  encoded: EncodedSentence[]
  long: number
  labels: number
  unknown: number
}

/**
 * Sentences as ids. Of a word that is several tokens the last one stands for all (the head of an English compound:
 * `T-shirt`). Those with more than `maxLength` tokens are left out and counted.
 *
 * @param none the id of what describes all other tokens
 * @throws HeedError `aborted`; `format` for a place that holds no token
 */
export async function encodeLabelled(
  sentences: readonly LabelledSentence[],
  tokenizer: Tokenizer,
  { none, maxLength, signal }: { none: number; maxLength: number; signal?: AbortSignal },
): Promise<EncodedSentences> {
  const result: EncodedSentences = { encoded: [], long: 0, labels: 0, unknown: 0 }
  const breathe = breather()
  for (const { text, labels } of sentences) {
    await breathe()
    throwIfAborted(signal)
    const { ids, tokens } = tokenizer.encode(text, { parseSpecials: false })
    if (ids.length > maxLength || ids.length === 0) {
      result.long += ids.length === 0 ? 0 : 1
      continue
    }
    const at = ({ start, end }: Place) => {
      const found = tokens.findLastIndex((token) => token.start < end && start < token.end)
      if (found >= 0) return found
      throw new HeedError('format', `there is no word from ${start} to ${end} in ${quote(text)}`)
    }
    const targets = new Int32Array(ids.length).fill(none)
    for (const { word, by } of labels) {
      const [w, b] = [at(word), at(by)]
      targets[w] = ids[b]
      result.labels++
      if (ids[w] === tokenizer.unkId || ids[b] === tokenizer.unkId) result.unknown++
    }
    result.encoded.push({ ids, targets })
  }
  return result
}

/** Stands for the data of a run; see `digest`. */
export function fingerprintOfLabelled(sentences: readonly EncodedSentence[]): string {
  function* all(): Iterable<number> {
    for (const { ids, targets } of sentences) {
      yield* ids
      yield -1
      yield* targets
      yield -2
    }
  }
  return digest(sentences.length, all())
}
