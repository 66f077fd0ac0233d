import { breather } from '../breathe.js'
import { HeedError, throwIfAborted } from '../errors.js'
import { matchSites, type SitePattern } from '../models/run.js'
import type { TextRun, TextRunOptions } from '../models/family.js'
import { type AttentionOptions, resolveRules } from '../ops/attention-rules.js'
import { dense } from '../ops/check.js'
import { scope } from '../tensor/scope.js'
import type { Tensor } from '../tensor/tensor.js'
import {
  type Capturable,
  capture,
  type Capture,
  type CaptureOptions,
  matchHeads,
  misfit,
  sidesOf,
} from './capture.js'

/** `O` is what else the model's `run` takes. */
export type SeeOptions<O extends TextRunOptions = TextRunOptions> = Omit<O, 'observers' | 'until'> & SeeChoice

export interface SeeChoice {
  /** Sites by name or pattern (`encoder.*.self`). Default: all of the model's attentions. */
  sites?: SitePattern
  /** Heads by number. Default: all. */
  heads?: readonly number[]
  /** Adds to each map what it can be recomputed from: q, k, m, l, scale and the rules in force. */
  qk?: boolean
}

/**
 * One head's attention map, and on request what it follows from: w_ij = exp(s_ij − m_i) / l_i with
 * s_ij = softcap · tanh(scale · q_i·k_j / softcap) + bias_ij, where the rules let query i see key j. Rules that are not
 * in force are absent.
 */
export interface SeenMap {
  site: string
  head: number
  /** Which tokens ask and which answer. */
  queries: 'source' | 'target'
  keys: 'source' | 'target'
  /** [queries][keys] */
  weights: number[][]
  /** [queries][D], before scale. */
  q?: number[][]
  /** [keys][D] */
  k?: number[][]
  /** [queries], natural units. */
  m?: number[]
  /** [queries] */
  l?: number[]
  scale?: number
  causal?: { offset: number }
  /** [left, right] around i + offset; Infinity (null in JSON) leaves a side open. */
  window?: [left: number, right: number]
  lengths?: number[]
  softcap?: number
  /** [queries][keys] of this head, a mask of an intervention included; −Infinity (null in JSON) is a mask. */
  bias?: number[][]
  /** Of this head: a logit that is part of l and no key's. */
  sink?: number
}

/** Who attends to whom in one text, as `heed see --json` prints it. */
export interface Seen {
  text: string
  /** The translation; null where the model makes none. */
  output: string | null
  tokens: TextRun['tokens']
  maps: SeenMap[]
}

/**
 * Runs the model once on a text (a translator translates it first, and runs on the pair), and gives the attention maps
 * of the sites asked for. The run is an ordinary one, of which a capture keeps q, k, m and ℓ.
 *
 * @throws HeedError `not-found` for an unknown site or head, naming those there are; `input` for a text that is empty
 *   or longer than the model's positions; `aborted` by the signal
 */
export async function see<O extends TextRunOptions, R extends TextRun>(
  model: Capturable<O, R>,
  text: string,
  options: SeeOptions<O> = {} as SeeOptions<O>,
): Promise<Seen & Pick<R, 'output' | 'tokens'>> {
  const { sites, heads, qk, ...rest } = options
  const wanted = matchSites(model.sites, sites)
  matchHeads(model.heads, heads)
  using captured = await capture(model, text, { ...rest, sites: wanted } as unknown as CaptureOptions<O>)
  const seen = await seenIn(captured, { heads, qk, signal: rest.signal })
  return seen as Seen & Pick<R, 'output' | 'tokens'>
}

/**
 * Weights of all maps together, of which each takes 8 bytes as a number of JavaScript. As JSON so many may be longer than
 * the longest string: it has to be written in pieces.
 */
const MOST_WEIGHTS = 2 ** 26

/**
 * The maps of a capture of a text, whole: what `see` gives.
 *
 * @throws HeedError `memory` for more than 67 million weights, naming the ways that work; `not-found` for an unknown
 *   head; `input` for a capture that is not of a text, or not of all its tokens; `aborted` by the signal
 */
export async function seenIn(
  captured: Capture,
  { heads, qk = false, signal }: { heads?: readonly number[]; qk?: boolean; signal?: AbortSignal } = {},
): Promise<Seen> {
  if (!captured.of) throw new HeedError('input', 'this capture is not of a text; ask its maps themselves')
  for (const site of captured.sites) {
    const wrong = misfit(captured.of, captured.attention(site))
    if (wrong) throw new HeedError('input', `${wrong}; capture() the whole text in one pass`)
  }
  const wanted = matchHeads(captured.heads, heads)
  const size = (site: string) => captured.attention(site).q.shape[1] * captured.attention(site).k.shape[1]
  const weights = captured.sites.reduce((sum, site) => sum + wanted.length * size(site), 0)
  if (weights > MOST_WEIGHTS)
    throw new HeedError(
      'memory',
      `${captured.sites.length * wanted.length} whole maps have ${(weights / 1e6).toFixed(0)} million weights together, at most ${(MOST_WEIGHTS / 1e6).toFixed(0)} are given at once; name fewer sites and heads, or capture() the text and ask its maps for an overview(), the top() keys, or a tile()`,
    )
  const maps: SeenMap[] = []
  const breathe = breather()
  for (const site of captured.sites)
    for (const head of wanted) {
      await breathe()
      throwIfAborted(signal)
      maps.push(await mapOf(captured, site, head, qk))
    }
  return { ...captured.of, maps }
}

async function mapOf(captured: Capture, site: string, head: number, qk: boolean): Promise<SeenMap> {
  const { q, k, m, l, options, weights: given } = captured.attention(site)
  const [, Tq, H] = q.shape
  const [, Tk, Hkv] = k.shape
  const weights = rows(await captured.map(site, head).tile(), Tq, Tk)
  const map: SeenMap = { site, head, ...sidesOf(site), weights }
  if (!qk) return map
  if (given)
    throw new HeedError(
      'unsupported',
      `${site}: an intervention put its weights there, which do not follow from q and k; leave out what is recomputed from them (qk, pages), or that intervention`,
    )
  return {
    ...map,
    q: await headRows(q, head),
    k: await headRows(k, Math.floor((head * Hkv) / H)),
    m: await line(m, head, Tq),
    l: await line(l, head, Tq),
    ...(await rulesOf(q, k, options, head)),
  }
}

/** The rules in force, of one head. */
async function rulesOf(
  q: Tensor,
  k: Tensor,
  options: AttentionOptions,
  head: number,
): Promise<Partial<SeenMap>> {
  const { causal, window, softcap } = options
  const { rules, offset, bias, mask } = scope(() => {
    const { rules, offsets } = resolveRules(q, k, options)
    const { scale, lengths } = rules
    return {
      rules: { scale, lengths },
      offset: offsets[0],
      bias: rules.bias && headMap(rules.bias, head),
      mask: rules.mask && headMap(rules.mask, head),
    }
  })
  const found: Partial<SeenMap> = { scale: rules.scale }
  if (causal) found.causal = { offset }
  if (window) found.window = [...window]
  if (rules.lengths) found.lengths = [...rules.lengths]
  if (softcap !== undefined) found.softcap = softcap
  if (bias || mask) {
    const [added, allowed] = [await bias?.data(), await mask?.data()]
    const cells = Array.from({ length: q.shape[1] * k.shape[1] }, (_, at) =>
      allowed?.[at] === 0 ? -Infinity : (added?.[at] ?? 0),
    )
    found.bias = rows(cells, q.shape[1], k.shape[1])
    bias?.dispose()
    mask?.dispose()
  }
  if (options.sink) found.sink = short((await options.sink.data())[head])
  return found
}

/** t [1, H, Tq, Tk] of one head, dense. */
function headMap(t: Tensor, head: number): Tensor {
  const [, , Tq, Tk] = t.shape
  const [, perHead, perQuery, perKey] = t.strides
  return dense(t.view([Tq, Tk], [perQuery, perKey], t.offset + head * perHead))
}

/** x [1, T, H, D] of one head, as T rows. */
async function headRows(x: Tensor, head: number): Promise<number[][]> {
  const [, T, , D] = x.shape
  using one = scope(() => dense(x.view([T, D], [x.strides[1], 1], x.offset + head * D)))
  return rows(await one.data(), T, D)
}

/** stats [1, H, T] of one head. */
async function line(stats: Tensor, head: number, T: number): Promise<number[]> {
  return Array.from((await stats.data()).subarray(head * T, (head + 1) * T), short)
}

/** Numbers of a matrix of such a size, row by row. */
const rows = (data: ArrayLike<number>, height: number, width: number): number[][] =>
  Array.from({ length: height }, (_, i) =>
    Array.from({ length: width }, (_, j) => short(data[i * width + j])),
  )

/** A decimal that is this float32 again: 9 digits always are. */
const short = (x: number): number => Number(x.toPrecision(9))
