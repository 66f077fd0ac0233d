import { backendOf } from '../backends/current.js'
import { HeedError, HeedTypeError, throwIfAborted } from '../errors.js'
import type { TextRunOptions } from '../models/family.js'
import {
  type AttentionCall,
  type Intervention,
  matchSites,
  type Observer,
  partOf,
  type Places,
  type SitePattern,
} from '../models/run.js'
import { scale } from '../ops/arithmetic.js'
import { dense } from '../ops/check.js'
import { tensor } from '../ops/create.js'
import { elementsOf } from '../ops/host.js'
import { put, zerosFor } from '../ops/put.js'
import { scope } from '../tensor/scope.js'
import { gigabytes, show } from '../tensor/shape.js'
import { forEachOffset, type Tensor } from '../tensor/tensor.js'
import type { Capturable } from './capture.js'
import { at, chosenHeads, type HeadChoice, HEADS, putHeads } from './interventions-heads.js'

/** Bytes of a mask or of weights that an intervention may write out: 1 GB. */
export const MOST_BYTES = 2 ** 30

export interface HeadOptions {
  /** By number. Default: all heads of the site. */
  heads?: HeadChoice
}

export interface AblateOptions {
  /** What heads give instead: zeros, or their means of `headMeans`. Default `zero`. */
  to?: 'zero' | HeadMeans
}

/** By site, the mean output of each head, [H][Dv]. */
export type HeadMeans = ReadonlyMap<string, readonly Float64Array[]>

/**
 * Takes heads out: what they give, [B, Tq, H, Dv] before W_O joins them, becomes zeros (Michel et al. 2019, "Are sixteen
 * heads really better than one?", equation 2) or their mean over other texts.
 *
 * @param sites attentions by name or pattern (`encoder.2.self`, `layers.*.self`)
 * @param heads by number; default all heads of the sites
 * @throws in the run: HeedError `not-found` for a site or head that the model does not have, or a site whose means were
 *   not taken; `input` for means of another model
 */
export function ablate(
  sites: SitePattern,
  heads?: HeadChoice,
  { to = 'zero' }: AblateOptions = {},
): Intervention {
  if (to !== 'zero' && !(to instanceof Map))
    throw new HeedTypeError('option', `ablate: to must be 'zero' or what headMeans gives, got ${String(to)}`)
  return onHeads(sites, (out, site) => {
    const chosen = chosenHeads(site, heads, out.shape[HEADS])
    const shape = [out.shape[0], out.shape[1], 1, out.shape[3]]
    const parts = chosen.map((head) => ({
      at: at(HEADS, head),
      by: to === 'zero' ? zerosFor(out, shape) : meanOf(to, site, head, out),
    }))
    return put(out, parts)
  })
}

/** [B, Tq, 1, Dv]: the mean of a head, at every position. */
function meanOf(means: HeadMeans, site: string, head: number, out: Tensor): Tensor {
  const found = means.get(site)
  if (!found)
    throw new HeedError(
      'not-found',
      `ablate: no means were taken at ${site}, only at ${[...means.keys()].join(', ') || 'no site'}`,
    )
  const [B, Tq, H, Dv] = out.shape
  if (found.length !== H || found[head].length !== Dv)
    throw new HeedError(
      'input',
      `ablate: the means at ${site} are of ${found.length} heads of width ${found[0]?.length}, the model has ${H} of width ${Dv}: they are another model's`,
    )
  const mean = tensor(found[head], [Dv], { dtype: out.dtype, backend: backendOf(out) })
  return mean.view([B, Tq, 1, Dv], [0, 0, 0, 1])
}

/** An intervention on the output of attentions by head: an activation, which is named after its attention (`partOf`). */
function onHeads(patterns: SitePattern, change: (out: Tensor, site: string) => Tensor): Intervention {
  const siteOf = new Map<string, string>()
  return {
    sites: ({ sites }) =>
      matchSites(sites, patterns).map((site) => {
        siteOf.set(partOf(site, 'heads'), site)
        return partOf(site, 'heads')
      }),
    activation: (name, out) => change(out, siteOf.get(name)!),
  }
}

export interface HeadMeansOptions {
  /** Attentions by name or pattern. Default: all. */
  sites?: SitePattern
  signal?: AbortSignal
  /** Texts done, of all. */
  onProgress?: (progress: { done: number; total: number }) => void
}

/**
 * The mean output of every head over all positions of some texts: what `ablate` puts in a head's place when its zeros
 * would be further from anything the model has seen (mean ablation; Wang et al. 2022, section 2.1). A translator
 * translates each text, and runs on the pair.
 *
 * The means are those of other passes on purpose. The mean of the pass itself would be the output itself where a pass is
 * one position, as each step of a cached generation is, and in a causal model it would tell every position of those to
 * come.
 *
 * @throws HeedError `input` when there is no text, `not-found` for an unknown site, `aborted` by the signal, and what the
 *   model's `run` throws
 */
export async function headMeans<O extends TextRunOptions, R>(
  model: Capturable<O, R>,
  texts: readonly string[],
  { sites, signal, onProgress }: HeadMeansOptions = {},
): Promise<HeadMeans> {
  if (texts.length === 0) throw new HeedError('input', 'headMeans: there is no text to take means over')
  const wanted = matchSites(model.sites, sites)
  const sums = new Map<string, { total: Float64Array; count: number; shape: readonly number[] }>()
  const observer: Observer = {
    sites: wanted,
    attention: ({ site, out }) => {
      const [B, T, H, Dv] = out.shape
      const sum = sums.get(site) ?? { total: new Float64Array(H * Dv), count: 0, shape: [H, Dv] }
      sums.set(site, { ...sum, count: sum.count + B * T })
      scope(() => elementsOf(dense(out)).forEach((x, i) => (sum.total[i % sum.total.length] += x)))
    },
  }
  for (const [done, text] of texts.entries()) {
    throwIfAborted(signal)
    await model.run(text, { observers: [observer], until: wanted, signal } as unknown as O)
    onProgress?.({ done: done + 1, total: texts.length })
  }
  return new Map(
    [...sums].map(
      ([
        site,
        {
          total,
          count,
          shape: [H, Dv],
        },
      ]) => [
        site,
        Array.from({ length: H }, (_, head) =>
          total.slice(head * Dv, (head + 1) * Dv).map((sum) => sum / count),
        ),
      ],
    ),
  )
}

/** Query and key by position, from 0. */
export type PositionPair = readonly [query: number, key: number]

/**
 * Query i may not attend to key j: its weight is 0 and the others of the row share the rest, as softmax has it. A query
 * that may attend to nothing gives zeros.
 *
 * Positions are absolute: in a generation with a cache too, where pairs act once their positions are reached. At a
 * cross-attention queries count the target, keys the source. In a batch pairs hold for every text.
 *
 * @throws HeedTypeError `option` for a pair that is none; in the run: HeedError `not-found` for a head or position that
 *   there is not (queries of a causal attention may be yet to come); `memory` for a mask of more than 1 GB; `input` after
 *   an intervention that has put weights in softmax's place
 */
export function forbid(
  sites: SitePattern,
  pairs: readonly PositionPair[],
  { heads }: HeadOptions = {},
): Intervention {
  const whole = (n: unknown) => Number.isSafeInteger(n) && (n as number) >= 0
  if (!Array.isArray(pairs))
    throw new HeedTypeError(
      'option',
      `forbid: pairs are a list of [query, key], got ${JSON.stringify(pairs)}`,
    )
  const wrong = pairs.find((pair) => !(Array.isArray(pair) && pair.length === 2 && pair.every(whole)))
  if (wrong)
    throw new HeedTypeError(
      'option',
      `forbid: a pair is [query, key], two positions counted from 0, got ${JSON.stringify(wrong)}`,
    )
  return {
    sites,
    attention(call) {
      refuseWeights(call, 'forbid')
      const chosen = chosenHeads(call.site, heads, call.q.shape[HEADS])
      const cells = pairs.flatMap((pair) => cellsAt(call, pair))
      if (cells.length === 0) return {}
      return { options: { ...call.options, mask: masked(call, cells, chosen) } }
    },
  }
}

/** Where a pair is in the map of this pass: in several rows where beams share a source, in none when it is not its turn. */
function cellsAt({ site, q, k, options, places }: AttentionCall, [query, key]: PositionPair): PositionPair[] {
  const [Tq, Tk] = [q.shape[1], k.shape[1]]
  const missing = (what: string, position: number, count: number) =>
    new HeedError(
      'not-found',
      `forbid: there is no ${what} ${position} at ${site}; there are 0 to ${count - 1}`,
    )
  if (key >= Tk && !options.causal) throw missing('key', key, Tk)
  if (query >= Tq && !options.causal && !site.endsWith('.cross')) throw missing('query', query, Tq)
  if (key >= Tk) return []
  return queriesAt(places, query, Tq).map((n) => [n, key])
}

/** The queries of a pass that stand at a position. */
function queriesAt({ first, count }: Places, position: number, Tq: number): number[] {
  const from = position - first
  if (from < 0 || from >= count) return []
  return Array.from({ length: Tq / count }, (_, row) => row * count + from)
}

/** The mask of the call, [B|1, H|1, Tq, Tk], without some cells of some heads. */
function masked(
  { site, q, k, options: { mask } }: AttentionCall,
  cells: readonly PositionPair[],
  heads: readonly number[],
): Tensor {
  const [, Tq, H] = q.shape
  const Tk = k.shape[1]
  const [batches, perHead] = [mask?.shape[0] ?? 1, heads.length < H ? H : (mask?.shape[1] ?? 1)]
  const shape = [batches, perHead, Tq, Tk]
  const bytes = batches * perHead * Tq * Tk
  if (bytes > MOST_BYTES)
    throw new HeedError(
      'memory',
      `forbid: the mask of ${site} is ${show(shape)}, ${gigabytes(bytes)}; at most 1 GB: ${perHead > 1 ? 'forbid it in all heads, whose mask is one, or ' : ''}take a shorter text`,
    )
  const allowed = new Uint8Array(bytes).fill(1)
  if (mask)
    scope(() => {
      const given = elementsOf(dense(mask))
      // [B|1, H|1, Tq|1, Tk], spread by strides of 0
      const strides = [mask.shape[1] * mask.shape[2] * Tk, mask.shape[2] * Tk, Tk, 1]
      const spread = strides.map((stride, axis) => (mask.shape[axis] === 1 && axis < 3 ? 0 : stride))
      forEachOffset(shape, spread, (from, i) => (allowed[i] = given[from]))
    })
  const maps = Array.from({ length: batches * perHead }, (_, map) => map)
  for (const map of maps.filter((map) => perHead === 1 || heads.includes(map % perHead)))
    for (const [query, key] of cells) allowed[(map * Tq + query) * Tk + key] = 0
  return tensor(allowed, shape, { backend: backendOf(q) })
}

/**
 * Multiplies the scale of scores, 1/√d_k by default: above 1 weights grow sharper, below 1 flatter, and 0 makes them
 * uniform; it is 1 / temperature.
 *
 * @throws HeedTypeError `option` for a factor that is not finite; in the run: HeedError `not-found` for a site or head
 *   that there is not, `input` after an intervention that has put weights in softmax's place
 */
export function rescale(sites: SitePattern, factor: number, { heads }: HeadOptions = {}): Intervention {
  if (!Number.isFinite(factor))
    throw new HeedTypeError('option', `rescale: the factor must be a finite number, got ${factor}`)
  return {
    sites,
    attention(call) {
      refuseWeights(call, 'rescale')
      const { site, q, options } = call
      const chosen = chosenHeads(site, heads, q.shape[HEADS])
      if (chosen.length === q.shape[HEADS])
        return { options: { ...options, scale: (options.scale ?? q.shape[3] ** -0.5) * factor } }
      // Scores of a head are linear in its queries, before any softcap.
      return { q: putHeads(q, scale(q, factor), chosen) }
    },
  }
}

/** What changes scores can do nothing about weights that are there already. */
export function refuseWeights({ site, weights }: AttentionCall, what: string): void {
  if (weights)
    throw new HeedError(
      'input',
      `${what}: at ${site} an earlier change has put weights in the place of softmax's, and there are no scores left to change; put ${what} before it`,
    )
}
