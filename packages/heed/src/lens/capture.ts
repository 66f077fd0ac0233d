import { HeedError } from '../errors.js'
import type { Model, TextRun, TextRunOptions } from '../models/family.js'
import { matchSites, type Observer, type SiteNames, type SitePattern } from '../models/run.js'
import type { Tensor } from '../tensor/tensor.js'
import { disposeAttention, type KeepOptions, type KeptAttention } from './kept.js'
import { AttentionMap } from './map.js'
import { Recorder } from './recorder.js'

export interface CaptureChoice extends KeepOptions {
  /** Attentions (`encoder.*.self`) and activations (`layers.3.output`) by name or pattern. Default: all attentions. */
  sites?: SitePattern
  /** Go on after the last wanted site, to the end of the pass. Default false. */
  whole?: boolean
  /** Called after every layer of the pass; it may end before the last one. */
  onProgress?: (progress: { done: number; total: number }) => void
}

/** `O` is what else the model's `run` takes. */
export type CaptureOptions<O extends TextRunOptions = TextRunOptions> = Omit<O, 'observers' | 'until'> &
  CaptureChoice

/** What capturing asks of a model. */
export type Capturable<O, R> = Pick<Model, keyof SiteNames | 'heads'> & {
  run(text: string, options?: O): Promise<R>
}

/** What a capture knows of the text that it is of. */
export type CapturedText = Pick<TextRun, 'text' | 'output' | 'tokens'>

/**
 * Runs a model on a text at full speed (a translator translates it first, and runs on the pair) and keeps of each
 * attention asked for q, k and two numbers a row, from which any part of its map follows: O(T·d) memory, never T×T.
 * The run ends after the last wanted site. The caller disposes the capture.
 *
 * Passes of other kinds are captured by a `Recorder`: generation token by token, training.
 *
 * @throws HeedError `not-found` for an unknown site, naming those there are, or for one that the pass does not come
 *   through; what the model's `run` throws, which refuses options that neither it nor this knows
 */
export async function capture<O extends TextRunOptions, R extends TextRun>(
  model: Capturable<O, R>,
  text: string,
  options: CaptureOptions<O> = {} as CaptureOptions<O>,
): Promise<Capture> {
  const { sites, whole = false, values, outputs, onProgress, ...rest } = options
  const recorder = new Recorder(model, { sites, values, outputs })
  try {
    const until = whole ? undefined : recorder.sites
    const run = { ...rest, observers: [recorder, ...layersDone(model, onProgress)], until } as unknown as O
    const { text: seen, output, tokens } = await model.run(text, run)
    const missed = recorder.missed
    if (missed.length > 0)
      throw new HeedError(
        'not-found',
        `a pass over a text does not come through ${missed.join(', ')}; name other sites`,
      )
    return recorder.capture({ text: seen, output, tokens })
  } finally {
    recorder.dispose()
  }
}

/** Which tokens ask at an attention and which answer. */
export function sidesOf(site: string): Record<'queries' | 'keys', 'source' | 'target'> {
  const queries = site.startsWith('decoder') ? 'target' : 'source'
  return { queries, keys: site.endsWith('.cross') ? 'source' : queries }
}

/** Says where an attention's queries or keys are other than the tokens of the text; undefined where they are those. */
export function misfit({ tokens }: CapturedText, { site, q, k }: KeptAttention): string | undefined {
  const sides = sidesOf(site)
  for (const [what, count] of [
    ['queries', q.shape[1]],
    ['keys', k.shape[1]],
  ] as const) {
    const side = sides[what]
    const expected = tokens[side]?.length ?? 0
    if (count !== expected) return `${site} has ${count} ${what} for ${expected} tokens of the ${side}`
  }
  return undefined
}

/** An observer that counts layers, where somebody wants to know. */
function layersDone({ activations }: SiteNames, onProgress: CaptureChoice['onProgress']): Observer[] {
  const layers = activations.filter((name) => /\.\d+\.output$/.test(name))
  if (!onProgress || layers.length === 0) return []
  let done = 0
  return [{ sites: layers, activation: () => onProgress({ done: ++done, total: layers.length }) }]
}

/** Attentions and activations of a pass, kept to be looked into. It owns its tensors: `dispose` frees them. */
export class Capture implements Disposable {
  constructor(
    /** Query heads of every attention. */
    readonly heads: number,
    readonly attentions: ReadonlyMap<string, KeptAttention>,
    readonly activations: ReadonlyMap<string, Tensor>,
    /** Absent where the pass was over ids. */
    readonly of?: CapturedText,
  ) {}

  /** The attentions that are here, in the order of the computation. */
  get sites(): string[] {
    return [...this.attentions.keys()]
  }

  /**
   * The map of one head.
   *
   * @param batch which row of the batch, where the pass had several
   * @throws HeedError `not-found` for a site, head or batch row that is not here
   */
  map(site: string, head: number, { batch = 0 }: { batch?: number } = {}): AttentionMap {
    return new AttentionMap([{ kept: this.attention(site), head, batch: this.#row(site, head, batch) }])
  }

  /**
   * The mean of the maps of several heads: of all that are here unless sites or heads are named.
   *
   * @throws HeedError as `map`, and `input` for maps of different sizes
   */
  mean({
    sites,
    heads,
    batch = 0,
  }: { sites?: SitePattern; heads?: readonly number[]; batch?: number } = {}): AttentionMap {
    const parts = matchSites(this.sites, sites).flatMap((site) =>
      matchHeads(this.heads, heads).map((head) => ({
        kept: this.attention(site),
        head,
        batch: this.#row(site, head, batch),
      })),
    )
    return new AttentionMap(parts)
  }

  /** What is kept of an attention. @throws HeedError `not-found` */
  attention(site: string): KeptAttention {
    return this.attentions.get(site) ?? missing('attention', site, this.attentions)
  }

  /** An activation, as it was. @throws HeedError `not-found` */
  activation(name: string): Tensor {
    return this.activations.get(name) ?? missing('activation', name, this.activations)
  }

  dispose(): void {
    for (const kept of this.attentions.values()) disposeAttention(kept)
    for (const t of this.activations.values()) t.dispose()
  }

  [Symbol.dispose](): void {
    this.dispose()
  }

  #row(site: string, head: number, batch: number): number {
    matchHeads(this.heads, [head])
    const [rows] = this.attention(site).q.shape
    if (Number.isInteger(batch) && batch >= 0 && batch < rows) return batch
    throw new HeedError('not-found', `there is no batch row ${batch}; there are 0 to ${rows - 1}`)
  }
}

function missing(what: string, name: string, there: ReadonlyMap<string, unknown>): never {
  const names = [...there.keys()].join(', ') || 'none'
  throw new HeedError('not-found', `the capture has no ${what} '${name}'; it has ${names}`)
}

/**
 * The heads asked for, each once, in the model's order; all without a choice.
 *
 * @throws HeedError `not-found` for one that there is not
 */
export function matchHeads(count: number, heads: readonly number[] | undefined): number[] {
  const all = [...Array(count).keys()]
  const unknown = heads?.find((head) => !all.includes(head))
  if (unknown !== undefined)
    throw new HeedError('not-found', `there is no head ${unknown}; heads are 0 to ${count - 1}`)
  return heads ? all.filter((head) => heads.includes(head)) : all
}
