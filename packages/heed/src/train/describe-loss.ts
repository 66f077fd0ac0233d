import { backendOf } from '../backends/current.js'
import { randomUnit } from '../backends/random.js'
import { throwIfAborted } from '../errors.js'
import { type EncoderModel, type Intervention, padIds, Run } from '../models/index.js'
import { add, crossEntropy, embedding, reshape, scale, tensor } from '../ops/index.js'
import { scope } from '../tensor/scope.js'
import type { Tensor } from '../tensor/tensor.js'
import { batchesByLength } from './batches.js'
import type { EncodedSentence } from './describe-data.js'

/** What the loss is of. */
export interface LossOptions {
  /** What is said of a word that nothing describes. */
  none: number
  /** The share of such words that is looked at, from 0 (none of them) to 1. */
  others: number
  /** Which ones these are. */
  seed: number
  padId: number
}

/**
 * The mean cross-entropy over all tokens in nats, a tensor of shape [], or an unbiased estimate of it. Few words are
 * described; the others are easy, and the output over the vocabulary is most of the work. So all that are described are looked
 * at, and of the others a random share, whose mean stands for all of them: nothing is weighted anew, and the model's
 * probabilities are those of the data.
 */
export function describeLoss(
  model: EncoderModel,
  run: Run,
  sentences: readonly EncodedSentence[],
  { none, others, seed, padId }: LossOptions,
): Tensor {
  const inputs = padIds(
    sentences.map(({ ids }) => ids),
    padId,
  )
  const places = sentences.flatMap(({ targets }, row) =>
    Array.from(targets, (target, t) => ({ at: row * inputs.width + t, target })),
  )
  const described = places.filter(({ target }) => target !== none)
  const rest = places.filter(({ target }) => target === none)
  const drawn = rest.filter(({ at }) => others === 1 || randomUnit(seed, at) < others)
  const parts = [
    { asked: described, count: described.length },
    { asked: drawn.length > 0 ? drawn : rest, count: rest.length },
  ]
  return run.scope(() => {
    const hidden = model.hidden(run, inputs) // [B, T, D]
    const flat = reshape(hidden, [inputs.rows * inputs.width, hidden.shape[2]])
    const backend = backendOf(hidden)
    const losses = parts
      .filter(({ count }) => count > 0)
      .map(({ asked, count }) => {
        const rows = tensor(
          Int32Array.from(asked, ({ at }) => at),
          undefined,
          { backend },
        )
        const logits = model.net.logits!(run, embedding(rows, flat)) // [rows, V]
        const targets = tensor(
          Int32Array.from(asked, ({ target }) => target),
          undefined,
          { backend },
        )
        return scale(crossEntropy(logits, targets), count / places.length)
      })
    return losses.reduce(add)
  })
}

/**
 * The share of right answers at words that are described, and at all others; absent where there is no such word.
 *
 * @throws HeedError `aborted`
 */
export async function rightAnswers(
  model: EncoderModel,
  sentences: readonly EncodedSentence[],
  options: { none: number; batchTokens: number; with?: readonly Intervention[]; signal?: AbortSignal },
): Promise<{ described?: number; undescribed?: number }> {
  const { none, batchTokens, with: interventions, signal } = options
  const right = { described: 0, undescribed: 0 }
  const all = { described: 0, undescribed: 0 }
  const order = { batchTokens, seed: 0, epoch: 0 }
  for (const batch of batchesByLength(sentences.length, (i) => sentences[i].ids.length, order)) {
    throwIfAborted(signal)
    const inputs = padIds(
      batch.map((i) => sentences[i].ids),
      model.padId,
    )
    using logits = scope(() => model.logits(new Run(model, { with: interventions }), inputs)).keep()
    const [data, V] = [await logits.data(), logits.shape[2]]
    batch.forEach((i, row) =>
      sentences[i].targets.forEach((target, t) => {
        const at = (row * inputs.width + t) * V
        let best = 0
        for (let id = 1; id < V; id++) if (data[at + id] > data[at + best]) best = id
        const kind = target === none ? 'undescribed' : 'described'
        all[kind]++
        if (best === target) right[kind]++
      }),
    )
  }
  const share = (kind: keyof typeof all) => (all[kind] > 0 ? { [kind]: right[kind] / all[kind] } : {})
  return { ...share('described'), ...share('undescribed') }
}
