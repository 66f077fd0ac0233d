import { HeedTypeError } from '../errors.js'
import { visible } from './visible.js'

/** One token as it is drawn. */
export interface DrawnToken {
  /** The decoded piece; a leading space may or may not belong to it. Empty: the rest of the character before. */
  text: string
  /** Added by the model, not by the writer: shown as `start`, `end` …, and left out of links between words. */
  special: boolean
  /** Whether a word begins here; false joins the piece to the one before. */
  startsWord: boolean
}

/** One attention map, ready to be drawn in a terminal, an SVG or a page. */
export interface DrawnMap {
  /** The finding in one line: 'Decoder 2 reads the source · mean of 4 heads'. */
  title: string
  /** The rule that chose what is shown, in one line. */
  note?: string
  /** Where a sequence reads itself, queries and keys are the same array. */
  queries: readonly DrawnToken[]
  keys: readonly DrawnToken[]
  /** `[Tq][Tk]`, each in [0, 1]. */
  weights: readonly ArrayLike<number>[]
  /** What rows do (default 'asks') and what columns do (default 'answers'). */
  rowLabel?: string
  columnLabel?: string
}

// Sums of float32 weights may pass 1 by rounding; more than this is another quantity, and the ramp would lie about it.
const SLACK = 1e-4

/**
 * Checks that `weights` is `[Tq][Tk]` with every weight in [0, 1].
 * @throws HeedTypeError `shape` for rows that do not fit the tokens, `input` for a weight outside [0, 1] or NaN
 */
export function checkMap({ queries, keys, weights }: DrawnMap): void {
  if (weights.length !== queries.length)
    throw new HeedTypeError(
      'shape',
      `a map of ${queries.length} queries needs as many rows; got ${weights.length}`,
    )
  weights.forEach((row, i) => {
    if (row.length !== keys.length)
      throw new HeedTypeError(
        'shape',
        `row ${i} has ${row.length} weights for ${keys.length} keys; give one per key`,
      )
  })
  checkWeights(weights)
}

/**
 * Checks that rows have one length and every weight lies in [0, 1]; `of` names the map in errors.
 * @throws HeedTypeError `shape`, `input`
 */
export function checkWeights(weights: DrawnMap['weights'], of?: string): void {
  const where = of ? `${of}: ` : ''
  weights.forEach((row, i) => {
    if (row.length !== weights[0].length)
      throw new HeedTypeError(
        'shape',
        `${where}row ${i} has ${row.length} weights, row 0 has ${weights[0].length}; rows have one length`,
      )
    for (let j = 0; j < row.length; j++)
      if (!(row[j] >= -SLACK && row[j] <= 1 + SLACK))
        throw new HeedTypeError('input', `${where}weights[${i}][${j}] is ${row[j]}; a weight lies in [0, 1]`)
  })
}

const SPECIAL_NAMES: readonly [RegExp, string][] = [
  [/^(s|bos|cls|start|sos|begin_?of_?text|startoftext|im_start)$/i, 'start'],
  [/^(\/s|eos|sep|end|eot|eot_id|end_?of_?text|im_end)$/i, 'end'],
]

/**
 * The label of every token, in order: white space as `·`, line breaks as `↵`, other controls made visible; a special
 * token as `start`, `end` or its bare name. A model that opens with its end or padding token uses it as a start.
 */
export function tokenLabels(tokens: readonly DrawnToken[]): string[] {
  return tokens.map((token, i) => {
    if (!token.special) return visible(token.text)
    const bare = visible(token.text.trim().replace(/^[<[]\|?(.+?)\|?[>\]]$/u, '$1'))
    const name = SPECIAL_NAMES.find(([pattern]) => pattern.test(bare))?.[1] ?? bare
    return i === 0 && tokens.length > 1 && (name === 'end' || name === 'pad') ? 'start' : name
  })
}

/** A word: its pieces are the tokens `[start, end)`. */
export interface Word {
  text: string
  special: boolean
  start: number
  end: number
}

/** Pieces of a word at most: a model of bytes has one for every letter. */
const LONGEST_WORD = 24

/**
 * The words of a sequence. Pieces join until the next one that starts a word; punctuation at a word's edge stands
 * alone (`large.` is `large` and `.`, `don't` is one word); a special token always does. More than LONGEST_WORD pieces
 * without a space are no word, and stand for themselves. A piece without text is the rest of a character that the
 * piece before it began, and stays with that.
 */
export function wordsOf(tokens: readonly DrawnToken[]): Word[] {
  const labels = tokenLabels(tokens)
  // The pieces of unit u, mostly one, are tokens [units[u], units[u + 1]).
  const units = [...tokens.keys()].filter((i) => i === 0 || tokens[i].special || tokens[i].text !== '')
  const first = (unit: number) => tokens[units[unit]]
  const isMark = (unit: number) => /^\s*\p{P}+\s*$/u.test(first(unit).text)
  const words: Word[] = []
  const push = (from: number, to: number) => {
    const [start, end] = [units[from], units[to] ?? tokens.length]
    const raw = tokens
      .slice(start, end)
      .map(({ text }) => text)
      .join('')
    const { special } = tokens[start]
    // A word of nothing but white space keeps it, so that it can be seen.
    words.push({ text: special ? labels[start] : visible(raw.trim() || raw), special, start, end })
  }
  for (let start = 0; start < units.length;) {
    let end = start + 1
    while (end < units.length && !first(start).special && !first(end).special && !first(end).startsWord) end++
    let from = start
    let to = end
    while (from < to && isMark(from)) from++
    while (to > from && isMark(to - 1)) to--
    for (let i = start; i < from; i++) push(i, i + 1)
    if (to - from > LONGEST_WORD) for (let i = from; i < to; i++) push(i, i + 1)
    else if (from < to) push(from, to)
    for (let i = to; i < end; i++) push(i, i + 1)
    start = end
  }
  return words
}

/** A link from a query word to the key word it attends to most; `weight` in [0, 1]. */
export interface Link {
  query: string
  key: string
  weight: number
}

/** A link between words with their places. */
export interface WordLink {
  query: Word
  key: Word
  weight: number
}

export interface LinkChoice {
  limit?: number
  special?: boolean
}

/**
 * The strongest link of every query word, in reading order; with more than `limit` words, the `limit` strongest ones.
 * Between words, a weight is the sum over the pieces of the key word (they share the attention it gets) and the mean
 * over the pieces of the query word (each of them asks with a whole row). Special tokens neither ask nor answer unless
 * `special` is true. A word that attends to none of the keys left has no link.
 */
export function strongestLinks(map: DrawnMap, options?: LinkChoice): Link[] {
  return wordLinks(map, options).map(({ query, key, weight }) => ({
    query: query.text,
    key: key.text,
    weight,
  }))
}

/** Those links with the words' places: their pieces are the rows and columns `[start, end)`. */
export function wordLinks(map: DrawnMap, { limit = Infinity, special = false }: LinkChoice = {}): WordLink[] {
  checkMap(map)
  const drawn = (words: Word[]) => words.filter((word) => special || !word.special)
  const keys = drawn(wordsOf(map.keys))
  const links = drawn(wordsOf(map.queries)).flatMap((query): WordLink[] => {
    let best: WordLink | undefined
    for (const key of keys) {
      let sum = 0
      for (let i = query.start; i < query.end; i++)
        for (let j = key.start; j < key.end; j++) sum += map.weights[i][j]
      const weight = sum / (query.end - query.start)
      if (weight > (best?.weight ?? 0)) best = { query, key, weight: Math.min(1, weight) }
    }
    return best ? [best] : []
  })
  const kept = new Set([...links].sort((a, b) => b.weight - a.weight).slice(0, limit))
  return links.filter((link) => kept.has(link))
}
