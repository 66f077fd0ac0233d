import { HeedError, HeedTypeError } from '../errors.js'
import { topIds } from '../models/beam-search.js'
import { finiteValues } from '../models/damaged.js'
import type { Model, NormWeights, Readout, TextRun, TextRunOptions } from '../models/family.js'
import { normalize, rmsNormalize } from '../nn/layers.js'
import { softmax } from '../ops/softmax.js'
import { slice } from '../ops/views.js'
import { scope } from '../tensor/scope.js'
import type { Tensor } from '../tensor/tensor.js'
import { capture, type Capturable, type CaptureOptions } from './capture.js'
import type { ScanOptions } from './scan.js'

/** What a model must be for a look at its scores from inside. */
export type Readable<O = TextRunOptions, R = TextRun> = Capturable<O, R> &
  Pick<Model, 'weights' | 'readout' | 'tokenizer'>

export interface LogitLensChoice extends Pick<ScanOptions, 'onProgress'> {
  /** Positions of the text (of an encoder-decoder: of the target); negative ones count from the end. Default: all. */
  positions?: readonly number[]
  /** Tokens that are given of each place. Default 5. */
  top?: number
}

/** `O` is what else the model's `run` takes. */
export type LogitLensOptions<O extends TextRunOptions = TextRunOptions> = Omit<O, 'observers' | 'until'> &
  LogitLensChoice

/** A token and its probability. */
export interface Likely {
  readonly id: number
  readonly text: string
  readonly probability: number
}

export interface LogitLens<T extends TextRun['tokens'] = TextRun['tokens']> {
  readonly tokens: T
  readonly positions: readonly number[]
  /** From the embedding to the last layer; `likely[n]` is of positions[n], the likeliest first. */
  readonly layers: readonly { readonly site: string; readonly likely: readonly (readonly Likely[])[] }[]
}

/**
 * What the model would say if it ended after each layer: the last norm and the output over the vocabulary, applied to
 * the embedding and to every `layers.N.output` (of an encoder-decoder, of its decoder); the logit lens ("interpreting
 * GPT: the logit lens", nostalgebraist 2020). At the last layer it is what the model says.
 *
 * Early layers were never trained to be read so: what the lens shows there is a guess. Of models whose layers end in a
 * norm of their own (BERT and post-norm Transformers) no other norm is applied; BERT's output is its masked language model's,
 * which says what stands at a position, not what comes next.
 *
 * @throws HeedError `unsupported` when the checkpoint has no output over the vocabulary; `not-found` for a position that
 *   there is not; what the model's `run` throws; HeedTypeError `option` for a `top` that is no count
 */
export async function logitLens<O extends TextRunOptions, R extends TextRun>(
  model: Readable<O, R>,
  text: string,
  options: LogitLensOptions<O> = {} as LogitLensOptions<O>,
): Promise<LogitLens<R['tokens']>> {
  const { positions: asked, top = 5, onProgress, ...run } = options
  if (!(Number.isSafeInteger(top) && top >= 1))
    throw new HeedTypeError('option', `top must be a whole number from 1 up, got ${top}`)
  const readout = readoutOf(model)
  const sites = streamOf(model, readout)
  using captured = await capture(model, text, { ...run, sites } as unknown as CaptureOptions<O>)
  const tokens = captured.of!.tokens
  const count = captured.activation(sites[0]).shape[1]
  const positions = asked ? asked.map((at) => place(at, count)) : [...Array(count).keys()]
  const layers: LogitLens['layers'][number][] = []
  for (const [n, site] of sites.entries()) {
    const x = captured.activation(site)
    const found = new Map<number, Likely[]>()
    for (const [start, end] of runsOf(positions)) {
      const likely = await likeliestAt(model, readout, x, start, end, top)
      likely.forEach((one, i) => found.set(start + i, one))
    }
    layers.push({ site, likely: positions.map((at) => found.get(at)!) })
    onProgress?.({ done: n + 1, total: sites.length })
  }
  return { tokens, positions, layers }
}

/** Positions read at once: scores of large vocabularies take much room. */
const AT_ONCE = 32

/** The positions as ranges [start, end) of neighbours, none too long. */
function runsOf(positions: readonly number[]): [start: number, end: number][] {
  const runs: [number, number][] = []
  for (const at of [...new Set(positions)].sort((a, b) => a - b)) {
    const last = runs.at(-1)
    if (last && last[1] === at && at - last[0] < AT_ONCE) last[1]++
    else runs.push([at, at + 1])
  }
  return runs
}

async function likeliestAt(
  { weights, tokenizer }: Pick<Model, 'weights' | 'tokenizer'>,
  { norm, logits }: Readout,
  x: Tensor,
  start: number,
  end: number,
  top: number,
): Promise<Likely[][]> {
  using probabilities = scope(() => {
    const part = slice(x, 1, start, end)
    return softmax(logits(norm ? applyNorm(weights, norm, part) : part))
  })
  const [V, values] = [probabilities.shape.at(-1)!, await finiteValues(probabilities)]
  return Array.from({ length: end - start }, (_, n) => {
    const row = values.subarray(n * V, (n + 1) * V)
    return topIds(row, top, -Infinity).map((id) => ({
      id,
      text: tokenText(tokenizer, id),
      probability: row[id],
    }))
  })
}

const applyNorm = (weights: Model['weights'], { kind, name, eps }: NormWeights, x: Tensor): Tensor =>
  kind === 'rms' ? rmsNormalize(weights, name, x, eps) : normalize(weights, name, x, eps)

const tokenText = (tokenizer: Model['tokenizer'], id: number): string =>
  tokenizer?.has(id) ? tokenizer.decode([id], { skipSpecials: false }) : ''

/** @throws HeedError `unsupported` */
export function readoutOf({ readout }: Pick<Model, 'readout'>): Readout {
  if (readout) return readout
  throw new HeedError(
    'unsupported',
    'this checkpoint has no output over the vocabulary, only hidden states: it says no words',
  )
}

/** The residual stream from the embedding to the last layer's output, by name. */
export function streamOf({ activations }: Pick<Model, 'activations'>, { layers }: Readout): string[] {
  const outputs = activations.filter((name) => new RegExp(`^${layers}\\.\\d+\\.output$`).test(name))
  const embedding = activations.filter((name) => name === 'embedding' || name === `${layers}.embedding`)
  return [...embedding, ...outputs]
}

/** A position, counted from the end where negative. */
export function place(at: number, count: number): number {
  const index = at < 0 ? count + at : at
  if (Number.isInteger(index) && index >= 0 && index < count) return index
  throw new HeedError(
    'not-found',
    `there is no position ${at}; there are 0 to ${count - 1}, or −1 for the last`,
  )
}
