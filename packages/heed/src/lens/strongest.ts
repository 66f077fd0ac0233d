import { HeedTypeError } from '../errors.js'
import type { AttentionMap } from './map.js'
import { checkCells, negative, type ScanOptions, type WalkOptions } from './scan.js'

/** The strongest keys of every query, strongest first. */
export interface TopKeys {
  /** Keys a query. */
  readonly count: number
  /** [queries, count]; −1 where a query sees fewer keys. */
  readonly keys: Int32Array
  /** [queries, count]; 0 where there is no key. */
  readonly weights: Float32Array
}

/** One cell of a map. */
export interface Link {
  readonly query: number
  readonly key: number
  readonly weight: number
}

export interface StrongestOptions extends WalkOptions {
  /** Which queries and which keys count; default all. Special tokens, for one, are often left out. */
  queries?: (query: number) => boolean
  keys?: (key: number) => boolean
  /** Which pairs count, asked of strong ones only; default all. */
  links?: (query: number, key: number) => boolean
}

/**
 * The `count` strongest keys of every query, of those with a weight above 0.
 *
 * @throws HeedTypeError `option` for a count that is not one; HeedError `memory` for more than 1 GB of them; `input` for a
 *   map with weights below 0
 */
export async function top(map: AttentionMap, count: number, options?: ScanOptions): Promise<TopKeys> {
  checkCount('top', count)
  const most = Math.min(count, map.cols)
  checkCells('a list of top keys', map.rows, most, 'ask for fewer keys, or walk the map with blocks()', 8)
  const keys = new Int32Array(map.rows * most).fill(-1)
  const weights = new Float32Array(map.rows * most)
  for await (const { rows, cols, weights: cells } of map.blocks(options)) {
    const width = cols[1] - cols[0]
    for (let i = rows[0]; i < rows[1]; i++) {
      const at = (i - rows[0]) * width
      const [k, w] = [keys.subarray(i * most, (i + 1) * most), weights.subarray(i * most, (i + 1) * most)]
      // An insertion into a short sorted list: equal weights keep the order of their keys.
      let least = 0
      for (let j = 0; j < width; j++) {
        const weight = cells[at + j]
        if (!(weight > least)) {
          if (weight < 0) throw negative('top', weight)
          continue
        }
        let place = most - 1
        for (; place > 0 && w[place - 1] < weight; place--) {
          w[place] = w[place - 1]
          k[place] = k[place - 1]
        }
        w[place] = weight
        k[place] = cols[0] + j
        least = w[most - 1]
      }
    }
  }
  return { count: most, keys, weights }
}

/**
 * The `count` strongest pairs, of those with a weight above 0, strongest first.
 *
 * @throws HeedTypeError `option` for a count that is not one; HeedError `input` for a map with weights below 0
 */
export async function strongest(
  map: AttentionMap,
  count: number,
  { queries = () => true, keys = () => true, links = () => true, ...options }: StrongestOptions = {},
): Promise<Link[]> {
  checkCount('strongest', count)
  const asked = Array.from({ length: map.cols }, (_, j) => keys(j))
  let found: Link[] = []
  // Candidates come in bulk and are sorted now and then: a link below `least` can no longer be among the strongest.
  let least = 0
  const settle = () => {
    found.sort((a, b) => b.weight - a.weight || a.query - b.query || a.key - b.key)
    found = found.slice(0, count)
    if (found.length === count) least = found[count - 1].weight
  }
  for await (const { rows, cols, weights } of map.blocks(options)) {
    const width = cols[1] - cols[0]
    for (let i = rows[0]; i < rows[1]; i++) {
      if (!queries(i)) continue
      const at = (i - rows[0]) * width
      for (let j = 0; j < width; j++) {
        const weight = weights[at + j]
        if (weight < 0) throw negative('strongest', weight)
        if (!(weight > least && asked[cols[0] + j] && links(i, cols[0] + j))) continue
        found.push({ query: i, key: cols[0] + j, weight })
      }
      if (found.length > 4 * count + 1024) settle()
    }
  }
  settle()
  return found
}

function checkCount(what: string, count: number): void {
  if (!(Number.isSafeInteger(count) && count >= 1))
    throw new HeedTypeError('option', `${what} takes a whole number from 1 up, got ${count}`)
}
