import { breather } from '../breathe.js'
import { HeedError, throwIfAborted } from '../errors.js'
import type { Model } from '../models/family.js'
import { type Intervention, matchSites } from '../models/run.js'
import { checkOptions } from '../ops/check.js'
import { between, type Change } from './effect.js'
import {
  isCausal,
  isEncoder,
  isTranslator,
  likeliest,
  logProb,
  nextLogProbs,
  predict,
  type Predicted,
  textOf,
} from './effect-pass.js'
import { forbid, type HeadOptions, type PositionPair } from './interventions.js'

/** A link of a map: some queries to some keys, [start, end) of positions, such as the pieces of two words. */
export interface MapLink extends HeadOptions {
  readonly site: string
  readonly queries: readonly [start: number, end: number]
  readonly keys: readonly [start: number, end: number]
}

/** What forbidding a link does. What a model does not have is null. */
export interface LinkEffect<L extends MapLink = MapLink> {
  readonly link: L
  /** Σ log p, in nats, of the untouched translation and its end, or of the text's tokens after the first. Null for encoders. */
  readonly logProb: Change<number> | null
  /**
   * The part of it that the link's queries predict; after a text's last token, of what was likeliest there. Null where the
   * queries predict nothing themselves, as in an encoder.
   */
  readonly here: Change<number> | null
  /** The translation, or of a causal model the likeliest token after the text. Null for encoders. */
  readonly output: Change<string> | null
  /** Between the text's vectors, of encoders. */
  readonly cosine: number | null
}

export interface LinkEffectsOptions<L extends MapLink> {
  links: readonly L[]
  /** Of a translator: hypotheses kept. Default: what the model says. */
  beam?: number
  /** What changes both runs; links are forbidden before it. */
  with?: readonly Intervention[]
  signal?: AbortSignal
  /** Links done, of all. */
  onProgress?: (progress: { done: number; total: number }) => void
}

/**
 * Whether links matter: for each, what forbidding it (and nothing else) does to the output, where the rest of its row
 * shares its weight. A strong link that nothing depends on is common ("Attention is not Explanation", Jain & Wallace
 * 2019); this tells it from one that decides.
 *
 * @throws HeedError `not-found` for a site, head or position that there is not; `input` for an empty text or one that is
 *   too long; `aborted` by the signal; HeedTypeError `option` for an unknown option
 */
export async function linkEffects<L extends MapLink>(
  model: Model,
  text: string,
  asked: LinkEffectsOptions<L>,
): Promise<LinkEffect<L>[]> {
  checkOptions('linkEffects', asked, ['links', 'beam', 'with', 'signal', 'onProgress'])
  const { links, beam, with: given = [], signal, onProgress } = asked
  const options = { beam, signal, with: given }
  // Looked at once, whatever the number of links.
  const before = isTranslator(model) || isCausal(model) ? await predict(model, text, options) : undefined
  const vector = isEncoder(model) ? (await model.embed([text], { with: given, signal }))[0] : undefined
  const found: LinkEffect<L>[] = []
  const breathe = breather()
  for (const link of links) {
    await breathe()
    throwIfAborted(signal)
    checkLink(model, text, link, before)
    const changes = [forbid(link.site, pairsOf(link), { heads: link.heads }), ...given]
    const after = before && (await predict(model, text, { ...options, with: changes, target: before.target }))
    const embedded = vector && isEncoder(model) && (await model.embed([text], { with: changes, signal }))[0]
    found.push({
      link,
      logProb:
        before && after ? { before: sum(nextLogProbs(before)), after: sum(nextLogProbs(after)) } : null,
      here: before && after ? hereOf(link, before, after) : null,
      output: isTranslator(model)
        ? {
            before: before!.output!,
            after: (await model.translate([text], { ...options, with: changes }))[0],
          }
        : before && after
          ? { before: afterText(model, before), after: afterText(model, after) }
          : null,
      cosine: vector && embedded ? between(vector, embedded).cosine : null,
    })
    onProgress?.({ done: found.length, total: links.length })
  }
  return found
}

const range = ([start, end]: readonly [number, number]): number[] =>
  Array.from({ length: end - start }, (_, i) => start + i)

const pairsOf = ({ queries, keys }: MapLink): PositionPair[] =>
  range(queries).flatMap((query) => range(keys).map((key) => [query, key] as const))

const sum = (xs: readonly number[]): number => xs.reduce((a, b) => a + b, 0)

/** log p of what the link's queries predict. */
function hereOf({ site, queries }: MapLink, before: Predicted, after: Predicted): Change<number> | null {
  if (site.startsWith('encoder.')) return null
  const ids = range(queries).map((query) => ({
    query,
    id: before.next[query] >= 0 ? before.next[query] : likeliest(before.logits(query)),
  }))
  const of = (run: Predicted) => sum(ids.map(({ query, id }) => logProb(run.logits(query), id)))
  return { before: of(before), after: of(after) }
}

/** The likeliest token after a text. */
const afterText = (model: Model, { tokens, logits }: Predicted): string =>
  textOf(model, likeliest(logits(tokens.length - 1)))

function checkLink(model: Model, text: string, { site, queries, keys }: MapLink, before?: Predicted): void {
  matchSites(model.sites, site)
  const sizes = before
    ? { source: before.source.length, target: before.tokens.length }
    : { source: model.tokenizer!.encodeIds(text).length, target: 0 }
  const [of, to] = [
    site.startsWith('decoder.') ? sizes.target : sizes.source,
    site.startsWith('decoder.') && !site.endsWith('.cross') ? sizes.target : sizes.source,
  ]
  const check = (what: string, [start, end]: readonly [number, number], count: number) => {
    if (Number.isInteger(start) && Number.isInteger(end) && 0 <= start && start < end && end <= count) return
    throw new HeedError(
      'not-found',
      `there are no ${what} [${start}, ${end}) at ${site}; there are 0 to ${count - 1}`,
    )
  }
  check('queries', queries, of)
  check('keys', keys, to)
}
