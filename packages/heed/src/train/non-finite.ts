import { type Model, Run, type RunOptions } from '../models/index.js'
import { scope } from '../tensor/scope.js'
import type { Tensor } from '../tensor/tensor.js'
import type { Batch } from './task.js'

/** A tensor that holds what is no number. */
export interface NonFinite {
  /**
   * What it is: a weight, an activation of the forward pass, the loss, the gradient of a weight, or the norm of gradients
   * that are finite themselves.
   */
  kind: 'weight' | 'activation' | 'loss' | 'gradient' | 'norm'
  /** Of the weight or the activation. */
  name: string
  /** How many of its values are NaN or infinite, of how many. */
  count: number
  of: number
}

/** For people: `the activation encoder.0.mlp (3 of 640 values)`. */
export function nonFiniteWords({ kind, name, count, of }: NonFinite): string {
  if (kind === 'loss') return 'the loss itself'
  if (kind === 'norm') return 'the norm of the gradient, whose values are finite and too large to be squared'
  return `${kind === 'gradient' ? 'the gradient of' : `the ${kind}`} ${name} (${count} of ${of} values)`
}

/** The first of some tensors, in their order, with a value that is NaN or infinite. */
export async function firstNonFinite(
  kind: NonFinite['kind'],
  tensors: Iterable<readonly [name: string, t: Tensor]>,
): Promise<NonFinite | undefined> {
  for (const [name, t] of tensors) {
    const data = await t.data()
    let count = 0
    for (const x of data) if (!Number.isFinite(x)) count++
    if (count > 0) return { kind, name, count, of: t.size }
  }
  return undefined
}

/** What a step's random choices follow from, and what changes its pass. */
type Randomness = Pick<RunOptions, 'seed' | 'dropHeads' | 'with'>

/**
 * Where it began that a step has no finite loss, or no finite gradient: weights that were so before the step, else the
 * first activation of the forward pass, made again with the same dropout of activations and heads, else the loss, else the gradients in the order
 * in which the backward pass makes them, else their norm.
 */
export async function whereItBegan<M extends Model>(
  model: M,
  batch: Batch<M>,
  random: Randomness,
  grads: Readonly<Record<string, Tensor>>,
): Promise<NonFinite> {
  return (
    (await firstNonFinite('weight', Object.entries(model.weights))) ??
    (await inForwardPass(model, batch, random)) ??
    (await firstNonFinite('gradient', Object.entries(grads).reverse())) ?? {
      kind: 'norm',
      name: 'norm',
      count: 1,
      of: 1,
    }
  )
}

async function inForwardPass<M extends Model>(
  model: M,
  batch: Batch<M>,
  random: Randomness,
): Promise<NonFinite | undefined> {
  const seen: [string, Tensor][] = []
  const activation = (site: string, x: Tensor) => seen.push([site, x.view(x.shape, x.strides).keep()])
  const run = new Run(model, { mode: 'train', ...random, observers: [{ activation }] })
  try {
    const loss = scope(() => batch.loss(model, run)).keep()
    seen.push(['loss', loss])
    const found = await firstNonFinite('activation', seen)
    return found?.name === 'loss' ? { ...found, kind: 'loss' } : found
  } finally {
    for (const [, t] of seen) t.dispose()
  }
}
