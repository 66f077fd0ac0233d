import type { Links } from '../../engine/long'

export interface Link {
  query: number
  key: number
  weight: number
}

/** Links as near as this in both query and key are one: the strongest stands for it. */
export const NEAR = 8

/** Candidates that are held: many of them lie beside one another. */
const HELD = 4096

const byWeight = (a: Link, b: Link) => b.weight - a.weight || a.query - b.query || a.key - b.key

/** More links among those there were, strongest first. */
export function joined(links: readonly Link[], { queries, keys, weights }: Links): Link[] {
  const more = Array.from(queries, (query, n) => ({ query, key: keys[n], weight: weights[n] }))
  return [...links, ...more].sort(byWeight).slice(0, HELD)
}

/** The strongest links of which no two are near each other: a stripe of many has one line of the list. */
export function spreadOut(links: readonly Link[], most: number): Link[] {
  const kept: Link[] = []
  for (const link of links) {
    if (kept.length === most) break
    const isNear = (other: Link) =>
      Math.abs(link.query - other.query) <= NEAR && Math.abs(link.key - other.key) <= NEAR
    if (!kept.some(isNear)) kept.push(link)
  }
  return kept
}
