import { type LinkEffect, linkEffects, type MapLink, type Seen } from 'heed/lens'
import { fixed, signed, visible, visibleLine, weight2, wordLinks, wrap } from 'heed/look'
import type { Intervention, Model } from 'heed/models'
import { mapsToShow } from './maps.js'
import type { Paint } from './terminal/color.js'
import { withProgress } from './terminal/progress.js'
import { table } from './terminal/table.js'
import { fence } from './terminal/text.js'

/** A strong link of a map that is shown, between words. */
export interface ShownLink extends MapLink {
  /** Undefined where the map is the mean of the site's heads. */
  heads: number[] | undefined
  query: string
  key: string
  weight: number
}

interface Wanted {
  sites: readonly string[]
  /** One map per site, the mean of its heads, instead of one per head. */
  mean: boolean
  /** Links of a map at most. */
  limit: number
  beam?: number
  with?: readonly Intervention[]
  signal: AbortSignal
}

/** What forbidding each strong link does, for every map in the order in which maps are shown. */
export async function mattersOf(
  model: Model,
  seen: Seen,
  { sites, mean, limit, beam, with: changes, signal }: Wanted,
): Promise<LinkEffect<ShownLink>[][]> {
  const maps = sites.flatMap((site) => {
    const heads = seen.maps.filter((map) => map.site === site).map(({ head }) => head)
    return mapsToShow(seen, { sites: [site], mean }).map((map, n): ShownLink[] =>
      wordLinks(map, { limit }).map(({ query, key, weight }) => ({
        site,
        heads: mean ? undefined : [heads[n]],
        queries: [query.start, query.end],
        keys: [key.start, key.end],
        query: query.text,
        key: key.text,
        weight,
      })),
    )
  })
  const found = await withProgress('forbidding links', 'links', (onProgress) =>
    linkEffects(model, seen.text, { links: maps.flat(), beam, with: changes, signal, onProgress }),
  )
  return maps.map((links) => found.filter(({ link }) => links.includes(link)))
}

/** Links as the document of --json has them. */
export const listedLinks = (maps: readonly (readonly LinkEffect<ShownLink>[])[]) =>
  maps.flat().map(({ link, ...effect }) => ({ ...link, heads: link.heads ?? null, ...effect }))

/** The links of one map as lines for a terminal: beside each what forbidding it does. */
export function matterLines(
  links: readonly LinkEffect<ShownLink>[],
  columns: number,
  style: Paint,
): string[] {
  if (links.length === 0) return []
  const [{ logProb, here, output, cosine }] = links
  const heads = ['', 'weight']
  if (here) heads.push('here')
  if (logProb) heads.push('in all')
  if (cosine !== null) heads.push('cosine')
  if (output) heads.push(links[0].link.site.startsWith('layers.') ? 'next token' : 'the output becomes')
  const last = output ? heads.length - 1 : -1
  const rows = links.map(({ link, here, logProb, cosine, output }) => [
    `${fence(link.query)} → ${fence(link.key)}`,
    weight2(link.weight),
    ...[here, logProb].flatMap((change) => (change ? [signed(change.after - change.before)] : [])),
    ...(cosine === null ? [] : [fixed(cosine, 3)]),
    ...(output ? [output.after === output.before ? 'the same' : outcome(output.after)] : []),
  ])
  const idle = (cell: string, row: number, column: number) =>
    row === 0 || (column === last && cell === 'the same')
  return [
    ...wrap('Strongest links, and what forbidding each does', columns).map(style.strong),
    ...table([heads, ...rows], {
      columns: columns - 2,
      align: heads.map((_, column) => (column === 0 || column === last ? 'left' : 'right')),
      paint: (cell, row, column) => (idle(cell, row, column) ? style.quiet(cell) : cell),
    }).map((line) => `  ${line}`),
    ...wrap(explained(links[0]), columns).map(style.quiet),
  ]
}

/** A token shows its spaces, a translation is a sentence. */
const outcome = (text: string) =>
  /^\s|\s$/.test(text) || text === '' ? `“${visible(text)}”` : visibleLine(text)

function explained({ here, logProb, cosine }: LinkEffect): string {
  if (cosine !== null) return 'cosine: between the text’s vectors, before and after'
  if (!logProb) return ''
  const own = here ? 'here: of what the link’s word says; ' : ''
  return `${own}in all: of the whole translation or text as it was; log p in nats, after less before`
}
