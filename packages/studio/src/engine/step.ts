import { HeedError, scope, slice, type Tensor } from 'heed'
import { attentionInputs, type Capture } from 'heed/lens'
import { type DrawnToken, drawnAxes } from 'heed/look'
import { captured } from './captures'
import { type Changes, isUntouched, untouched } from './changes'
import { formula, type Formula, ownMask, type OwnMask } from './formula'
import { openingHead, type Place, sides, strongestLink } from './choice'
import { type TooLong, tooLong } from './length'
import { type ModelSource, openModel } from './models'
import type { Context } from './rpc'

/** Longer texts are refused here, with the place where they may be cut: each step of the formula is written out. */
export const MOST_TOKENS = 256

export interface StepRequest {
  model: ModelSource
  text: string
  /** Default: the head with the strongest link between two whole words (see `openingHead`). */
  site?: string
  head?: number
  changes: Changes
}

/** A head's whole way from vectors to output; matrices row after row. */
export interface StepView {
  kind: 'view'
  site: string
  head: number
  /** What was translated to, where the pass made a text. */
  output: string | null
  queries: DrawnToken[]
  keys: DrawnToken[]
  /** Where each key stands in the text [start, end); absent where keys are not of the text. */
  spans?: (readonly [start: number, end: number])[]
  /** Rows are named after the tokens that they predict. */
  isPredicted: boolean
  /** Rows, columns; width of x, of q and k, of v. */
  sizes: { Tq: number; Tk: number; D: number; d: number; dv: number }
  /** [Tq, D], [Tk, D]: the residual stream, and behind the norm: what W reads. */
  stream: { queries: Float32Array; keys: Float32Array }
  read: { queries: Float32Array; keys: Float32Array }
  /** Whether a norm stands between them. */
  isNormed: boolean
  /** q and k have been turned by position, or normed by head, after W. */
  turned: { rotary: boolean; headNorms: boolean }
  /** [Tq, d], [Tk, d], [Tk, dv] */
  q: Float32Array
  k: Float32Array
  v: Float32Array
  /** The model's own scale, and the rules it brings. */
  scale: number
  mask: OwnMask
  /** As the model computes it, and with the changes. The same where there is none. */
  before: Formula
  now: Formula
  isChanged: boolean
  /** [Tq, Tk]: what weights would be without the scale, and nothing else changed. */
  unscaled: Float32Array
  /** The strongest link between two words: where the page looks first. */
  strongest: Place
}

/** Everything that the step-by-step page shows of one head. */
export async function step(request: StepRequest, context: Context): Promise<StepView | TooLong> {
  const open = await openModel(request.model, context)
  const { info } = open
  const refused = tooLong(open, request.text, MOST_TOKENS)
  if (refused) return refused

  const site = request.site ?? info.sites[0]
  if (site === undefined)
    throw new HeedError('unsupported', `${info.name}: its family does not say what makes q, k and v`)
  const seen = await captured(open, request.text, site, context)
  const sitesHere = info.sites.filter((at) => seen.attentions.has(at))
  const chosen =
    request.head === undefined
      ? await openingHead(seen, request.site === undefined ? sitesHere : [request.site])
      : { site, head: request.head }
  return view(seen, open.model, chosen, request.changes)
}

async function view(
  seen: Capture,
  model: Parameters<typeof attentionInputs>[0],
  { site, head }: { site: string; head: number },
  changes: Changes,
): Promise<StepView> {
  const map = seen.map(site, head) // says which heads there are
  const kept = seen.attention(site)
  const [, , H] = kept.q.shape
  const Hkv = kept.k.shape[2]
  const group = Math.floor((head * Hkv) / H)
  const before = await formula(kept, head, untouched)
  // The weights of the run itself, to the bit.
  before.weights = await map.tile()
  const isChanged = !isUntouched(changes)
  const now = isChanged ? await formula(kept, head, changes) : before
  const inputs = scope(() => attentionInputs(model, seen, site))
  try {
    const { queries, keys, note } = drawnAxes(seen.of!, { site, ...sides(site) })
    const found = model.inputProjections!(site)!
    return {
      kind: 'view',
      site,
      head,
      output: seen.of!.output || null,
      queries: [...queries],
      keys: [...keys],
      isPredicted: note !== undefined,
      ...(sides(site).keys === 'source' && {
        spans: seen.of!.tokens.source.map(({ start, end }) => [start, end] as const),
      }),
      sizes: {
        Tq: map.rows,
        Tk: map.cols,
        D: inputs.queries.read.shape[2],
        d: kept.q.shape[3],
        dv: kept.v!.shape[3],
      },
      stream: { queries: await numbers(inputs.queries.stream), keys: await numbers(inputs.keys.stream) },
      read: { queries: await numbers(inputs.queries.read), keys: await numbers(inputs.keys.read) },
      isNormed: found.queries.norm !== undefined,
      turned: { rotary: found.rotary ?? false, headNorms: found.headNorms ?? false },
      q: await headRows(kept.q, head),
      k: await headRows(kept.k, group),
      v: await headRows(kept.v!, group),
      scale: kept.options.scale ?? kept.q.shape[3] ** -0.5,
      mask: ownMask(kept),
      before,
      now: isChanged ? now : copied(before),
      isChanged,
      unscaled: (await formula(kept, head, { ...untouched, scale: false })).weights,
      strongest: await strongestLink(seen, site, head),
    }
  } finally {
    for (const { stream, read } of [inputs.queries, inputs.keys]) for (const t of [stream, read]) t.dispose()
  }
}

/** Arrays move to the page, so that two fields cannot share them. */
const copied = (x: Formula): Formula => structuredClone(x)

const numbers = async (t: Tensor): Promise<Float32Array> => Float32Array.from(await t.data())

/** t [1, T, H, d] of one head, [T, d]. */
async function headRows(t: Tensor, head: number): Promise<Float32Array> {
  using one = scope(() => slice(t, 2, head, head + 1))
  return numbers(one)
}
