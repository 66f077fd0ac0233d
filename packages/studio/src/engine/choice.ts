import type { Capture } from 'heed/lens'
import { drawnAxes, type DrawnToken, wordsOf } from 'heed/look'

/** Texts of more tokens are opened at the middle layer, without a look at every map. */
const LOOKED_AT = 64

/** A link of a map: which query, which key. */
export interface Place {
  query: number
  key: number
  /** Both are words of one piece; else there are none such, and it is the strongest of all. */
  ofWords: boolean
}

/** Tokens that are words of one piece, by number. */
const wholeWords = (tokens: readonly DrawnToken[]): number[] =>
  wordsOf(tokens)
    .filter(({ special, start, end, text }) => !special && end - start === 1 && /\p{L}/u.test(text))
    .map(({ start }) => start)

/**
 * The strongest link of a map between two different whole words; between any two places where there is none. The first
 * token is no key where it would draw what is left over (a causal model without a start token).
 */
export async function strongestLink(
  captured: Capture,
  site: string,
  head: number,
): Promise<Place & { weight: number }> {
  const map = captured.map(site, head)
  const weights = await map.tile()
  const { queries, keys } = drawnAxes(captured.of!, { site, ...sides(site) })
  const isCausal = Boolean(captured.attention(site).options.causal)
  const allowed = (i: number, j: number) => !(isCausal && j === 0) && (i !== j || site.endsWith('.cross'))
  const best = (rows: readonly number[], cols: readonly number[], ofWords: boolean) => {
    let found: (Place & { weight: number }) | undefined
    for (const query of rows)
      for (const key of cols) {
        const weight = weights[query * map.cols + key]
        if (allowed(query, key) && weight > (found?.weight ?? 0)) found = { query, key, weight, ofWords }
      }
    return found
  }
  const all = (n: number) => [...Array(n).keys()]
  return (
    best(wholeWords(queries), wholeWords(keys), true) ??
    best(all(map.rows), all(map.cols), false) ?? { query: 0, key: 0, weight: weights[0] ?? 0, ofWords: false }
  )
}

/** Which side asks at a site, and which answers. */
export const sides = (site: string): Record<'queries' | 'keys', 'source' | 'target'> => {
  const queries = site.startsWith('decoder') ? 'target' : 'source'
  return { queries, keys: site.endsWith('.cross') ? 'source' : queries }
}

/** Where a model is opened when nobody says: the head with the strongest link between two whole words. */
export async function openingHead(
  captured: Capture,
  sites: readonly string[],
): Promise<{ site: string; head: number }> {
  const length = captured.of?.tokens.source.length ?? 0
  if (length > LOOKED_AT) return { site: sites[Math.floor(sites.length / 2)], head: 0 }
  let best = { site: sites[0], head: 0, weight: -1 }
  for (const site of sites)
    for (let head = 0; head < captured.heads; head++) {
      const { weight } = await strongestLink(captured, site, head)
      if (weight > best.weight) best = { site, head, weight }
    }
  return best
}
