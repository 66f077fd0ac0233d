import {
  axisSpans,
  type Capture,
  type MapStats,
  type Measure,
  type MeasureName,
  measures,
  separatorsOf,
} from 'heed/lens'
import { type DrawnToken, drawnAxes, wordLinks } from 'heed/look'
import { captured } from './captures'
import { openingHead, type Place, sides, strongestLink } from './choice'
import { type TooLong, tooLong } from './length'
import { type ModelSource, openModel } from './models'
import type { Context } from './rpc'
import { MOST_TOKENS } from './step'

export type { Measure, MeasureName }

/** What heads are sorted, coloured and placed by: a measure of their maps, or what they are worth. */
export type MeasureKey = MeasureName | 'matters'

/** Cells on a side of a thumbnail; what is larger is pooled. */
const THUMBNAIL = 64

/** One head among all. */
export interface HeadSummary {
  site: string
  head: number
  /** Of every measure the mean over the text's queries; a cross-attention lacks what asks for places. */
  means: MapStats['means']
  /** [rows, columns]: the map, or of each part of it the largest weight. */
  cells: Float32Array
  rows: number
  columns: number
  /** Of each query the key that it gives most, where that was asked for. */
  tops?: Int32Array
}

/** Every head of a model, reading one text. */
export interface HeadsView {
  kind: 'view'
  heads: HeadSummary[]
  measures: readonly Measure[]
  /** The translation, where the model makes one. */
  output: string | null
  /** The most keys of a map, which ends the scales of what is counted in keys and tokens. */
  keys: number
}

/** All heads as thumbnails with their measures. */
export async function heads(
  { model, text, withTops }: { model: ModelSource; text: string; withTops?: boolean },
  context: Context,
): Promise<HeadsView | TooLong> {
  const open = await openModel(model, context)
  const refused = tooLong(open, text, MOST_TOKENS)
  if (refused) return refused
  const seen = await captured(open, text, open.model.sites.at(-1)!, context)
  const all = seen.sites.flatMap((site) => Array.from({ length: seen.heads }, (_, head) => ({ site, head })))
  const found: HeadSummary[] = []
  for (const { site, head } of all) {
    context.signal.throwIfAborted()
    const map = seen.map(site, head)
    const size = [Math.min(THUMBNAIL, map.rows), Math.min(THUMBNAIL, map.cols)] as const
    const { cells } = await map.overview(size, { pool: 'max' })
    found.push({
      site,
      head,
      means: await meansOf(seen, site, head),
      cells,
      rows: size[0],
      columns: size[1],
      ...(withTops && { tops: (await map.top(1)).keys }),
    })
    context.onProgress({ stage: 'measure', done: found.length, total: all.length })
  }
  return {
    kind: 'view',
    heads: found,
    measures,
    output: seen.of!.output,
    keys: Math.max(...seen.sites.map((site) => seen.attention(site).k.shape[1])),
  }
}

/** The means of `measureHeads`, of a text that was read already. */
async function meansOf(seen: Capture, site: string, head: number): Promise<MapStats['means']> {
  const keys = seen.of!.tokens[sides(site).keys] ?? []
  const { means } = await seen
    .map(site, head)
    .stats({ ids: keys.map(({ id }) => id), separators: separatorsOf(keys) })
  return means
}

export interface HeadRequest {
  model: ModelSource
  text: string
  /** Default: see `openingHead`. */
  site?: string
  head?: number
  /** That one too where the model has no such head: it is another model's. */
  orOpening?: boolean
  over: 'tokens' | 'words'
}

/** One head, to be shown large. */
export interface HeadView {
  kind: 'view'
  /** The model's name. */
  model: string
  site: string
  head: number
  text: string
  output: string | null
  queries: DrawnToken[]
  keys: DrawnToken[]
  /** The tokens [start, end) that each row and column stands for. */
  rows: (readonly [start: number, end: number])[]
  columns: (readonly [start: number, end: number])[]
  /** [queries, keys] */
  weights: Float32Array
  /** What rows are where that is not plain. */
  ofPredicted: boolean
  means: MapStats['means']
  /** The strongest link between two words: where one looks first. */
  strongest: Pick<Place, 'query' | 'key'>
  /** The strongest links, one a word at most. */
  links: StrongLink[]
}

/** A link between two words, with their tokens [start, end). */
export interface StrongLink {
  query: string
  key: string
  queries: readonly [start: number, end: number]
  keys: readonly [start: number, end: number]
  weight: number
}

/** Strong links that are told. */
const LINKS = 5

/** The map of one head, over tokens or words. */
export async function head(request: HeadRequest, context: Context): Promise<HeadView | TooLong> {
  const { model, text, over } = request
  const open = await openModel(model, context)
  const refused = tooLong(open, text, MOST_TOKENS)
  if (refused) return refused
  const { sites, heads } = open.model
  const isUnknown = !sites.includes(request.site ?? '') || !((request.head ?? 0) < heads)
  const asked: Pick<HeadRequest, 'site' | 'head'> = request.orOpening && isUnknown ? {} : request
  const seen = await captured(open, text, asked.site ?? sites[0], context)
  const { site, head } =
    asked.site !== undefined && asked.head !== undefined
      ? { site: asked.site, head: asked.head }
      : await openingHead(seen, asked.site === undefined ? seen.sites : [asked.site])
  const { queries, keys, rows, columns, weights } = await mapOver(seen, site, head, over)
  const { query, key } = await strongestLink(seen, site, head)
  const at = (ranges: HeadView['rows'], token: number) =>
    Math.max(
      0,
      ranges.findIndex(([start, end]) => start <= token && token < end),
    )
  return {
    kind: 'view',
    model: model.name,
    site,
    head,
    text,
    output: seen.of!.output || null,
    queries,
    keys,
    rows,
    columns,
    weights,
    ofPredicted: site.endsWith('.cross'),
    means: await meansOf(seen, site, head),
    strongest: { query: at(rows, query), key: at(columns, key) },
    links: await strongLinks(seen, site, head),
  }
}

async function strongLinks(seen: Capture, site: string, head: number): Promise<StrongLink[]> {
  const map = seen.map(site, head)
  const all = await map.tile()
  const weights = Array.from({ length: map.rows }, (_, i) => all.subarray(i * map.cols, (i + 1) * map.cols))
  const axes = drawnAxes(seen.of!, { site, ...sides(site) })
  return wordLinks({ title: site, ...axes, weights }, { limit: LINKS }).map(({ query, key, weight }) => ({
    query: query.text,
    key: key.text,
    queries: [query.start, query.end],
    keys: [key.start, key.end],
    weight,
  }))
}

type MapOver = Pick<HeadView, 'queries' | 'keys' | 'rows' | 'columns' | 'weights'>

async function mapOver(
  seen: Capture,
  site: string,
  head: number,
  over: HeadRequest['over'],
): Promise<MapOver> {
  const map = seen.map(site, head)
  if (over === 'tokens') {
    const { queries, keys } = drawnAxes(seen.of!, { site, ...sides(site) })
    const each = (n: number) => Array.from({ length: n }, (_, i) => [i, i + 1] as const)
    return {
      queries: [...queries],
      keys: [...keys],
      rows: each(map.rows),
      columns: each(map.cols),
      weights: await map.tile(),
    }
  }
  const spans = axisSpans(seen.of!, site, 'words')
  const weights = await map.over(spans)
  const drawn = (of: typeof spans.keys): DrawnToken[] =>
    of.map(({ text, special }) => ({ text, special, startsWord: true }))
  const ranges = (of: typeof spans.keys) => of.map(({ start, end }) => [start, end] as const)
  return {
    queries: drawn(spans.queries),
    keys: drawn(spans.keys),
    rows: ranges(spans.queries),
    columns: ranges(spans.keys),
    weights: Float32Array.from(weights.flatMap((row) => [...row])),
  }
}
