import { throwIfAborted } from '../errors.js'
import { Run, type Transformer, translationBatch } from '../models/index.js'
import { scope } from '../tensor/scope.js'
import { bleu } from '../text/index.js'
import { breather } from '../breathe.js'
import { type EncodedPair, epochBatches, type Pair } from './data.js'

/**
 * The mean cross-entropy per target token over all pairs, in nats, without label smoothing or dropout.
 *
 * @throws HeedError `aborted`
 */
export async function validationLoss(
  model: Transformer,
  pairs: readonly EncodedPair[],
  { batchTokens, signal }: { batchTokens: number; signal?: AbortSignal },
): Promise<number> {
  const breathe = breather()
  let [sum, tokens] = [0, 0]
  for (const indices of epochBatches(pairs, { batchTokens, seed: 0, epoch: 0 })) {
    const chosen = indices.map((i) => pairs[i])
    using loss = scope(() => model.loss(new Run(model), translationBatch(chosen, model.config)))
    const count = chosen.reduce((n, { target }) => n + target.length, 0)
    sum += count * (await loss.item())
    tokens += count
    await breathe()
    throwIfAborted(signal)
  }
  return sum / tokens
}

/** BLEU of greedy translations against all references. */
export async function validationBleu(
  model: Transformer,
  pairs: readonly Pair[],
  { signal }: { signal?: AbortSignal },
): Promise<number> {
  const translations = await model.translate(
    pairs.map(({ source }) => source),
    { beam: 1, signal },
  )
  return bleu(
    translations,
    pairs.map(({ targets }) => targets),
  ).score
}
