import { breather } from '../breathe.js'
import { throwIfAborted } from '../errors.js'
import { type Intervention, type Model, Run } from '../models/index.js'
import { scope } from '../tensor/scope.js'
import type { Epoch } from './task.js'

/**
 * The mean cross-entropy per token over all batches of an epoch, in nats, without dropout.
 *
 * @throws HeedError `aborted`
 */
export async function meanLoss<M extends Model>(
  model: M,
  { count, batch: batchOf }: Epoch<M>,
  signal: AbortSignal | undefined,
  interventions?: readonly Intervention[],
): Promise<number> {
  const breathe = breather()
  let [sum, tokens] = [0, 0]
  for (let i = 0; i < count; i++) {
    const batch = batchOf(i)
    using loss = scope(() => batch.loss(model, new Run(model, { with: interventions })))
    sum += batch.tokens * (await loss.item())
    tokens += batch.tokens
    await breathe()
    throwIfAborted(signal)
  }
  return sum / tokens
}
