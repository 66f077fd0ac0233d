import type { DrawnMap, DrawnToken } from './map.js'

/** A token and its place in its text: what `heed/lens` gives. An empty span is a special token's. */
export interface SpannedToken {
  text: string
  start: number
  end: number
}

/** What was seen in one text, as far as pictures need it; the result of `see` of `heed/lens` is one. */
export interface SeenText<M extends SeenHead = SeenHead> {
  text: string
  output: string | null
  tokens: { source: readonly SpannedToken[]; target?: readonly SpannedToken[] }
  maps: readonly M[]
}

/** One head's map. */
export interface SeenHead {
  site: string
  head: number
  queries: 'source' | 'target'
  keys: 'source' | 'target'
  /** `[queries][keys]` */
  weights: readonly ArrayLike<number>[]
}

const parts = (site: string) => {
  const [side, layer, kind] = site.split('.')
  return { side, layer: Number(layer), kind }
}

/** 'Encoder 2 reads itself', from `encoder.2.self`. */
export function siteTitle(site: string): string {
  const { side, layer, kind } = parts(site)
  const names: Record<string, string> = { encoder: 'Encoder', decoder: 'Decoder', layers: 'Layer' }
  return `${names[side] ?? side} ${layer} reads ${kind === 'cross' ? 'the source' : 'itself'}`
}

/** The layer, the kind of a site, and the short name of a head: 'e2·3', 'd0·1', 'x1·2' (cross); '4·11' of other models. */
export function siteOf(
  site: string,
  head: number,
): { layer: number; kind: string; pattern: string; name: string } {
  const { side, layer, kind } = parts(site)
  const letter = kind === 'cross' ? 'x' : side === 'layers' ? '' : side[0]
  const kinds: Record<string, string> = {
    encoder: 'Encoder, reads itself',
    layers: 'Layers, read themselves',
  }
  const named = kind === 'cross' ? 'Decoder, reads the source' : (kinds[side] ?? 'Decoder, reads itself')
  return { layer, kind: named, pattern: `${side}.*.${kind}`, name: `${letter}${layer}·${head}` }
}

const end: DrawnToken = { text: '</s>', special: true, startsWord: true }

/** The tokens of both axes of a site's maps. A cross-attention's rows are named after the tokens that they predict. */
export function drawnAxes(
  { text, output, tokens }: Omit<SeenText, 'maps'>,
  { site, queries, keys }: Pick<SeenHead, 'site' | 'queries' | 'keys'>,
): Pick<DrawnMap, 'queries' | 'keys'> & { note?: string } {
  const of = (side: 'source' | 'target') =>
    side === 'source' ? drawnTokens(tokens.source, text) : drawnTokens(tokens.target ?? [], output ?? '')
  const asking = of(queries)
  if (!site.endsWith('.cross')) return { queries: asking, keys: asking }
  // Row i is the query that predicts token i + 1, so the row is named after that token.
  return { queries: [...asking.slice(1), end], keys: of(keys), note: 'rows are the words being predicted' }
}

/** One map of what was seen, ready to be drawn: `which` says of which head, `note` the rule that chose it. */
export function drawnMap(seen: SeenText, map: SeenHead, which = `head ${map.head}`, note?: string): DrawnMap {
  const { note: ofRows, ...axes } = drawnAxes(seen, map)
  const notes = [note, ofRows].filter((part) => part !== undefined)
  return {
    title: `${siteTitle(map.site)} · ${which}`,
    note: notes.length > 0 ? notes.join('; ') : undefined,
    ...axes,
    weights: map.weights,
  }
}

/** Scripts that put no space between words: each character stands for itself. */
const unspaced =
  /^[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}]/u

/** Tokens as words are drawn. Of those that share a character the first has it, and the others join it with no text. */
export function drawnTokens(tokens: readonly SpannedToken[], text: string): DrawnToken[] {
  let reached = 0
  return tokens.map(({ text: piece, start, end }) => {
    if (start === end) return { text: piece, special: true, startsWord: true }
    const joins = start < reached
    // A piece with U+FFFD may hold part of a character: the text has all of it.
    const own = piece.includes('\uFFFD') ? text.slice(Math.max(start, reached), end) : piece
    reached = Math.max(reached, end)
    const startsWord =
      !joins && (start === 0 || /^\s/.test(piece) || /\s/.test(text[start - 1]) || unspaced.test(own))
    return { text: own.replace(/^ (?=\S)/, ''), special: false, startsWord }
  })
}

/** The heads of what was seen as groups of a grid; `value` gives each its bar. */
export function headGroups<M extends SeenHead>(
  { maps }: Pick<SeenText<M>, 'maps'>,
  value?: (map: M) => number,
): {
  name: string
  site: string
  heads: { layer: number; head: number; name: string; weights: M['weights']; value?: number }[]
}[] {
  const groups = new Map<string, ReturnType<typeof headGroups<M>>[number]>()
  for (const map of maps) {
    const { layer, kind, pattern, name } = siteOf(map.site, map.head)
    const group = groups.get(pattern) ?? { name: kind, site: pattern, heads: [] }
    groups.set(pattern, group)
    group.heads.push({ layer, head: map.head, name, weights: map.weights, value: value?.(map) })
  }
  return [...groups.values()]
}
