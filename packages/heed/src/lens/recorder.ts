import { Growing } from '../models/cache.js'
import type { Model } from '../models/family.js'
import {
  type AttentionSeen,
  matchSites,
  type Observer,
  type SiteNames,
  type SitePattern,
} from '../models/run.js'
import { type AttentionOptions, resolveRules } from '../ops/attention-rules.js'
import { dense } from '../ops/check.js'
import { scope } from '../tensor/scope.js'
import type { Tensor } from '../tensor/tensor.js'
import { Capture, type CapturedText } from './capture.js'
import {
  disposeAttention,
  keep,
  keepAgain,
  keepAttention,
  type KeepOptions,
  type KeptAttention,
} from './kept.js'

export interface RecorderOptions extends KeepOptions {
  /** Attentions and activations by name or pattern. Default: all attentions. */
  sites?: SitePattern
}

/**
 * An observer that keeps what passes by, of any pass: `model.generate(prompt, { observers: [recorder] })`, or
 * `new Run(model, { mode: 'train', observers: [recorder] })`. Of a generation with a cache, whose passes are over the new
 * positions only, rows are appended as tokens come, so that the maps are those of one pass over the whole text; any
 * other pass takes the place of the one before. Activations are always those of the last pass: of a generation with a
 * cache, of the last position alone. The caller disposes it, and separately each capture it gives.
 */
export class Recorder implements Observer, Disposable {
  /** All that is recorded, in the model's order. */
  readonly sites: readonly string[]
  /** Absent where no such site is wanted. */
  readonly attention?: (seen: AttentionSeen) => void
  readonly activation?: (site: string, x: Tensor) => void
  readonly #heads: number
  readonly #attentions = new Map<string, Rows>()
  readonly #activations = new Map<string, Tensor>()

  /** @throws HeedError `not-found` for an unknown site, naming those there are */
  constructor(model: Pick<Model, keyof SiteNames | 'heads'>, { sites, ...options }: RecorderOptions = {}) {
    const all = [...model.sites, ...model.activations]
    this.sites = sites === undefined ? model.sites : matchSites(all, sites)
    this.#heads = model.heads
    if (this.sites.some((site) => model.sites.includes(site)))
      this.attention = (seen) => {
        let rows = this.#attentions.get(seen.site)
        if (!rows) this.#attentions.set(seen.site, (rows = new Rows(options)))
        rows.add(seen)
      }
    if (this.sites.some((site) => model.activations.includes(site)))
      this.activation = (site, x) => {
        this.#activations.get(site)?.dispose()
        this.#activations.set(site, keep(x))
      }
  }

  /** What is wanted and has not passed by yet. */
  get missed(): string[] {
    return this.sites.filter((site) => !this.#attentions.has(site) && !this.#activations.has(site))
  }

  /**
   * What has been recorded so far, as a capture of its own: the recorder may go on. A pass under a mask, bias or weights
   * of an intervention is not joined to one before or after it, and the later one takes its place: an attention then has
   * fewer rows than keys.
   */
  capture(of?: CapturedText): Capture {
    const attentions = [...this.#attentions].map(([site, rows]) => [site, rows.all()] as const)
    const activations = [...this.#activations].map(([site, x]) => [site, keep(x)] as const)
    return new Capture(this.#heads, new Map(attentions), new Map(activations), of)
  }

  dispose(): void {
    for (const rows of this.#attentions.values()) rows.dispose()
    for (const x of this.#activations.values()) x.dispose()
    this.#attentions.clear()
    this.#activations.clear()
  }

  [Symbol.dispose](): void {
    this.dispose()
  }
}

/** The attentions of one site, of passes that go on from one another. */
class Rows {
  /** The latest pass: its k and v are of all positions so far. */
  #last: KeptAttention | undefined
  /** q, m, ℓ and the output of all passes, where there were several. */
  #grown: { q: Growing; m: Growing; l: Growing; out: Growing } | undefined
  #count = 0

  constructor(readonly options: KeepOptions) {}

  add(seen: AttentionSeen): void {
    const before = this.#last
    const first = firstRow(seen)
    if (before && this.#count > 0 && first === this.#count && !fixed(before) && !fixed(seen)) {
      this.#grown ??= grow(before)
      this.#last = keepAttention(seen, this.options)
      append(this.#grown, this.#last)
    } else {
      this.#end()
      this.#last = keepAttention(seen, this.options)
      this.#count = first
    }
    this.#count += seen.q.shape[1]
    if (before) disposeAttention(before)
  }

  /** One attention over all rows, with tensors of its own. */
  all(): KeptAttention {
    const last = this.#last!
    const grown = this.#grown
    if (!grown) return keepAgain(last)
    return scope(() => {
      const [m, l] = [fromColumns(grown.m.view()), fromColumns(grown.l.view())]
      const out = last.out && { out: grown.out.view() }
      const options = fromFirst(last, grown.q.length - last.q.shape[1])
      return keepAgain({ ...last, q: grown.q.view(), m, l, ...out, options })
    })
  }

  dispose(): void {
    this.#end()
    if (this.#last) disposeAttention(this.#last)
    this.#last = undefined
  }

  #end(): void {
    if (this.#grown) for (const x of Object.values(this.#grown)) x.dispose()
    this.#grown = undefined
    this.#count = 0
  }
}

/** Where the first query of a pass stands among the keys: behind those that a cache held, or at 0. */
const firstRow = (seen: AttentionSeen): number => (seen.options.causal ? offsetsOf(seen)[0] : 0)

/** The rules of the last rows as those of all, which begin `before` rows earlier: an offset that was given goes back. */
function fromFirst(kept: KeptAttention, before: number): AttentionOptions {
  const { options } = kept
  if (typeof options.causal !== 'object') return options
  return { ...options, causal: { offset: offsetsOf(kept).map((offset) => offset - before) } }
}

/** Per batch, where the first query stands among the keys. */
const offsetsOf = ({ q, k, options }: Pick<AttentionSeen, 'q' | 'k' | 'options'>): readonly number[] =>
  scope(() => resolveRules(q, k, options).offsets)

/** Whether rules are tensors that say it of these rows alone. */
const fixed = ({ options: { mask, bias }, weights }: Pick<KeptAttention, 'options' | 'weights'>): boolean =>
  Boolean(mask || bias || weights)

function grow(first: KeptAttention) {
  const grown = { q: new Growing(), m: new Growing(), l: new Growing(), out: new Growing() }
  append(grown, first)
  return grown
}

function append(grown: NonNullable<ReturnType<typeof grow>>, { q, m, l, out }: KeptAttention): void {
  scope(() => {
    grown.q.append(q)
    grown.m.append(asColumns(m))
    grown.l.append(asColumns(l))
    if (out) grown.out.append(out)
  })
}

/** [B, H, T] as [B, T, H, 1], which grows along time. */
const asColumns = (x: Tensor): Tensor => {
  const [B, H, T] = x.shape
  const d = dense(x)
  return d.view([B, T, H, 1], [H * T, 1, T, 1])
}

const fromColumns = (x: Tensor): Tensor => {
  const [B, T, H] = x.shape
  return dense(x.view([B, H, T], [x.strides[0], x.strides[2], x.strides[1]]))
}
