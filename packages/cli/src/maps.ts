import type { Seen, SeenMap } from 'heed/lens'
import type { DrawnMap, DrawnToken } from 'heed/look'

interface Wanted {
  /** Whether sites were asked for by name. */
  site: boolean
  heads: readonly number[] | undefined
  alignmentLayer: number
}

/** The maps that a person is shown, one per site and head asked for; without heads the mean of a site's heads. */
export function mapsToShow(seen: Seen, { site, heads, alignmentLayer }: Wanted): DrawnMap[] {
  const alignment = `decoder.${alignmentLayer}.cross`
  const sites = [...new Set(seen.maps.map((map) => map.site))].filter((name) => site || name === alignment)
  return sites.flatMap((name) => {
    const all = seen.maps.filter((map) => map.site === name)
    if (heads)
      return all.map((map) =>
        draw(seen, map, `${siteTitle(name)} · head ${map.head}`, 'asked for with --head'),
      )
    const note = site ? 'mean of the heads of the site asked for' : alignmentNote
    return [
      draw(seen, { ...all[0], weights: mean(all) }, `${siteTitle(name)} · mean of ${all.length} heads`, note),
    ]
  })
}

const alignmentNote =
  'the alignment: the layer that best finds copied words in validation sentences; rows are the words being predicted'

function siteTitle(site: string): string {
  const [side, layer, kind] = site.split('.')
  const name = `${side[0].toUpperCase()}${side.slice(1)} ${layer}`
  return `${name} reads ${kind === 'cross' ? 'the source' : 'itself'}`
}

/** The cell-wise mean of maps of one shape. */
function mean(maps: readonly SeenMap[]): number[][] {
  return maps[0].weights.map((row, i) =>
    row.map((_, j) => maps.reduce((sum, map) => sum + map.weights[i][j], 0) / maps.length),
  )
}

function draw(
  { text, output, tokens }: Seen,
  { site, queries, keys, weights }: SeenMap,
  title: string,
  note: string,
): DrawnMap {
  const drawn = {
    source: drawnTokens(tokens.source, text),
    target: drawnTokens(tokens.target, output),
  }
  const end: DrawnToken = { text: '</s>', special: true, startsWord: true }
  // Row i of a cross-attention is the query that predicts token i + 1, so the row is named after that token.
  const predicted = [...drawn.target.slice(1), end]
  return {
    title,
    note,
    queries: site.endsWith('.cross') ? predicted : drawn[queries],
    keys: drawn[keys],
    weights,
  }
}

type Tokens = Seen['tokens']['source']

/** Scripts that put no space between words: each token stands for itself. */
const unspaced =
  /^[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}]/u

function drawnTokens(tokens: Tokens, text: string): DrawnToken[] {
  return tokens.map(({ text: piece, start, end }) => {
    const special = start === end
    const startsWord =
      special || start === 0 || /^\s/.test(piece) || /\s/.test(text[start - 1]) || unspaced.test(piece)
    return { text: piece.replace(/^ (?=\S)/, ''), special, startsWord }
  })
}
