import type { Seen, SeenMap } from 'heed/lens'
import type { DrawnMap, DrawnToken } from 'heed/look'

interface Wanted {
  /** Sites by name. Default: all that were seen. */
  sites?: readonly string[]
  /** One map per site, the mean of its heads, instead of one per head. */
  mean: boolean
  /** The rule that chose the maps, in one line. */
  note?: string
}

/** The maps that a person is shown, in the order they were seen. */
export function mapsToShow(seen: Seen, { sites, mean, note }: Wanted): DrawnMap[] {
  const names = [...new Set(seen.maps.map(({ site }) => site))].filter(
    (site) => sites?.includes(site) ?? true,
  )
  return names.flatMap((site) => {
    const heads = seen.maps.filter((map) => map.site === site)
    if (!mean) return heads.map((map) => draw(seen, map, `head ${map.head}`, note))
    return [draw(seen, { ...heads[0], weights: meanOf(heads) }, `mean of ${heads.length} heads`, note)]
  })
}

function titleOf(site: string): string {
  const [side, layer, kind] = site.split('.')
  const names: Record<string, string> = { encoder: 'Encoder', decoder: 'Decoder', layers: 'Layer' }
  const name = `${names[side] ?? side} ${layer}`
  return `${name} reads ${kind === 'cross' ? 'the source' : 'itself'}`
}

/** The cell-wise mean of maps of one shape. */
function meanOf(maps: readonly SeenMap[]): number[][] {
  return maps[0].weights.map((row, i) =>
    row.map((_, j) => maps.reduce((sum, map) => sum + map.weights[i][j], 0) / maps.length),
  )
}

const end: DrawnToken = { text: '</s>', special: true, startsWord: true }

function draw(
  { text, output, tokens }: Seen,
  { site, queries, keys, weights }: SeenMap,
  which: string,
  note?: string,
): DrawnMap {
  const drawn = {
    source: drawnTokens(tokens.source, text),
    target: drawnTokens(tokens.target ?? [], output ?? ''),
  }
  const title = `${titleOf(site)} · ${which}`
  if (!site.endsWith('.cross')) return { title, note, queries: drawn[queries], keys: drawn[keys], weights }
  return {
    title,
    note: [note, 'rows are the words being predicted'].filter(Boolean).join('; '),
    // Row i is the query that predicts token i + 1, so the row is named after that token.
    queries: [...drawn.target.slice(1), end],
    keys: drawn.source,
    weights,
  }
}

/** Scripts that put no space between words: each character stands for itself. */
const unspaced =
  /^[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}]/u

/** Tokens as words are drawn. Of those that share a character the first has it, and the others join it with no text. */
export function drawnTokens(tokens: Seen['tokens']['source'], text: string): DrawnToken[] {
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
