import { backendOf } from '../backends/current.js'
import { HeedError } from '../errors.js'
import type { Model, NormWeights, TextRun, TextRunOptions } from '../models/family.js'
import { partOf } from '../models/run.js'
import { optionalWeight, weight } from '../nn/weights.js'
import { dense } from '../ops/check.js'
import { tensor } from '../ops/create.js'
import { embedding } from '../ops/embedding.js'
import { slice } from '../ops/views.js'
import { scope } from '../tensor/scope.js'
import type { Tensor } from '../tensor/tensor.js'
import { capture, type Capture, type CaptureOptions } from './capture.js'
import { place, type Readable, readoutOf, streamOf } from './logit-lens.js'
import { outputMatrix } from './norms.js'

export interface AttributionChoice {
  /** The id whose logit is taken apart. */
  token: number
  /** Another id: then it is the difference of the two logits, token − versus. */
  versus?: number
  /** Where the model says it (of an encoder-decoder: in the target); negative ones count from the end. Default −1. */
  position?: number
}

/** `O` is what else the model's `run` takes. */
export type AttributionOptions<O extends TextRunOptions = TextRunOptions> = Omit<
  O,
  'observers' | 'until' | 'with'
> &
  AttributionChoice

/** What one part of the model adds to a logit. */
export interface LogitPart {
  /** `bias` is of W_O; `norm` the bias of the last norm. */
  readonly part: 'embedding' | 'head' | 'bias' | 'mlp' | 'norm'
  /** An activation or attention by name; of `norm` the weight's. */
  readonly site: string
  readonly head?: number
  readonly value: number
}

export interface Attribution<T extends TextRun['tokens'] = TextRun['tokens']> {
  readonly tokens: T
  readonly position: number
  /** What all parts add up to: the logit, or the difference of two. */
  readonly logit: number
  /** In the order of the computation. */
  readonly parts: readonly LogitPart[]
}

/**
 * Direct logit attribution: what each head, feed-forward network and the embedding add to the logit of a token. In a
 * pre-norm model the residual stream x is the sum of what they put into it, and with the last norm's scale σ taken as it
 * is, its logit norm(x) · U_t is linear in x: part c adds ((c − mean c) / σ ⊙ γ) · U_t (of an RMS norm without the mean),
 * and a head's c is its output times W_O ("A Mathematical Framework for Transformer Circuits", Elhage et al. 2021;
 * `logit_attrs` of TransformerLens). Sums are in float64.
 *
 * Direct effects only: what a head does through later layers is not in its number.
 *
 * @throws HeedError `unsupported` for models whose layers end in a norm of their own (what a head adds then goes through
 *   every later norm), without an output over the vocabulary, or whose family does not name W_O; `not-found` for an id or
 *   position that there is not; what the model's `run` throws
 */
export async function attributeLogit<O extends TextRunOptions, R extends TextRun>(
  model: Readable<O, R> & Pick<Model, 'outputProjection'>,
  text: string,
  options: AttributionOptions<O>,
): Promise<Attribution<R['tokens']>> {
  const { token, versus, position: asked = -1, ...run } = options
  const readout = readoutOf(model)
  const { norm, unembedding, layers } = readout
  if (!norm || !unembedding)
    throw new HeedError(
      'unsupported',
      'a logit comes apart only where all parts are added up and normed once: layers of this model end in a norm of their own (post-norm), through which every part goes again; logitLens() works here, and ablating a head shows its effect',
    )
  const stream = streamOf(model, readout)
  const sites = model.sites.filter((site) => site.startsWith(`${layers}.`))
  const mlps = model.activations.filter((name) => name.startsWith(`${layers}.`) && name.endsWith('.mlp'))
  const wanted = [stream[0], stream.at(-1)!, ...sites.map((site) => partOf(site, 'heads')), ...mlps]
  using captured = await capture(model, text, { ...run, sites: wanted } as unknown as CaptureOptions<O>)
  const final = captured.activation(stream.at(-1)!)
  const position = place(asked, final.shape[1])
  const { direction, constant } = await readingOf(
    model,
    norm,
    unembedding,
    { token, versus },
    final,
    position,
  )

  const add = async (name: string) => dot(await vectorAt(captured.activation(name), position), direction)
  const parts: LogitPart[] = [{ part: 'embedding', site: stream[0], value: await add(stream[0]) }]
  for (const name of model.activations) {
    const site = sites.find((site) => partOf(site, 'attention') === name)
    if (site) parts.push(...(await headParts(model, captured, site, position, direction)))
    else if (mlps.includes(name)) parts.push({ part: 'mlp', site: name, value: await add(name) })
  }
  if (norm.kind === 'layer') parts.push({ part: 'norm', site: norm.name, value: constant })
  const { tokens } = captured.of!
  return { tokens, position, logit: dot(await vectorAt(final, position), direction) + constant, parts }
}

/** The vector that turns what is in the residual stream into logits, with the norm's scale at this position, and what is added. */
async function readingOf(
  { weights }: Pick<Model, 'weights'>,
  { kind, name, eps }: NormWeights,
  unembedding: string,
  { token, versus }: Pick<AttributionChoice, 'token' | 'versus'>,
  final: Tensor,
  position: number,
): Promise<{ direction: Float64Array; constant: number }> {
  const table = weight(weights, unembedding)
  const scores = Float64Array.from(await rowOf(table, token))
  if (versus !== undefined) (await rowOf(table, versus)).forEach((x, d) => (scores[d] -= x))
  const gain = await weight(weights, `${name}.weight`).data()
  const shift = kind === 'layer' ? await weight(weights, `${name}.bias`).data() : undefined
  const x = await vectorAt(final, position)
  const center = kind === 'layer' ? meanOf(x) : 0
  const sigma = Math.sqrt(meanOf(x.map((value) => (value - center) ** 2)) + eps)
  const direction = scores.map((score, d) => (score * gain[d]) / sigma)
  // (c − mean c) · u is c · (u − mean u).
  const lean = kind === 'layer' ? meanOf(direction) : 0
  return { direction: direction.map((u) => u - lean), constant: shift ? dot(shift, scores) : 0 }
}

/** What each head of a site adds, and W_O's bias. */
async function headParts(
  model: Pick<Model, 'weights' | 'outputProjection'>,
  captured: Capture,
  site: string,
  position: number,
  direction: Float64Array,
): Promise<LogitPart[]> {
  const { data, width, row, col } = await outputMatrix(model, site)
  const heads = captured.activation(partOf(site, 'heads'))
  const [, , H, Dv] = heads.shape
  const values = await vectorAt(heads, position)
  const parts = Array.from({ length: H }, (_, head): LogitPart => {
    let value = 0
    for (let r = head * Dv; r < (head + 1) * Dv; r++) {
      let through = 0
      for (let c = 0; c < width; c++) through += data[r * row + c * col] * direction[c]
      value += values[r] * through
    }
    return { part: 'head', site, head, value }
  })
  const bias = optionalWeight(model.weights, `${model.outputProjection(site)!.name}.bias`)
  if (bias) parts.push({ part: 'bias', site, value: dot(await bias.data(), direction) })
  return parts
}

/** x [1, T, …] at a position, flat. */
async function vectorAt(x: Tensor, position: number): Promise<Float64Array> {
  using one = scope(() => dense(slice(x, 1, position, position + 1)))
  return Float64Array.from(await one.data())
}

async function rowOf(table: Tensor, id: number): Promise<Float64Array> {
  const [V] = table.shape
  if (!(Number.isInteger(id) && id >= 0 && id < V))
    throw new HeedError('not-found', `there is no token ${id}; there are 0 to ${V - 1}`)
  // By the op that embeds: it reads tables of every dtype.
  using one = scope(() => embedding(tensor(Int32Array.of(id), [1], { backend: backendOf(table) }), table))
  return Float64Array.from(await one.data())
}

const meanOf = (x: Float64Array): number => x.reduce((sum, value) => sum + value, 0) / x.length

function dot(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i]
  return sum
}
