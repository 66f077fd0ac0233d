import { type Capture, capture, type CaptureOptions, Recorder } from 'heed/lens'
import {
  Cache,
  CausalModel,
  type Intervention,
  matchSites,
  padIds,
  Run,
  Transformer,
  unlessEnded,
} from 'heed/models'
import { scope } from 'heed'
import type { OpenModel } from './models'
import type { Context } from './rpc'

/** Tokens that are read at once: so often a reader can be stopped. */
const PART = 512

/** Lets messages come in: what only awaits is never stopped. */
const pause = () => new Promise<void>((resolve) => setTimeout(resolve, 0))

/** Attentions in which the text reads itself: all but those of a translation. */
export const ownSites = ({ model }: OpenModel): string[] =>
  model instanceof Transformer ? matchSites(model.sites, 'encoder.*') : [...model.sites]

/** Of one token, by attention: q and k of all heads, and two numbers a row, in bytes. Counted on a short text. */
export async function bytesPerToken(open: OpenModel): Promise<Map<string, number>> {
  using seen = await plain(open, 'a', { sites: ownSites(open) })
  return new Map(
    [...seen.attentions].map(([site, { q, k, m, l }]) => [
      site,
      (4 * (q.size + k.size + m.size + l.size)) / q.shape[1],
    ]),
  )
}

/**
 * A capture of q, k, m and ℓ of attentions in which a text reads itself. Causal models read it part by part: the same
 * numbers, in less memory, and with a stop between any two.
 */
export async function readLong(
  open: OpenModel,
  text: string,
  sites: readonly string[],
  context: Context,
): Promise<Capture> {
  const { model } = open
  const { signal, onProgress } = context
  if (!(model instanceof CausalModel)) {
    const layers = ({ done, total }: { done: number; total: number }) =>
      onProgress({ stage: 'layers', done, total })
    return plain(open, text, { sites, signal, onProgress: layers })
  }
  const { tokens } = model.encodeSome(text)
  using recorder = new Recorder(model, { sites })
  const run = (cache: Cache) => new Run(model, { cache, observers: [recorder], until: sites })
  await inParts(model, text, context, 'tokens', (ids, cache) => {
    unlessEnded(() => scope(() => void model.hidden(run(cache), padIds([ids], model.padId))))
  })
  return recorder.capture({ text, output: null, tokens: { source: tokens } })
}

/** An encoder-decoder's encoder is read without a translation. */
const plain = ({ model }: OpenModel, text: string, options: CaptureOptions): Promise<Capture> =>
  capture(model, text, { ...options, ...(model instanceof Transformer && { target: '' }) } as CaptureOptions)

/** Goes through a text with a cache, so many tokens at a time. */
async function inParts(
  model: CausalModel,
  text: string,
  { signal, onProgress }: Context,
  stage: string,
  read: (ids: Int32Array, cache: Cache, start: number) => void | Promise<void>,
  part = PART,
): Promise<void> {
  const { ids } = model.encodeSome(text)
  using cache = new Cache()
  for (let start = 0; start < ids.length; start += part) {
    await pause()
    signal.throwIfAborted()
    const end = Math.min(start + part, ids.length)
    await read(Int32Array.from(ids.subarray(start, end)), cache, start)
    onProgress({ stage, done: end, total: ids.length })
  }
}

/** Scores of the vocabulary that are held at once: 64 MB. */
const MOST_SCORES = 2 ** 24

/**
 * −log p of every token after the first, in nats, [T − 1], under changes of the model.
 *
 * @param name what is said of the progress
 */
export async function losses(
  model: CausalModel,
  text: string,
  changes: readonly Intervention[],
  name: string,
  context: Context,
): Promise<Float32Array> {
  const { ids } = model.encodeSome(text)
  const found = new Float32Array(Math.max(0, ids.length - 1))
  const part = Math.max(1, Math.min(PART, Math.floor(MOST_SCORES / model.net.vocabSize)))
  const read = async (own: Int32Array, cache: Cache, start: number) => {
    const run = new Run(model, { cache, with: changes })
    using scores = scope(() => model.logits(run, padIds([own], model.padId))).keep()
    const values = await scores.data()
    const V = scores.shape[2]
    for (let n = 0; n < own.length && start + n < found.length; n++)
      found[start + n] = surprise(values.subarray(n * V, (n + 1) * V), ids[start + n + 1])
  }
  await inParts(model, text, context, name, read, part)
  return found
}

/** −log p of an id, in nats: log Σ exp in float64. */
function surprise(scores: ArrayLike<number>, id: number): number {
  let most = -Infinity
  for (let i = 0; i < scores.length; i++) most = Math.max(most, scores[i])
  let sum = 0
  for (let i = 0; i < scores.length; i++) sum += Math.exp(scores[i] - most)
  return most + Math.log(sum) - scores[id]
}
