import { HeedError } from '../errors.js'
import type { Token } from '../text/index.js'
import { checkIds, patternKeys, positionOf } from './detectors.js'
import type { AttentionMap } from './map.js'
import { cellAt, negative, type RowVisitor, scan, type ScanOptions } from './scan.js'

/** What can be said of a row of an attention map, and of a head as the mean over its rows. */
export type MeasureName =
  | 'entropy'
  | 'effective'
  | 'distance'
  | 'offset'
  | 'first'
  | 'diagonal'
  | 'previous'
  | 'separators'
  | 'max'
  | 'duplicate'
  | 'induction'

export interface Measure {
  readonly name: MeasureName
  /** In a few words. */
  readonly says: string
  /** Of query i that stands at position i among n keys j. */
  readonly formula: string
  readonly source: string
  readonly unit: 'nats' | 'keys' | 'tokens' | 'share'
  readonly range: readonly [low: string, high: string]
  /** Whether it asks that queries and keys be one text: cross-attention has none. */
  readonly positions: boolean
}

const share = { unit: 'share', range: ['0', '1'] } as const

/** All measures of rows, in the order in which they are shown. */
export const measures: readonly Measure[] = [
  {
    name: 'entropy',
    says: 'how spread the attention is; 0 when all is on one key',
    formula: '−Σ_j w_ij ln w_ij',
    source: 'Shannon 1948; of heads Clark et al. 2019, "What Does BERT Look At?"',
    unit: 'nats',
    range: ['0', 'ln n'],
    positions: false,
  },
  {
    name: 'effective',
    says: 'the effective number of keys: as many equally strong ones would have this entropy',
    formula: 'exp(−Σ_j w_ij ln w_ij)',
    source: 'Hill 1973, order 1',
    unit: 'keys',
    range: ['1', 'n'],
    positions: false,
  },
  {
    name: 'distance',
    says: 'how far away it looks',
    formula: 'Σ_j w_ij |i − j|',
    source: 'Vig & Belinkov 2019, "Analyzing the Structure of Attention in a Transformer Language Model"',
    unit: 'tokens',
    range: ['0', 'n − 1'],
    positions: true,
  },
  {
    name: 'offset',
    says: 'where it looks: negative is back, positive ahead',
    formula: 'Σ_j w_ij (j − i)',
    source: 'the signed form of distance',
    unit: 'tokens',
    range: ['−(n − 1)', 'n − 1'],
    positions: true,
  },
  {
    name: 'first',
    says: 'weight on the first token, where many heads rest (attention sink)',
    formula: 'w_i0',
    source: 'Xiao et al. 2023, "Efficient Streaming Language Models with Attention Sinks"',
    ...share,
    positions: false,
  },
  {
    name: 'diagonal',
    says: 'weight on the token itself',
    formula: 'w_ii',
    source: 'Kovaleva et al. 2019, "Revealing the Dark Secrets of BERT"',
    ...share,
    positions: true,
  },
  {
    name: 'previous',
    says: 'weight on the token before; its mean is the score of a previous-token head',
    formula: 'w_i,i−1',
    source: 'TransformerLens, head_detector.py (mul); Clark et al. 2019',
    ...share,
    positions: true,
  },
  {
    name: 'separators',
    says: 'weight on special tokens and on punctuation, the first token left out',
    formula: 'Σ_{j ∈ S} w_ij',
    source: 'Clark et al. 2019, "What Does BERT Look At?"',
    ...share,
    positions: false,
  },
  {
    name: 'max',
    says: 'the largest weight of a row',
    formula: 'max_j w_ij',
    source: 'Voita et al. 2019 (confidence, there without the end token)',
    ...share,
    positions: false,
  },
  {
    name: 'duplicate',
    says: 'weight on earlier places of the same token: the score of a duplicate-token head',
    formula: 'Σ_{j < i, t_j = t_i} w_ij',
    source: 'TransformerLens, head_detector.py (mul)',
    ...share,
    positions: true,
  },
  {
    name: 'induction',
    says: 'weight on what followed earlier places of the same token: the score of an induction head',
    formula: 'Σ_{0 < j ≤ i, t_{j−1} = t_i} w_ij',
    source: 'TransformerLens, head_detector.py (mul); Olsson et al. 2022',
    ...share,
    positions: true,
  },
]

export interface StatsOptions extends ScanOptions {
  /** Ids of the keys: adds duplicate and induction. */
  ids?: ArrayLike<number>
  /** Positions of keys that separate (see `separatorsOf`): adds separators. */
  separators?: Iterable<number>
}

/** Measures of a map, each [queries]; a query that may attend to nothing has 0 everywhere. */
export type MapStats = Readonly<Partial<Record<MeasureName, Float32Array>>> &
  Readonly<Record<'entropy' | 'effective' | 'first' | 'max', Float32Array>> & {
    /** Queries that attend to anything. */
    readonly queries: number
    /** Over those. */
    readonly means: Readonly<Partial<Record<MeasureName, number>>>
  }

/**
 * The measures of every row of a map, in one walk over it; sums are in float64. Entropy, distance and offset are of the
 * row as a distribution, w_ij / Σ_j w_ij, which is w_ij itself unless a sink logit or an intervention took a share.
 *
 * @throws HeedError `input` for other than one id a key, separators that are no keys, or weights below 0; `aborted` by the
 *   signal
 */
export async function stats(
  map: AttentionMap,
  { ids, separators, ...options }: StatsOptions = {},
): Promise<MapStats> {
  const collector = statsOf(map, { ids, separators })
  await scan(map, [collector.visit], options)
  return collector.done()
}

/** The same as one of several visitors of a walk. */
export function statsOf(
  map: AttentionMap,
  { ids, separators }: Pick<StatsOptions, 'ids' | 'separators'>,
): { visit: RowVisitor; done(): MapStats } {
  const position = positionOf(map)
  const asked = separators && checkSeparators(map, separators)
  if (ids) checkIds(map, ids)
  const names = measures
    .filter(({ positions }) => !positions || position !== undefined)
    .map(({ name }) => name)
    .filter((name) => name !== 'separators' || asked)
    .filter((name) => (name !== 'duplicate' && name !== 'induction') || ids)
  const rows = Object.fromEntries(names.map((name) => [name, new Float32Array(map.rows)])) as Record<
    MeasureName,
    Float32Array
  >
  const sums = Object.fromEntries(names.map((name) => [name, 0])) as Record<MeasureName, number>
  let queries = 0
  const onPattern =
    ids && position !== undefined
      ? (['duplicate', 'induction'] as const).map((name) => ({ name, keysOf: patternKeys(name, ids) }))
      : []
  const visit: RowVisitor = (query, cells, from) => {
    const put = (name: MeasureName, value: number) => {
      rows[name][query] = value
      sums[name] += value
    }
    const { total, entropy, max } = spread(cells)
    if (total === 0) return
    queries++
    put('entropy', entropy)
    put('effective', Math.exp(entropy))
    put('max', max)
    put('first', cellAt(cells, from, 0))
    if (asked) put('separators', massOn(asked, cells, from))
    if (position === undefined) return
    const i = query + position
    const { distance, offset } = reach(cells, i - from)
    put('distance', distance / total)
    put('offset', offset / total)
    put('diagonal', cellAt(cells, from, i))
    put('previous', cellAt(cells, from, i - 1))
    for (const { name, keysOf } of onPattern) put(name, massOn(keysOf(i), cells, from))
  }
  const done = (): MapStats => {
    const mean = (name: MeasureName) => (queries > 0 ? sums[name] / queries : 0)
    const means = Object.fromEntries(names.map((name) => [name, mean(name)]))
    return { ...rows, queries, means }
  }
  return { visit, done }
}

/** Sum, entropy (nats) and largest of a row; the entropy is that of the row divided by its sum. */
function spread(cells: Float32Array): { total: number; entropy: number; max: number } {
  let [total, logs, max] = [0, 0, 0]
  for (const w of cells) {
    if (!(w > 0)) {
      if (w < 0) throw negative('stats', w)
      continue
    }
    total += w
    logs += w * Math.log(w)
    if (w > max) max = w
  }
  // −Σ p ln p with p = w / S is ln S − Σ w ln w / S; rounding must not make it negative.
  return { total, max, entropy: total > 0 ? Math.max(0, Math.log(total) - logs / total) : 0 }
}

/** Σ w |i − j| and Σ w (j − i), `at` being the place of i in the row. */
function reach(cells: Float32Array, at: number): { distance: number; offset: number } {
  let [behind, ahead] = [0, 0]
  for (let n = 0; n < cells.length; n++) {
    if (n < at) behind += cells[n] * (at - n)
    else ahead += cells[n] * (n - at)
  }
  return { distance: behind + ahead, offset: ahead - behind }
}

function massOn(keys: Iterable<number>, cells: Float32Array, from: number): number {
  let sum = 0
  for (const key of keys) sum += cellAt(cells, from, key)
  return sum
}

function checkSeparators({ cols }: AttentionMap, separators: Iterable<number>): number[] {
  const asked = [...new Set(separators)]
  const wrong = asked.find((key) => !(Number.isInteger(key) && key >= 0 && key < cols))
  if (wrong === undefined) return asked
  throw new HeedError('input', `separator ${wrong} is no key; there are 0 to ${cols - 1}`)
}

/**
 * Positions of the tokens that separate: special ones, and those whose text is punctuation alone (Unicode's P). The
 * first token is none: the measure `first` has it.
 */
export const separatorsOf = (tokens: readonly Token[]): number[] =>
  tokens.flatMap(({ text, start, end }, n) =>
    n > 0 && (start === end || /^\p{P}+$/u.test(text.trim())) ? [n] : [],
  )
