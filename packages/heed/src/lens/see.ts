import { breather } from '../breathe.js'
import { HeedError, throwIfAborted } from '../errors.js'
import { type AttentionSeen, matchSites, type Observer, type SitePattern } from '../models/run.js'
import type { PairRunOptions } from '../models/pair.js'
import type { Transformer } from '../models/transformer.js'
import { attentionTile } from '../ops/attention-probe.js'
import { resolveRules } from '../ops/attention-rules.js'
import { dense } from '../ops/check.js'
import { scope } from '../tensor/scope.js'
import type { Tensor } from '../tensor/tensor.js'
import type { Token } from '../text/index.js'

export interface SeeOptions extends Omit<PairRunOptions, 'observers'> {
  /** Sites by name or pattern (`encoder.*.self`). Default: all of the model's attentions. */
  sites?: SitePattern
  /** Heads by number. Default: all. */
  heads?: readonly number[]
  /** Adds to each map what it can be recomputed from: q, k, m, l, scale and the rules in force. */
  qk?: boolean
}

/** One head's attention map, and on request what it follows from: w_ij = exp(scale · q_i·k_j − m_i) / l_i. */
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
  lengths?: number[]
}

/** Who attends to whom in one text, as `heed see --json` prints it. */
export interface Seen {
  text: string
  /** The translation. */
  output: string
  tokens: { source: Token[]; target: Token[] }
  maps: SeenMap[]
}

/**
 * Translates a text, runs the model once on the pair, and gives the attention maps of the sites asked for. The run is
 * an ordinary one: an observer keeps q, k, m and ℓ of each attention, and the maps are computed from them.
 *
 * @throws HeedError `not-found` for an unknown site or head, naming those there are; `input` for a text that is empty
 *   or longer than the model's positions; `aborted` by the signal
 */
export async function see(model: Transformer, text: string, options: SeeOptions = {}): Promise<Seen> {
  const { sites, heads, qk = false, ...rest } = options
  const wanted = matchSites(model.sites, sites)
  const wantedHeads = matchHeads(model.config.num_heads, heads)
  const kept = new Map<string, AttentionSeen>()
  const observer: Observer = {
    sites: wanted,
    attention: (seen) => void kept.set(seen.site, keepViews(seen)),
  }
  try {
    const pair = await model.run(text, { ...rest, observers: [observer] })
    const tokenizer = model.tokenizer!
    const maps: SeenMap[] = []
    const breathe = breather()
    for (const site of wanted)
      for (const head of wantedHeads) {
        await breathe()
        throwIfAborted(rest.signal)
        maps.push(await mapOf(kept.get(site)!, head, qk))
      }
    return {
      text,
      output: pair.output,
      tokens: {
        source: tokenizer.tokensOf(pair.source, text),
        target: tokenizer.tokensOf(pair.target, pair.output),
      },
      maps,
    }
  } finally {
    for (const { q, k, m, l } of kept.values()) for (const t of [q, k, m, l]) t.dispose()
  }
}

/** Views of q, k, m and ℓ that outlive the run. */
function keepViews(seen: AttentionSeen): AttentionSeen {
  const keep = (t: Tensor) => t.view(t.shape, t.strides).keep()
  return { ...seen, q: keep(seen.q), k: keep(seen.k), m: keep(seen.m), l: keep(seen.l) }
}

/** The heads asked for, each once, in the model's order. */
function matchHeads(count: number, heads: readonly number[] | undefined): number[] {
  const all = [...Array(count).keys()]
  const unknown = heads?.find((head) => !all.includes(head))
  if (unknown !== undefined)
    throw new HeedError('not-found', `there is no head ${unknown}; heads are 0 to ${count - 1}`)
  return heads ? all.filter((head) => heads.includes(head)) : all
}

async function mapOf(
  { site, q, k, m, l, options }: AttentionSeen,
  head: number,
  qk: boolean,
): Promise<SeenMap> {
  const tile = attentionTile({ q, k, m, l, options, head })
  const weights = await rows(tile)
  tile.dispose()
  const side = (site.startsWith('encoder') ? 'source' : 'target') as 'source' | 'target'
  const map: SeenMap = { site, head, queries: side, keys: site.endsWith('.cross') ? 'source' : side, weights }
  if (!qk) return map
  const [, Tq, H] = q.shape
  const Hkv = k.shape[2]
  const { rules, offsets } = resolveRules(q, k, options)
  return {
    ...map,
    q: await headRows(q, head),
    k: await headRows(k, Math.floor((head * Hkv) / H)),
    m: await line(m, head, Tq),
    l: await line(l, head, Tq),
    scale: rules.scale,
    ...(options.causal ? { causal: { offset: offsets[0] } } : {}),
    ...(rules.lengths ? { lengths: [...rules.lengths] } : {}),
  }
}

/** x [1, T, H, D] of one head, as T rows. */
async function headRows(x: Tensor, head: number): Promise<number[][]> {
  const [, T, , D] = x.shape
  const one = scope(() => dense(x.view([T, D], [x.strides[1], 1], x.offset + head * D)))
  const values = await rows(one)
  one.dispose()
  return values
}

/** stats [1, H, T] of one head. */
async function line(stats: Tensor, head: number, T: number): Promise<number[]> {
  return Array.from((await stats.data()).subarray(head * T, (head + 1) * T), short)
}

async function rows(x: Tensor): Promise<number[][]> {
  const [height, width] = x.shape
  const data = await x.data()
  return Array.from({ length: height }, (_, i) =>
    Array.from(data.subarray(i * width, (i + 1) * width), short),
  )
}

/** The shortest decimal that is this float32 again (9 digits always are). */
const short = (x: number): number => Number(x.toPrecision(9))
