import { HeedError } from 'heed'
import { forbid, Recorder } from 'heed/lens'
import { type DrawnToken, drawnTokens } from 'heed/look'
import { CausalModel, chances, type EndReason, type Intervention, type SamplingOptions } from 'heed/models'
import { type Candidate, likeliest, nameOf } from './candidates'
import { type TooLong, tooLong } from './length'
import { type ModelSource, openModel } from './models'
import type { StreamContext } from './rpc'

/** Texts of more tokens are refused here, and texts grow by at most so many: every row of the map is kept. */
export const MOST_PROMPT_TOKENS = 256
export const MOST_NEW_TOKENS = 256
/** Candidates that are told. */
const CANDIDATES = 10
/** Of those that were likeliest with nothing hidden. */
const BEFORE = 3

export type Sampling = Required<Pick<SamplingOptions, 'temperature' | 'topP' | 'seed'>> &
  Pick<SamplingOptions, 'topK'>

export interface GenerateRequest {
  model: ModelSource
  text: string
  /** What was written after the text so far. */
  ids: readonly number[]
  /** How many tokens more are wanted; 0: what may come next. */
  more: number
  sampling: Sampling
  /** Whose rows are told. Default: the last one, the mean of its heads. */
  site?: string
  head?: number
  /** Positions that no later one may look at, at any attention. */
  hidden: readonly number[]
}

/** A token that may come next, on its way through the controls. */
export interface NextToken extends Candidate {
  /** After the temperature. */
  tempered: number
  /** Of those that are left; 0 for those cut off. */
  drawn: number
  /** What cut it off. */
  cut?: 'top-k' | 'top-p'
  /** With nothing hidden: what it is drawn with, or, where nothing is drawn, its probability. */
  untouched?: number
}

/** A text as far as it is written, and what may come next. */
export interface WritingPart {
  /** Of the text and what was written. */
  tokens: DrawnToken[]
  /** How many are the text's. */
  prompt: number
  ids: number[]
  site: string
  /** Rows from position `first` on, each over all tokens. */
  first: number
  rows: Float32Array
  /** The likeliest, and what was drawn, with its place among them where it is none of them. */
  next: NextToken[]
  /** Which one is drawn with this seed. */
  drawn: number
  /** Tokens that are left in, of how many there are. */
  left: number
  vocabulary: number
  /** The token that is drawn ends the text, or there is no room behind it. */
  end?: 'end' | 'length'
}

/**
 * Writes on, token by token: each part has the rows of the new positions, what may come next, and what is drawn, which
 * the next part has as a token. So `more` tokens are `more` + 1 parts.
 */
export async function generate(
  request: GenerateRequest,
  context: StreamContext<WritingPart>,
): Promise<{ kind: 'written' } | TooLong> {
  const open = await openModel(request.model, context)
  const { model, info } = open
  if (!(model instanceof CausalModel) || !info.generates)
    throw new HeedError('unsupported', `${info.name} does not go on with a text; open a language model`)
  const refused = tooLong(open, request.text, MOST_PROMPT_TOKENS)
  if (refused) return refused

  const { text, sampling, head, hidden } = request
  const site = request.site ?? model.sites.at(-1)!
  const prompt = Array.from(model.tokenizer!.encodeIds(text))
  const ids = [...request.ids]
  const changes = changesOf(model, hidden)
  using recorder = new Recorder(model, { sites: [site, 'logits'] })
  const options = {
    ...sampling,
    maxTokens: request.more + 1,
    firstDraw: ids.length,
    signal: context.signal,
    observers: [recorder],
    with: changes,
    // Rows under a mask are not joined: then every pass is over the whole text.
    cache: changes.length === 0,
  }
  let first = 0
  for await (const { id, reason } of model.generate([...prompt, ...ids], options)) {
    using seen = recorder.capture()
    const tokens = tokensOf(model, [...prompt, ...ids])
    const map = head === undefined ? seen.mean({ sites: site }) : seen.map(site, head)
    const scores = (await seen.activation('logits').data()) as Float32Array
    const isLast = reason !== undefined
    const before =
      isLast && hidden.length > 0 ? await untouched(model, [...prompt, ...ids], sampling, context) : undefined
    context.onPart({
      tokens,
      prompt: prompt.length,
      ids: [...ids],
      site,
      first,
      rows: await map.tile({ rows: [first, map.rows] }),
      ...nextOf(model, scores, [...prompt, ...ids], sampling, id, before),
      drawn: id,
      vocabulary: scores.length,
      ...((reason === 'end' || reason === 'length') && { end: reason satisfies EndReason }),
    })
    first = map.rows
    ids.push(id)
  }
  return { kind: 'written' }
}

/** No position may look back at those that are hidden. They may look at themselves: a row without any key gives nothing. */
function changesOf(model: CausalModel, hidden: readonly number[]): Intervention[] {
  const reach = Math.min(model.maxPositions, MOST_PROMPT_TOKENS + 2 * MOST_NEW_TOKENS)
  const pairs = hidden.flatMap((key) =>
    Array.from({ length: Math.max(0, reach - key - 1) }, (_, n) => [key + 1 + n, key] as const),
  )
  return pairs.length > 0 ? [forbid('*', pairs)] : []
}

function tokensOf(model: CausalModel, ids: readonly number[]): DrawnToken[] {
  const text = model.tokenizer!.decode(ids)
  return drawnTokens(model.tokenizer!.tokensOf(ids, text), text)
}

/** How likely each token is to come next when nothing is hidden. */
async function untouched(
  model: CausalModel,
  ids: readonly number[],
  sampling: Sampling,
  { signal }: StreamContext<WritingPart>,
): Promise<Float64Array> {
  using recorder = new Recorder(model, { sites: 'logits' })
  for await (const _ of model.generate(ids, { maxTokens: 1, observers: [recorder], signal }));
  using seen = recorder.capture()
  const way = chances((await seen.activation('logits').data()) as Float32Array, ids, sampling)
  return sampling.temperature > 0 ? way.drawn : way.model
}

function nextOf(
  model: CausalModel,
  scores: Float32Array,
  seen: readonly number[],
  sampling: Sampling,
  drawn: number,
  before: Float64Array | undefined,
): Pick<WritingPart, 'next' | 'left'> {
  const way = chances(scores, seen, sampling)
  const told = likeliest(model, way.model, CANDIDATES)
  const isTold = (id: number) => told.some((other) => other.id === id)
  if (!isTold(drawn)) told.push({ id: drawn, ...nameOf(model, drawn), p: way.model[drawn] })
  // What hiding took away.
  if (before)
    told.push(
      ...likeliest(model, before, BEFORE)
        .filter(({ id }) => !isTold(id))
        .map((lost) => ({ ...lost, p: way.model[lost.id] })),
    )
  const { topK = Infinity } = sampling
  const next = told.map((candidate, rank): NextToken => {
    const { id } = candidate
    const isCut = sampling.temperature > 0 && way.drawn[id] === 0
    return {
      ...candidate,
      tempered: way.tempered[id],
      drawn: way.drawn[id],
      ...(isCut && { cut: rank >= topK ? 'top-k' : 'top-p' }),
      ...(before && { untouched: before[id] }),
    }
  })
  return { next, left: way.drawn.reduce((count, p) => count + Number(p > 0), 0) }
}
