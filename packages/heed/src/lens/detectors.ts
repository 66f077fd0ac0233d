import { HeedError, HeedTypeError } from '../errors.js'
import { checkOptions } from '../ops/check.js'
import type { AttentionMap } from './map.js'
import { cellAt, type RowVisitor, scan, type ScanOptions } from './scan.js'

const patterns = ['previous', 'duplicate', 'induction'] as const

/**
 * Where a kind of head is expected to look from position i: `previous` at i − 1, `duplicate` at earlier positions of the
 * same token, `induction` one after those, where it was followed by something before.
 */
export type HeadPattern = (typeof patterns)[number]

/** The keys of a pattern, of the query at a position. */
export type PatternKeys = (position: number) => Iterable<number>

/**
 * A pattern as a function of the position: what TransformerLens builds as an N×N matrix of ones and zeros, never built.
 *
 * @param ids of the keys
 */
export function patternKeys(pattern: HeadPattern, ids: ArrayLike<number>): PatternKeys {
  if (!patterns.includes(pattern))
    throw new HeedTypeError('option', `pattern must be ${patterns.join(', ')}, got '${String(pattern)}'`)
  if (pattern === 'previous') return (i) => (i > 0 && i < ids.length ? [i - 1] : [])
  // The last position of the same token before each: a chain through all earlier ones.
  const before = new Int32Array(ids.length).fill(-1)
  const last = new Map<number, number>()
  for (let i = 0; i < ids.length; i++) {
    before[i] = last.get(ids[i]) ?? -1
    last.set(ids[i], i)
  }
  const after = pattern === 'induction' ? 1 : 0
  return function* (i) {
    for (let j = before[i] ?? -1; j >= 0; j = before[j]) yield j + after
  }
}

export interface DetectOptions extends ScanOptions {
  pattern: HeadPattern
  /** `mul`: the share of all weight that lies on the pattern. `abs`: 1 − the mean over queries of Σ_j |w_ij − D_ij|. Default `mul`. */
  measure?: 'mul' | 'abs'
  /** Leaves out the first key. Default false. */
  excludeBos?: boolean
  /** Leaves out every query's own token. Default false. */
  excludeCurrentToken?: boolean
}

/**
 * How much a head is one of a kind, as `detect_head` of TransformerLens defines it (head_detector.py), for a map of a
 * text by itself: with D the pattern, 1 where it expects the head to look, `mul` is Σ w D / Σ w, in 0 to 1, and `abs` is
 * 1 − Σ |w − D| / N, in −1 to 1 (there rounded to three decimals, here not). What is left out counts in none of the sums,
 * but N stays the number of queries. A map with no weight left has score 0.
 *
 * @param ids of the tokens, one a key
 * @throws HeedError `input` for a map that is not of one text by itself, or other than one id a key; HeedTypeError
 *   `option` for an unknown pattern or measure; `aborted` by the signal
 */
export async function detectHead(
  map: AttentionMap,
  ids: ArrayLike<number>,
  options: DetectOptions,
): Promise<number> {
  checkOptions('detectHead', options, [
    'pattern',
    'measure',
    'excludeBos',
    'excludeCurrentToken',
    'signal',
    'onProgress',
  ])
  const { pattern, measure = 'mul', excludeBos = false, excludeCurrentToken = false, ...rest } = options
  if (measure !== 'mul' && measure !== 'abs')
    throw new HeedTypeError('option', `measure must be 'mul' or 'abs', got '${String(measure)}'`)
  const keysOf = patternKeys(pattern, ids)
  const offset = positionOf(map)
  if (offset === undefined)
    throw new HeedError('input', `a cross-attention has no ${pattern} heads: its keys are another text's`)
  checkIds(map, ids)
  let [total, matched, missed] = [0, 0, 0]
  const visit: RowVisitor = (query, cells, from) => {
    const i = query + offset
    for (const w of cells) total += w
    if (excludeBos) total -= cellAt(cells, from, 0)
    if (excludeCurrentToken && !(excludeBos && i === 0)) total -= cellAt(cells, from, i)
    for (const j of keysOf(i)) {
      if ((excludeBos && j === 0) || (excludeCurrentToken && j === i)) continue
      const w = cellAt(cells, from, j)
      matched += w
      missed += Math.abs(1 - w)
    }
  }
  await scan(map, [visit], rest)
  if (measure === 'mul') return total > 0 ? matched / total : 0
  return 1 - (missed + total - matched) / map.rows
}

/** Where query 0 stands among the keys; undefined where keys are another text's. */
export function positionOf({ parts, rows, cols }: AttentionMap): number | undefined {
  if (parts.some(({ kept }) => kept.site.endsWith('.cross'))) return undefined
  if (rows === cols) return 0
  // Queries that go on from a cache: the last query is the last key, unless causal says otherwise.
  const { kept, batch } = parts[0]
  const { causal } = kept.options
  const offset = typeof causal === 'object' ? causal.offset : undefined
  return (typeof offset === 'number' ? offset : offset?.[batch]) ?? cols - rows
}

export function checkIds({ cols }: AttentionMap, ids: ArrayLike<number>): void {
  if (ids.length !== cols)
    throw new HeedError('input', `the map has ${cols} keys, but there are ${ids.length} ids; give one a key`)
}
