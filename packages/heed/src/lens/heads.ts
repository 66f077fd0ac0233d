import { breather } from '../breathe.js'
import { HeedError, HeedTypeError, throwIfAborted } from '../errors.js'
import { fitting, type OnTooLong } from '../models/batches.js'
import type { Model } from '../models/family.js'
import { type Intervention, matchSites, type SitePattern } from '../models/run.js'
import { checkOptions } from '../ops/check.js'
import type { Token } from '../text/index.js'
import { capture, type Capture, matchHeads, sidesOf } from './capture.js'
import { type MeasureName, measures, separatorsOf, statsOf } from './measures.js'
import { type RowVisitor, scan } from './scan.js'

export interface HeadsOptions {
  /** Attentions by name or pattern. Default: all. */
  sites?: SitePattern
  /** Heads by number. Default: all. */
  heads?: readonly number[]
  /** The measure that ranks the texts of every head. Default `max`. */
  by?: MeasureName
  /** Ranks the lowest first. Default false. */
  ascending?: boolean
  /** Texts that are named for every head. Default 5. */
  top?: number
  signal?: AbortSignal
  /** Texts done, of all; a text that is under way counts by its heads. */
  onProgress?: (progress: { done: number; total: number }) => void
  /** Called for a text that has more tokens than the model takes, which is then cut. Without it that is an error. */
  onTooLong?: OnTooLong
  with?: readonly Intervention[]
}

const headsOptions: readonly (keyof HeadsOptions)[] = [
  'sites',
  'heads',
  'by',
  'ascending',
  'top',
  'signal',
  'onProgress',
  'onTooLong',
  'with',
]

/** A link between two tokens of a text. */
export interface TokenLink {
  readonly query: { readonly index: number; readonly text: string }
  readonly key: { readonly index: number; readonly text: string }
  readonly weight: number
}

/** What one text is to one head. */
export interface RankedText {
  /** Its place among the texts, from 0. */
  readonly text: number
  /** The mean of the measure over its queries. */
  readonly value: number
  /** The strongest link, special tokens and the first token left out on both sides; null where nothing is left. */
  readonly link: TokenLink | null
}

/** What is measured of one head. */
export interface HeadRow {
  readonly site: string
  readonly head: number
  /** Queries that attend to anything, of all texts. */
  readonly queries: number
  /** Means over all queries of all texts; a cross-attention lacks what asks for positions. */
  readonly means: Readonly<Partial<Record<MeasureName, number>>>
  /** The texts where the measure is highest (or lowest), in order. */
  readonly top: readonly RankedText[]
}

/**
 * Every head over one or many texts: all measures, each the mean over all queries of all texts, and the texts where a
 * measure is highest. A pass a text; memory is that of one text. A translator translates each text first,
 * unless sites are the encoder's alone.
 *
 * @throws HeedError `input` for no texts, an empty one, or one that is too long (unless `onTooLong` is given); `not-found`
 *   for an unknown site or head; `aborted` by the signal; `unsupported` when the model has no tokenizer; HeedTypeError
 *   `option` for an unknown measure
 */
export async function measureHeads(
  model: Model,
  texts: readonly string[],
  options: HeadsOptions = {},
): Promise<HeadRow[]> {
  checkOptions('measureHeads', options, headsOptions)
  const { by = 'max', ascending = false, top = 5, signal, onProgress, onTooLong } = options
  checkMeasure(by)
  if (!(Number.isSafeInteger(top) && top >= 0))
    throw new HeedTypeError('option', `top must be a whole number from 0 up, got ${top}`)
  const heads = matchHeads(model.heads, options.heads)
  const rows = matchSites(model.sites, options.sites).flatMap((site) =>
    heads.map((head) => new Row(site, head, top, by, ascending)),
  )
  const breathe = breather()
  const fitted: string[] = []
  for (const [index, text] of checkTexts(texts).entries()) {
    await breathe()
    throwIfAborted(signal)
    fitted.push(fittedText(model, text, index, onTooLong))
  }
  const sites = [...new Set(rows.map(({ site }) => site))]
  // What an encoder does is the same whatever the decoder says: no translation is needed to look at it alone.
  const unsaid = sites.every((site) => site.startsWith('encoder.')) && { target: '' }
  for (const [index, text] of fitted.entries()) {
    using captured = await capture(model, text, { sites, signal, with: options.with, ...unsaid })
    for (const [n, row] of rows.entries()) {
      await row.add(captured, index, signal)
      onProgress?.({ done: index + (n + 1) / rows.length, total: texts.length })
    }
  }
  return rows.map((row) => row.result())
}

/** Heads by a measure, the highest first (or the lowest); those that lack it come last. */
export function sortHeads(rows: readonly HeadRow[], by: MeasureName, ascending = false): HeadRow[] {
  checkMeasure(by)
  const last = ascending ? Infinity : -Infinity
  const value = ({ means }: HeadRow) => means[by] ?? last
  return rows.toSorted((a, b) => {
    const [x, y] = [value(a), value(b)]
    return x === y ? 0 : x < y === ascending ? -1 : 1
  })
}

function checkMeasure(by: MeasureName): void {
  if (!measures.some(({ name }) => name === by))
    throw new HeedTypeError(
      'option',
      `there is no measure '${String(by)}'; there are ${measures.map(({ name }) => name).join(', ')}`,
    )
}

function checkTexts(texts: readonly string[]): readonly string[] {
  if (!Array.isArray(texts) || !texts.every((text) => typeof text === 'string'))
    throw new HeedTypeError('option', 'measureHeads takes a list of texts, as in ["The dog sleeps."]')
  if (texts.length === 0) throw new HeedError('input', 'there are no texts; give one or more')
  const empty = texts.findIndex((text) => text.trim() === '')
  if (empty >= 0) throw new HeedError('input', `text ${empty + 1} is empty; there is nothing to attend to`)
  return texts
}

/** A text that the model takes whole: itself, or its beginning. */
function fittedText(model: Model, text: string, index: number, onTooLong: OnTooLong | undefined): string {
  const [tokens, limit] = [model.sourceTokens(text), model.maxPositions]
  if (tokens.length <= limit) return text
  fitting({ index, ids: Int32Array.from(tokens, ({ id }) => id) }, limit, 0, onTooLong)
  const own = tokens.filter(({ start, end }) => start < end)
  // The beginning of a text may be other tokens than the text's first ones: as many are left out as it takes.
  for (let kept = limit - (tokens.length - own.length); kept > 0; kept--) {
    const cut = text.slice(0, own[kept - 1].end)
    if (model.sourceTokens(cut).length <= limit) return cut
  }
  throw new HeedError('input', `text ${index + 1} cannot be cut to the ${limit} tokens that this model takes`)
}

/** One head while texts come by. */
class Row {
  #queries = 0
  readonly #sums = new Map<MeasureName, number>()
  #top: RankedText[] = []

  constructor(
    readonly site: string,
    readonly head: number,
    readonly most: number,
    readonly by: MeasureName,
    readonly ascending: boolean,
  ) {}

  async add(captured: Capture, text: number, signal: AbortSignal | undefined): Promise<void> {
    const { tokens } = captured.of!
    const sides = sidesOf(this.site)
    const [asking, keys] = [tokens[sides.queries] ?? [], tokens[sides.keys] ?? []]
    const map = captured.map(this.site, this.head)
    const collector = statsOf(map, { ids: keys.map(({ id }) => id), separators: separatorsOf(keys) })
    const link = strongestLink(asking, keys)
    await scan(map, [collector.visit, link.visit], { signal })
    const { queries, means } = collector.done()
    this.#queries += queries
    for (const [name, mean] of Object.entries(means) as [MeasureName, number][])
      this.#sums.set(name, (this.#sums.get(name) ?? 0) + mean * queries)
    const value = means[this.by]
    if (value === undefined) return
    const sign = this.ascending ? 1 : -1
    this.#top = [...this.#top, { text, value, link: link.found() }]
      .sort((a, b) => sign * (a.value - b.value))
      .slice(0, this.most)
  }

  result(): HeadRow {
    const mean = (sum: number) => (this.#queries > 0 ? sum / this.#queries : 0)
    const means = Object.fromEntries([...this.#sums].map(([name, sum]) => [name, mean(sum)]))
    return { site: this.site, head: this.head, queries: this.#queries, means, top: this.#top }
  }
}

function strongestLink(
  queries: readonly Token[],
  keys: readonly Token[],
): { visit: RowVisitor; found(): TokenLink | null } {
  const counts = (tokens: readonly Token[]) => tokens.map(({ start, end }, n) => n > 0 && start < end)
  const [asks, answers] = [counts(queries), counts(keys)]
  let [query, key, weight] = [0, 0, 0]
  const visit: RowVisitor = (i, cells, from) => {
    if (!asks[i]) return
    for (let n = 0; n < cells.length; n++)
      if (cells[n] > weight && answers[from + n]) [query, key, weight] = [i, from + n, cells[n]]
  }
  const named = (tokens: readonly Token[], index: number) => ({ index, text: tokens[index].text })
  const found = () => (weight > 0 ? { query: named(queries, query), key: named(keys, key), weight } : null)
  return { visit, found }
}
