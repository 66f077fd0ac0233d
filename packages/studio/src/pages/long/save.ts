import { type DrawnToken, mapSvg, overviewSvg, type Theme } from 'heed/look'
import type { Saving } from '../../app/share.svelte'
import type { LongView } from '../../engine/long'
import { TILE } from '../../engine/tile'
import { words } from '../../words/words.svelte'
import type { Link } from './links'
import type { LongState } from './state'
import type { Tiles } from './tiles'
import { corner, type Frame, levelOf, leastZoom, type View, visibleTiles, whole } from './view'
import { weightAt } from './weights'

export interface Shown {
  read: LongView
  head: number
  tiles: Tiles
  view: View
  frame: Frame
  labels: readonly string[]
  wanted: LongState
  links: readonly Link[]
  theme: Theme
}

/** Cells of a side of a picture of cells at most. */
const MOST_CELLS = 64

/** All that this page gives as files; pictures are offered when the tiles that they are of are there. */
export function savingsOf(shown: Shown): Saving[] {
  const file = (ending: string) => `heed-${shown.read.site}-${shown.head}${ending}`
  const { save } = words.now.long
  const type = 'image/svg+xml'
  const { tiles, view, frame } = shown
  const isThere = (view: View) => visibleTiles(view, frame).every((place) => tiles.get(place) !== undefined)
  const isNear = frame.side / view.zoom <= MOST_CELLS
  return [
    ...(isThere(whole(frame))
      ? [{ name: save.map, file: file('.svg'), type, make: () => mapOf(shown) }]
      : []),
    ...(isNear && isThere(view)
      ? [{ name: save.cells, file: file('-cells.svg'), type, make: () => cellsOf(shown) }]
      : []),
    { name: save.csv, file: file('-links.csv'), type: 'text/csv', make: () => csv(shown) },
    { name: save.json, file: file('-links.json'), type: 'application/json', make: () => json(shown) },
  ]
}

const titleOf = ({ read, head }: Shown) => words.now.long.save.title(read.site, head)

/** The whole map at the level that shows it. */
function mapOf(shown: Shown): string {
  const { tiles, frame, wanted, theme } = shown
  const level = levelOf(leastZoom(frame))
  const side = Math.ceil(frame.tokens / 2 ** level)
  const values = new Float32Array(side * side)
  for (const place of visibleTiles(whole(frame), frame)) {
    const tile = tiles.get(place)!
    const first = place.row * TILE * side + place.column * TILE
    for (let i = 0; i < tile.rows; i++)
      values.set(tile.values.subarray(i * tile.cols, (i + 1) * tile.cols), first + i * side)
  }
  const size = { height: side, width: side, queries: frame.tokens, keys: frame.tokens }
  return overviewSvg(
    { title: titleOf(shown), values, ...size, pooled: wanted.pool },
    { theme, scale: wanted.scale },
  )
}

/** The cells on the screen with their tokens. */
function cellsOf(shown: Shown): string {
  const { tiles, view, frame, labels, theme } = shown
  const from = corner(view, frame)
  const span = (start: number) => {
    const end = Math.min(frame.tokens, Math.ceil(start + frame.side / view.zoom))
    const first = Math.max(0, Math.floor(start))
    return Array.from({ length: end - first }, (_, n) => first + n)
  }
  const [rows, cols] = [span(from.query), span(from.key)]
  const named = (tokens: readonly number[]): DrawnToken[] =>
    tokens.map((n) => ({ text: labels[n], special: false, startsWord: true }))
  const weights = rows.map((query) => cols.map((key) => weightAt(tiles, { query, key }) ?? 0))
  return mapSvg({ title: titleOf(shown), queries: named(rows), keys: named(cols), weights }, { theme })
}

/** Every link of the list. */
function csv({ links, labels }: Shown): string {
  const quoted = (text: string) => `"${text.replaceAll('"', '""')}"`
  const lines = links.map(({ query, key, weight }) =>
    [query, key, quoted(labels[query]), quoted(labels[key]), weight].join(','),
  )
  return ['query,key,query_token,key_token,weight', ...lines].join('\n') + '\n'
}

const json = ({ read, head, wanted, links, labels }: Shown): string =>
  JSON.stringify({
    site: read.site,
    head,
    tokens: read.tokens,
    apart: wanted.apart,
    links: links.map(({ query, key, weight }) => ({
      query,
      key,
      weight,
      queryToken: labels[query],
      keyToken: labels[key],
    })),
  })
