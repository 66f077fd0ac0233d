import { foldSeed } from '../backends/random.js'
import { HeedError, HeedTypeError } from '../errors.js'
import type { KeysValues } from '../nn/attention-block.js'
import { attention, attentionWithStats } from '../ops/attention.js'
import type { AttentionOptions } from '../ops/attention-rules.js'
import { checkNumber, isOptions, optionError } from '../ops/check.js'
import { dropHeads } from '../ops/drop-heads.js'
import { dropout } from '../ops/dropout.js'
import { weightedSum } from '../ops/weighted-sum.js'
import { scope } from '../tensor/scope.js'
import type { Tensor } from '../tensor/tensor.js'
import type { Cache } from './cache.js'

/**
 * Which positions of their text queries are of: query n of a batch row stands at `first` + n mod `count`. With a cache
 * `first` is what it held before; where rows share a source (the beams of a sentence at a cross-attention), their queries
 * come one row after another.
 */
export interface Places {
  readonly first: number
  readonly count: number
}

/** What an attention is called with: q, k and v as they leave their projections, before scale. */
export interface AttentionCall {
  readonly site: string
  /** [B, Tq, H, D] */
  readonly q: Tensor
  /** [B, Tk, Hkv, D]; with a cache, of all positions so far. */
  readonly k: Tensor
  /** [B, Tk, Hkv, Dv] */
  readonly v: Tensor
  readonly options: AttentionOptions
  readonly places: Places
  /** [B, H, Tq, Tk]: what an intervention has put in the place of softmax's weights, used as it is. */
  readonly weights?: Tensor
}

/**
 * An attention that has happened: any of its weights is exp(s_ij − m_i) / ℓ_i (see `attentionTile`), unless the call
 * brought `weights`; m and ℓ are softmax's in either case.
 */
export interface AttentionSeen extends AttentionCall {
  /** [B, H, Tq], natural units */
  readonly m: Tensor
  /** [B, H, Tq] */
  readonly l: Tensor
  /** [B, Tq, H, Dv], before heads are joined and before any intervention on it. */
  readonly out: Tensor
}

/** Sites by name; `*` stands for any characters: `encoder.*.self`. */
export type SitePattern = string | readonly string[]

/**
 * Looks on. The tensors it gets are valid during the call; to hold one longer, keep a view:
 * `t.view(t.shape, t.strides).keep()`, and dispose that later.
 */
export interface Observer {
  /** Names of attentions and activations (`encoder.0.self`, `encoder.0.output`). Default all. */
  sites?: SitePattern
  attention?(seen: AttentionSeen): void
  activation?(site: string, x: Tensor): void
}

/** Changes what happens. Several at one site act in their order; observers see what they made. */
export interface Intervention {
  /** Names of attentions and activations, or what makes them of the model's names. Default all. */
  sites?: SitePattern | ((names: SiteNames) => SitePattern)
  /** It serves passes over whole texts, and refuses the steps of a generation (`effect` then compares no outputs). */
  onePass?: boolean
  /** Changes what an attention is called with, such as its mask, or puts weights in the place of softmax's. */
  attention?(call: AttentionCall): Partial<Pick<AttentionCall, 'q' | 'k' | 'v' | 'options' | 'weights'>>
  /** Replaces a named activation by a tensor of the same shape. */
  activation?(site: string, x: Tensor): Tensor
}

/** The names a model has: of its attentions, and of its activations. */
export interface SiteNames {
  readonly sites: readonly string[]
  readonly activations: readonly string[]
}

export interface RunOptions {
  /** `train`: dropout is on and activations live on for the backward pass. Default `infer`. */
  mode?: 'train' | 'infer'
  /** For dropout, of single numbers and of heads. Default 0. */
  seed?: number
  /** Share of the heads of every attention that training drops, by sequence: `dropHeads`. Default 0. */
  dropHeads?: number
  /** Step-wise decoding (infer only): causal attention appends to it and attends over all it holds. */
  cache?: Cache
  observers?: readonly Observer[]
  /** What changes the pass. */
  with?: readonly Intervention[]
  /** The pass ends once it has been through all of these sites (see `unlessEnded`). Default: it goes to its end. */
  until?: SitePattern
}

/** Thrown inside a pass that has been through all that it was wanted for. */
class RunEnded extends Error {}

/** What a pass gives; undefined when it ended at its `until`. */
export function unlessEnded<T>(pass: () => T): T | undefined {
  try {
    return pass()
  } catch (error) {
    if (error instanceof RunEnded) return undefined
    throw error
  }
}

/**
 * One pass (or one decoding) through a model: all that is not weights. Every attention of every model is one call of
 * `attend`, every named activation passes through `at`; whoever watches or changes a model does so here. A run holds
 * all its state, so runs may interleave on one model.
 */
export class Run {
  readonly mode: 'train' | 'infer'
  readonly cache: Cache | undefined
  readonly #seed: number
  readonly #dropHeads: number
  #dropouts = 0
  readonly #observers: Hooks<Observer>
  readonly #interventions: Hooks<Intervention>
  /** Sites that the pass has yet to come through; undefined where it goes to its end. */
  readonly #ahead: Set<string> | undefined
  /** Of the latest causal attention of a step-wise decoding: a cross-attention after it is asked from there too. */
  #places: Places | undefined

  /**
   * @param names of the model: patterns are checked against them
   * @throws HeedError `not-found` for a pattern that matches no site, naming those there are; HeedTypeError `option`
   *   for a cache in training, for `dropHeads` that is not from 0 to below 1, and for what is no observer or intervention.
   */
  constructor(names: SiteNames, options: RunOptions = {}) {
    const { mode = 'infer', seed = 0, dropHeads = 0, cache, until } = options
    const { observers = [], with: interventions = [] } = options
    if (mode !== 'train' && mode !== 'infer')
      throw new HeedTypeError(
        'option',
        `Run: there is no mode '${String(mode)}'; there are 'train' and 'infer'`,
      )
    if (cache && mode === 'train')
      throw new HeedTypeError(
        'option',
        'Run: a cache serves step-wise decoding; training runs whole sequences',
      )
    checkNumber('Run', 'dropHeads', dropHeads, 0, 1)
    this.mode = mode
    this.cache = cache
    this.#seed = seed
    this.#dropHeads = dropHeads
    this.#observers = hooksBySite(names, observers, 'observers')
    this.#interventions = hooksBySite(names, interventions, 'with')
    if (until !== undefined) this.#ahead = new Set(matchSites([...names.sites, ...names.activations], until))
  }

  /**
   * The attention of a site, [B, Tq, H, D] → [B, Tq, H, Dv]. With a cache, k and v of a causal attention are those of
   * the new positions and join what the cache holds; the default offset Tk − Tq then places the queries.
   * On the way pass the activations q, k, v (of the new positions) and heads, of the names that `partOf` gives.
   */
  attend(site: string, q: Tensor, k: Tensor, v: Tensor, options: AttentionOptions = {}): Tensor {
    q = this.at(partOf(site, 'q'), q)
    k = this.at(partOf(site, 'k'), k)
    v = this.at(partOf(site, 'v'), v)
    if (this.cache && options.causal) ({ k, v } = this.cache.append(site, k, v))
    if (this.cache && options.causal) this.#places = { first: k.shape[1] - q.shape[1], count: q.shape[1] }
    let call: AttentionCall = {
      site,
      q,
      k,
      v,
      options,
      places: this.#places ?? { first: 0, count: q.shape[1] },
    }
    for (const { attention: change } of this.#interventions.attentions.get(site) ?? [])
      call = { ...call, ...change!(call) }

    const observers = this.#observers.attentions.get(site) ?? []
    const out = observers.length > 0 ? this.#watched(call, observers) : mixed(call)
    this.#passed(site)
    return this.at(partOf(site, 'heads'), this.#drop(out, this.#dropHeads, dropHeads))
  }

  #watched(call: AttentionCall, observers: readonly Observer[]): Tensor {
    const { out, m, l } = attentionWithStats(call.q, call.k, call.v, call.options)
    const seen = { ...call, m, l, out: call.weights ? mixed(call) : out }
    for (const observer of observers) observer.attention!(seen)
    return seen.out
  }

  /** A named activation: gives x, or what an intervention puts in its place. */
  at(site: string, x: Tensor): Tensor {
    for (const { activation: change } of this.#interventions.activations.get(site) ?? []) x = change!(site, x)
    for (const observer of this.#observers.activations.get(site) ?? []) observer.activation!(site, x)
    this.#passed(site)
    return x
  }

  /** Whether an observer, an intervention or `until` asks for an activation: one that a pass can do without is then made. */
  asks(activation: string): boolean {
    const { activations: watched } = this.#observers
    const { activations: changed } = this.#interventions
    return watched.has(activation) || changed.has(activation) || this.#ahead?.has(activation) === true
  }

  /** @throws RunEnded when nothing is ahead any more */
  #passed(site: string): void {
    if (this.#ahead?.delete(site) && this.#ahead.size === 0) throw new RunEnded()
  }

  /** Dropout in training, with a seed of its own for every call of the run; x itself in inference. */
  dropout(x: Tensor, rate: number): Tensor {
    return this.#drop(x, rate, dropout)
  }

  #drop(x: Tensor, rate: number, by: typeof dropout): Tensor {
    if (this.mode === 'infer' || rate === 0) return x
    return by(x, rate, foldSeed(this.#seed, this.#dropouts++))
  }

  /** Keys and values that depend on the source alone: with a cache, made once. */
  once(site: string, make: () => KeysValues): KeysValues {
    return this.cache ? this.cache.once(site, make) : make()
  }

  /** In inference frees all that `fn` makes but what it gives; in training the backward pass needs it all. */
  scope(fn: () => Tensor): Tensor {
    return this.mode === 'infer' ? scope(fn) : fn()
  }

  /**
   * Passes x through `count` blocks. In inference each has a scope, in which its input lives too: memory holds the
   * activations of one block, not of all.
   */
  blocks(count: number, x: Tensor, block: (x: Tensor, index: number) => Tensor): Tensor {
    const through = (n: number): Tensor => (n === 0 ? x : this.scope(() => block(through(n - 1), n - 1)))
    return through(count)
  }
}

/** The output of an attention, [B, Tq, H, Dv]. */
const mixed = ({ q, k, v, options, weights }: AttentionCall): Tensor =>
  weights ? weightedSum(weights, v) : attention(q, k, v, options)

/**
 * What the activations around an attention are called: the self-attention of layer `layers.0` has `layers.0.q`, `.k`,
 * `.v`, `.heads` and `.attention`, a cross-attention keeps its own name, `decoder.0.cross.q`.
 */
export const partOf = (site: string, part: AttentionPart): string =>
  `${site.endsWith('.self') ? site.slice(0, -5) : site}.${part}`

/** q, k and v as the attention is called with them, `heads` its output by head, `attention` what joins the residual stream. */
export type AttentionPart = 'q' | 'k' | 'v' | 'heads' | 'attention'

/** The activations of a layer with such attentions (`self`, `cross`), in the order of the computation. */
export const layerActivations = (layer: string, attentions: readonly string[]): string[] => [
  `${layer}.input`,
  ...attentions.flatMap((kind) =>
    (['q', 'k', 'v', 'heads', 'attention'] as const).map((part) => partOf(`${layer}.${kind}`, part)),
  ),
  `${layer}.mlp`,
  `${layer}.output`,
]

/** Who wants to be called, by the name of the site. */
interface Hooks<H> {
  attentions: Map<string, H[]>
  activations: Map<string, H[]>
}

function hooksBySite<H extends Observer | Intervention>(
  names: SiteNames,
  hooks: readonly H[],
  option: string,
): Hooks<H> {
  const found: Hooks<H> = { attentions: new Map(), activations: new Map() }
  if (!Array.isArray(hooks)) throw optionError('Run', option, 'a list', hooks)
  for (const [n, hook] of hooks.entries()) {
    if (!isOptions(hook as unknown))
      throw optionError('Run', `${option}[${n}]`, 'an object with attention or activation', hook)
    const sites = hook.attention ? names.sites : []
    const activations = hook.activation ? names.activations : []
    if (sites.length + activations.length === 0) continue
    const wanted = typeof hook.sites === 'function' ? hook.sites(names) : hook.sites
    for (const site of matchSites([...sites, ...activations], wanted)) {
      const map = sites.includes(site) ? found.attentions : found.activations
      map.set(site, [...(map.get(site) ?? []), hook])
    }
  }
  return found
}

/**
 * The sites that match any of the patterns, in the model's order; all without patterns.
 *
 * @throws HeedError `not-found` for a pattern that matches none, naming the sites there are.
 */
export function matchSites(sites: readonly string[], patterns: SitePattern = '*'): string[] {
  const matching = new Set<string>()
  for (const pattern of typeof patterns === 'string' ? [patterns] : patterns) {
    const hits = sites.filter((site) => matches(site, pattern))
    if (hits.length === 0)
      throw new HeedError('not-found', `there is no site '${pattern}'; there are ${sites.join(', ')}`)
    for (const site of hits) matching.add(site)
  }
  return sites.filter((site) => matching.has(site))
}

/** Glob matching piece by piece: a pattern from outside never becomes a regular expression. */
function matches(site: string, pattern: string): boolean {
  const [first, ...rest] = pattern.split('*')
  if (rest.length === 0) return site === pattern
  const last = rest.pop()!
  if (!site.startsWith(first)) return false
  let at = first.length
  for (const piece of rest) {
    const found = site.indexOf(piece, at)
    if (found < 0) return false
    at = found + piece.length
  }
  return site.endsWith(last) && at + last.length <= site.length
}
