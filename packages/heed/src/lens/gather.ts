import { HeedError } from '../errors.js'
import type { Token } from '../text/index.js'
import type { AttentionMap } from './map.js'
import { checkCells, type ScanOptions } from './scan.js'

/** Tokens that stand for one thing, such as the pieces of a word: [start, end). */
export interface Span {
  readonly start: number
  readonly end: number
  readonly text: string
}

/**
 * Weights over spans: added over a span's keys, averaged over a span's queries. Tokens in no span are left out, so that
 * rows sum to 1 where spans cover all keys.
 *
 * @throws HeedError `input` for spans that are empty, overlap or leave the map; `memory` for a map over spans of more
 *   than 1 GB
 */
export async function gather(
  map: AttentionMap,
  { queries, keys }: { queries: readonly Span[]; keys: readonly Span[] },
  options?: ScanOptions,
): Promise<Float32Array[]> {
  const [rowOf, colOf] = [owners(queries, map.rows, 'queries'), owners(keys, map.cols, 'keys')]
  checkCells('a map over spans', queries.length, keys.length, 'take longer spans, or an overview()')
  const found = queries.map(() => new Float32Array(keys.length))
  // Queries of a span come one after another: one row of sums serves all spans.
  const sum = new Float64Array(keys.length)
  for await (const { rows, cols, weights } of map.blocks(options)) {
    const width = cols[1] - cols[0]
    for (let i = rows[0]; i < rows[1]; i++) {
      if (rowOf[i] < 0) continue
      for (let j = 0; j < width; j++)
        if (colOf[cols[0] + j] >= 0) sum[colOf[cols[0] + j]] += weights[(i - rows[0]) * width + j]
      const { start, end } = queries[rowOf[i]]
      if (i < end - 1) continue
      found[rowOf[i]].set(sum.map((x) => x / (end - start)))
      sum.fill(0)
    }
  }
  return found
}

/** The span of each of `count` tokens, −1 for none. */
function owners(spans: readonly Span[], count: number, what: string): Int32Array {
  const owner = new Int32Array(count).fill(-1)
  for (const [n, { start, end }] of spans.entries()) {
    const inside =
      Number.isInteger(start) && Number.isInteger(end) && 0 <= start && start < end && end <= count
    if (!inside || owner.subarray(start, end).some((other) => other >= 0))
      throw new HeedError(
        'input',
        `span ${n} of the ${what}, [${start}, ${end}), is empty, overlaps another, or is not within 0 to ${count}`,
      )
    owner.fill(n, start, end)
  }
  return owner
}

/**
 * The words of a text as spans of its tokens: what stands between white space; special tokens stand alone. A token that
 * holds the end of one word and the start of the next belongs to the first.
 */
export const wordSpans = (text: string, tokens: readonly Token[]): Span[] =>
  spansOf(
    text,
    tokens,
    [...text.matchAll(/\S+\s*/g)].map(({ index }) => index),
  )

/** The sentences of a text as spans of its tokens, as Unicode cuts them (UAX #29); special tokens stand alone. */
export const sentenceSpans = (text: string, tokens: readonly Token[]): Span[] => {
  const sentences = new Intl.Segmenter(undefined, { granularity: 'sentence' }).segment(text)
  return spansOf(
    text,
    tokens,
    [...sentences].map(({ index }) => index),
  )
}

/** Tokens joined between the places where parts of the text begin; a token belongs to the part of its first visible character. */
function spansOf(text: string, tokens: readonly Token[], starts: readonly number[]): Span[] {
  const spans: { start: number; end: number; text: string; part: number }[] = []
  let part = 0
  for (const [n, { start, end, text: piece }] of tokens.entries()) {
    if (start === end) {
      spans.push({ start: n, end: n + 1, text: piece, part: -1 })
      continue
    }
    const visible = start + Math.max(0, text.slice(start, end).search(/\S/))
    while (part + 1 < starts.length && starts[part + 1] <= visible) part++
    const last = spans.at(-1)
    if (last?.part === part) last.end = n + 1
    else spans.push({ start: n, end: n + 1, text: '', part })
  }
  return spans.map(({ start, end, text: own, part }) => ({
    start,
    end,
    text: part < 0 ? own : text.slice(starts[part], starts[part + 1]).trim(),
  }))
}
