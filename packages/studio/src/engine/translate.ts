import { HeedError } from 'heed'
import { type Capture, forbid, Recorder } from 'heed/lens'
import { drawnAxes, type DrawnToken, tokenLabels, wordsOf } from 'heed/look'
import { chances, type Intervention, matchSites, type PairRun, Transformer, translateIds } from 'heed/models'
import { type Candidate, likeliest } from './candidates'
import { type TooLong, tooLong } from './length'
import { type ModelSource, openModel } from './models'
import type { StreamContext } from './rpc'

/** Longer texts are refused here: lines between so many words hide one another. */
export const MOST_SOURCE_TOKENS = 128
/** Candidates of every position. */
const CANDIDATES = 8

export interface TranslateRequest {
  model: ModelSource
  text: string
  /** Default: as the model's settings say. */
  beam?: number
  lengthPenalty?: number
  forbidden?: Forbidden
  /** Ids of an output that is scored beside: of the untouched translation, say. */
  reference?: readonly number[]
}

/** What the decoder may not look at. */
export interface Forbidden {
  /** At all of its attentions that read the source; else at one, or one head of it. */
  everywhere: boolean
  /** Default: the one that aligns. */
  site?: string
  head?: number
  /** Positions of tokens. */
  links: readonly (readonly [query: number, key: number])[]
  /** Source tokens that no word may look at. */
  sources: readonly number[]
}

/** A token, or a word with its tokens [start, end). */
export interface Unit {
  label: string
  special: boolean
  start: number
  end: number
  /** It goes on with the word before it. */
  joined: boolean
  /** It stands apart from what is before it. */
  spaced: boolean
}

/** Maps over tokens, or over words, whose weights are added over a key's tokens and averaged over a query's. */
export interface Alignment {
  source: Unit[]
  /** What was written, its end last. */
  target: Unit[]
  /** [sites][heads, then their mean], each [target, source]. */
  maps: Float32Array[]
}

/** The choice among tokens at one position. */
export interface Choice {
  /** The likeliest first. */
  candidates: Candidate[]
  /** What was taken, and its probability. */
  id: number
  p: number
}

/** What maps there are. */
export interface Reading {
  /** The attentions that read the source, and the one that aligns best, as the model's settings say. */
  sites: string[]
  aligns: string
  heads: number
}

export interface Translation extends Reading {
  kind: 'translation'
  output: string
  /** Of the output, without start and end. */
  ids: number[]
  tokens: Alignment
  words: Alignment
  /** By position of the output, its end last. */
  choices: Choice[]
  search: { beam: number; lengthPenalty: number }
  /** What the model's settings say. */
  own: { beam: number; lengthPenalty: number }
  /** Σ log p of the output and its end, in nats; and of the reference. */
  logProb: number
  referenceLogProb?: number
}

/** What a greedy search has written so far. */
export interface TranslationPart extends Reading {
  source: Unit[]
  target: Unit[]
  /** The latest target's row of every map, [source]. */
  rows: Float32Array[]
}

/**
 * Translates a text, with what every word of it looked at. A greedy search gives its tokens as they come; a beam search is
 * known at its end only, and says how far it is.
 */
export async function translate(
  request: TranslateRequest,
  context: StreamContext<TranslationPart>,
): Promise<Translation | TooLong> {
  const open = await openModel(request.model, context)
  const { model, info } = open
  if (!(model instanceof Transformer))
    throw new HeedError('unsupported', `${info.name} does not translate; open a translator`)
  const refused = tooLong(open, request.text, MOST_SOURCE_TOKENS)
  if (refused) return refused

  const { text, reference } = request
  const { beam, lengthPenalty, alignmentLayer } = model.generation
  const own = { beam, lengthPenalty }
  const search = { beam: request.beam ?? beam, lengthPenalty: request.lengthPenalty ?? lengthPenalty }
  const sites = matchSites(model.sites, 'decoder.*.cross')
  const reading = { sites, aligns: `decoder.${alignmentLayer}.cross`, heads: model.heads }
  const changes = changesOf(model, request.forbidden, reading.aligns)
  const found = await searched(model, { text, reading, changes, ...search }, context)

  const { signal } = context
  using recorder = new Recorder(model, { sites })
  const pass = await model.run(text, { target: found.tokens, observers: [recorder], with: changes, signal })
  using seen = recorder.capture(pass)
  const choices = choicesOf(model, pass)
  const other = reference && (await model.run(text, { target: reference, with: changes, signal }))
  return {
    kind: 'translation',
    output: pass.output,
    ids: found.tokens,
    ...reading,
    ...(await alignments(pass, seen, sites)),
    choices,
    search,
    own,
    logProb: sumLog(choices),
    ...(other && { referenceLogProb: sumLog(choicesOf(model, other)) }),
  }
}

interface Search {
  text: string
  reading: Reading
  changes: readonly Intervention[]
  beam: number
  lengthPenalty: number
}

/** The best output; a greedy one is told token by token, each with its row of every map. */
async function searched(
  model: Transformer,
  { text, reading, changes, ...search }: Search,
  { signal, onProgress, onPart }: StreamContext<TranslationPart>,
) {
  const source = model.sourceIds(text)
  using recorder = search.beam === 1 ? new Recorder(model, { sites: reading.sites }) : undefined
  const [found] = await translateIds(model, [source], {
    ...search,
    with: changes,
    signal,
    ...(recorder && { observers: [recorder] }),
    async onStep([{ tokens }]) {
      if (!recorder)
        return onProgress({ stage: 'search', done: tokens.length, total: 2 * source.length + 10 })
      const output = model.tokenizer!.decode(tokens)
      const target = model.tokenizer!.tokensOf([model.config.bos_token_id, ...tokens], output)
      const axes = axesOf({ text, output, tokens: { source: model.sourceTokens(text), target } })
      using seen = recorder.capture()
      onPart({
        ...reading,
        source: tokenUnits(axes.keys),
        // Without the end, which is not written yet.
        target: tokenUnits(axes.queries.slice(0, -1)),
        rows: await Promise.all(mapsOf(seen, reading.sites).map((map) => map.row(0))),
      })
    },
  })
  return found
}

function changesOf(model: Transformer, forbidden: Forbidden | undefined, aligns: string): Intervention[] {
  if (!forbidden) return []
  const { everywhere, site = aligns, head, links, sources } = forbidden
  // The output may become as long as the model writes.
  const queries = Array.from({ length: model.maxPositions }, (_, query) => query)
  const pairs = [...links, ...sources.flatMap((key) => queries.map((query) => [query, key] as const))]
  if (pairs.length === 0) return []
  return [everywhere ? forbid('decoder.*.cross', pairs) : forbid(site, pairs, { heads: head })]
}

const axesOf = (of: Pick<PairRun, 'text' | 'output' | 'tokens'>) =>
  drawnAxes(of, { site: 'decoder.0.cross', queries: 'target', keys: 'source' })

/** Heads of a site, then their mean, site by site. */
const mapsOf = (seen: Capture, sites: readonly string[]) =>
  sites.flatMap((site) => [
    ...Array.from({ length: seen.heads }, (_, head) => seen.map(site, head)),
    seen.mean({ sites: site }),
  ])

async function alignments(
  pass: PairRun,
  seen: Capture,
  sites: readonly string[],
): Promise<Pick<Translation, 'tokens' | 'words'>> {
  const { queries, keys } = axesOf(pass)
  const [asking, answering] = [wordUnits(queries), wordUnits(keys)]
  const tokens: Alignment = { source: tokenUnits(keys), target: tokenUnits(queries), maps: [] }
  const words: Alignment = { source: answering, target: asking, maps: [] }
  const spans = (units: readonly Unit[]) => units.map(({ label: text, start, end }) => ({ text, start, end }))
  for (const map of mapsOf(seen, sites)) {
    tokens.maps.push(await map.tile())
    const rows = await map.over({ queries: spans(asking), keys: spans(answering) })
    words.maps.push(Float32Array.from(rows.flatMap((row) => Array.from(row))))
  }
  return { tokens, words }
}

export function tokenUnits(tokens: readonly DrawnToken[]): Unit[] {
  const labels = tokenLabels(tokens)
  return wordsOf(tokens).flatMap(({ start, end }) =>
    Array.from({ length: end - start }, (_, n) => ({
      label: labels[start + n],
      special: tokens[start + n].special,
      start: start + n,
      end: start + n + 1,
      joined: n > 0,
      spaced: tokens[start + n].startsWord,
    })),
  )
}

const wordUnits = (tokens: readonly DrawnToken[]): Unit[] =>
  wordsOf(tokens).map(({ text: label, special, start, end }) => ({
    label,
    special,
    start,
    end,
    joined: false,
    spaced: tokens[start].startsWord,
  }))

/** The choice at every position of an output, its end last. */
function choicesOf(model: Transformer, { target, logits }: PairRun): Choice[] {
  const { vocab_size: V, eos_token_id: eos } = model.config
  return Array.from(target, (_, t) => {
    const { model: p } = chances(logits.subarray(t * V, (t + 1) * V), [])
    const id = target[t + 1] ?? eos
    return { id, p: p[id], candidates: likeliest(model, p, CANDIDATES) }
  })
}

const sumLog = (choices: readonly Choice[]): number => choices.reduce((sum, { p }) => sum + Math.log(p), 0)
