import { HeedError, scope, slice, type Tensor } from 'heed'
import { ablate, type AttentionMap, type Capture } from 'heed/lens'
import { drawnTokens, tokenLabels } from 'heed/look'
import { CausalModel } from 'heed/models'
import { type TooLong, tooLong } from './length'
import { bytesPerToken, losses, ownSites, readLong } from './long-read'
import { type ModelSource, type OpenModel, openModel } from './models'
import type { Context } from './rpc'
import { type Pool, type TilePlace, tileSpan } from './tile'

/** Up to so many bytes all attentions of a text are held; above, one at a time. */
const HELD_BYTES = 256 * 2 ** 20

export interface LongText {
  model: ModelSource
  text: string
  /** The text's name among those that were read: the same for the same text. */
  id: string
}

/** What it takes to look at a text. */
export interface LongSize {
  kind: 'size'
  tokens: number
  /** Of q, k and two numbers a row, of all that is held. */
  bytes: number
  /** Attentions that are held: all, or one where all would be too much. */
  held: number
  sites: number
}

/** Counts a text's tokens, and what looking at it takes, before it is read. */
export async function longSize(
  { model, text }: Omit<LongText, 'id'>,
  context: Context,
): Promise<LongSize | TooLong> {
  const open = await openModel(model, context)
  const refused = tooLong(open, text, Infinity)
  if (refused) return refused
  const tokens = open.model.sourceTokens(text).length
  const { sites, bytes } = await chosenSites(open, tokens)
  return { kind: 'size', tokens, bytes, held: sites.length, sites: ownSites(open).length }
}

/** The attentions that are held of a text of so many tokens: all, or `wanted` (the last) where that is too much. */
async function chosenSites(
  open: OpenModel,
  tokens: number,
  wanted?: string,
): Promise<{ sites: string[]; bytes: number }> {
  const each = await bytesPerToken(open)
  const sites = [...each.keys()]
  if (wanted !== undefined && !each.has(wanted))
    throw new HeedError(
      'not-found',
      `${open.info.name} does not read a text at ${wanted}; it does at ${sites.join(', ')}`,
    )
  const bytesOf = (some: readonly string[]) => tokens * some.reduce((sum, site) => sum + each.get(site)!, 0)
  if (bytesOf(sites) <= HELD_BYTES) return { sites, bytes: bytesOf(sites) }
  const one = [wanted ?? sites.at(-1)!]
  return { sites: one, bytes: bytesOf(one) }
}

export interface LongRead extends LongText {
  /** Default: the last. */
  site?: string
}

/** A text that was read: what the page needs of it, without a weight. */
export interface LongView {
  kind: 'read'
  id: string
  tokens: number
  /** Labels of the tokens, a line each. */
  labels: string
  /** Where tokens stand in the text, [start, end) each. */
  starts: Int32Array
  ends: Int32Array
  /** All that may be looked at, and the one that is looked at when nobody says. */
  sites: readonly string[]
  site: string
  /** Held now: another one costs a pass. */
  held: readonly string[]
  heads: number
  bytes: number
  /** It says what comes next, so that what a head is worth to it can be measured. */
  predicts: boolean
}

/** Reads a text and keeps q, k, m and ℓ of it in the engine, under its name; one long text at a time. */
export async function longRead(
  { model, text, id, site }: LongRead,
  context: Context,
): Promise<LongView | TooLong> {
  const open = await openModel(model, context)
  const refused = tooLong(open, text, Infinity)
  if (refused) return refused
  const { sites, bytes } = await chosenSites(open, open.model.sourceTokens(text).length, site)
  let seen = heldLong(open, id)
  if (!seen || !sites.every((name) => seen!.attentions.has(name))) {
    letGo(open)
    seen = await readLong(open, text, sites, context)
    open.captures.set(key(id), seen)
  }
  const tokens = seen.of!.tokens.source
  return {
    kind: 'read',
    id,
    tokens: tokens.length,
    labels: tokenLabels(drawnTokens(tokens, text)).join('\n'),
    starts: Int32Array.from(tokens, ({ start }) => start),
    ends: Int32Array.from(tokens, ({ end }) => end),
    sites: ownSites(open),
    site: site ?? sites.at(-1)!,
    held: seen.sites,
    heads: seen.heads,
    bytes,
    predicts: open.model instanceof CausalModel && open.model.readout !== undefined,
  }
}

const key = (id: string) => `long:${id}`

/** The capture of a long text; looking at it keeps it from being let go. */
function heldLong({ captures }: OpenModel, id: string): Capture | undefined {
  const seen = captures.get(key(id))
  if (seen) {
    captures.delete(key(id))
    captures.set(key(id), seen)
  }
  return seen
}

/** Frees what is held of long texts. */
function letGo({ captures }: OpenModel): void {
  for (const [name, seen] of captures)
    if (name.startsWith('long:')) {
      captures.delete(name)
      seen.dispose()
    }
}

/** A head of a text that was read. */
export interface LongHead {
  model: ModelSource
  id: string
  site: string
  head: number
}

async function opened(
  { model, id, site, head }: LongHead,
  context: Context,
): Promise<{ seen: Capture; map: AttentionMap }> {
  const seen = heldLong(await openModel(model, context), id)
  if (!seen) throw new HeedError('disposed', 'the engine has let go of this text; read it again')
  return { seen, map: seen.map(site, head) }
}

/** A tile of the map, [rows, cols]: a pixel is the largest or the mean of the weights that it covers. */
export async function longTile(
  { level, row, column, pool, ...of }: LongHead & TilePlace & { pool: Pool },
  context: Context,
): Promise<{ rows: number; cols: number; values: Float32Array }> {
  const { map } = await opened(of, context)
  const [rows, cols] = [tileSpan(row, level, map.rows), tileSpan(column, level, map.cols)]
  const { signal } = context
  const tile = await map.overview({ block: 2 ** level }, { rows, cols, pool, signal })
  return { rows: tile.rows, cols: tile.cols, values: tile.cells }
}

export interface LinksRequest extends LongHead {
  /** [start, end) of the queries that are looked through. */
  rows: readonly [start: number, end: number]
  /** Links over fewer tokens do not count. */
  apart: number
  most: number
}

/** Links of a map, strongest first. */
export interface Links {
  queries: Int32Array
  keys: Int32Array
  weights: Float32Array
}

/** The strongest links of some rows. Special tokens neither ask nor answer, nor, in a causal model, does the first answer. */
export async function longLinks(
  { rows, apart, most, ...of }: LinksRequest,
  context: Context,
): Promise<Links> {
  const { seen, map } = await opened(of, context)
  const tokens = seen.of!.tokens.source
  const isSpecial = (i: number) => tokens[i].start === tokens[i].end
  const isCausal = Boolean(seen.attention(of.site).options.causal)
  const found = await map.strongest(most, {
    rows,
    queries: (i) => !isSpecial(i),
    keys: (j) => !isSpecial(j) && !(isCausal && j === 0),
    links: (i, j) => Math.abs(i - j) >= apart,
    signal: context.signal,
  })
  return {
    queries: Int32Array.from(found, ({ query }) => query),
    keys: Int32Array.from(found, ({ key }) => key),
    weights: Float32Array.from(found, ({ weight }) => weight),
  }
}

/** One cell, and what made it. */
export interface LongCell {
  query: number
  key: number
  product: number
  /** −∞ where the query may not see the key. */
  score: number
  /** The row's largest score, and its sum of exponentials. */
  largest: number
  sum: number
  weight: number
}

/** The strongest cell of a part of the map: of a pixel, that is, or of one cell. */
export async function longCell(
  { rows, cols, ...of }: LongHead & { rows: readonly [number, number]; cols: readonly [number, number] },
  context: Context,
): Promise<LongCell> {
  const { seen, map } = await opened(of, context)
  const [strongest] = await map.strongest(1, { rows, cols })
  const [query, at] = strongest ? [strongest.query, strongest.key] : [rows[0], cols[0]]
  const { m, l } = seen.attention(of.site)
  const cell = (stage: 'products' | 'scores' | 'weights') => map.cell(query, at, { stage })
  return {
    query,
    key: at,
    product: await cell('products'),
    score: await cell('scores'),
    largest: await ofRow(m, of.head, query),
    sum: await ofRow(l, of.head, query),
    weight: await cell('weights'),
  }
}

/** x [1, H, T] at a head and a row. */
async function ofRow(x: Tensor, head: number, row: number): Promise<number> {
  using one = scope(() => slice(slice(x, 1, head, head + 1), 2, row, row + 1)).keep()
  return (await one.data())[0]
}

/** What a head is worth to a text, in nats a token. */
export interface LongWorth {
  before: number
  after: number
  tokens: number
  /** Where it is missed most: tokens by place, with their −log p. */
  missed: { token: number; before: number; after: number }[]
}

/** Places that are named. */
const MISSED = 5

/** Reads the text twice, with the head and without it, and compares how well each token is foretold. */
export async function longWorth(
  { text, site, head, ...of }: LongText & { site: string; head: number },
  context: Context,
): Promise<LongWorth> {
  const { model, info } = await openModel(of.model, context)
  if (!(model instanceof CausalModel))
    throw new HeedError('unsupported', `${info.name} does not say what comes next; choose a language model`)
  const before = await losses(model, text, [], 'with', context)
  const after = await losses(model, text, [ablate(site, head)], 'without', context)
  const mean = (x: Float32Array) => x.reduce((sum, loss) => sum + loss, 0) / Math.max(1, x.length)
  const missed = Array.from(before, (loss, n) => ({ token: n + 1, before: loss, after: after[n] }))
    .sort((a, b) => b.after - b.before - (a.after - a.before))
    .slice(0, MISSED)
  return { before: mean(before), after: mean(after), tokens: before.length, missed }
}
