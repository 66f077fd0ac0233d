import type { Model } from '../models/index.js'
import type { Tensor } from '../tensor/tensor.js'
import { globalNorm } from './adamw.js'

/** Norms of the gradients of W_Q, W_K and W_V, over all attentions of a model. */
export interface ProjectionNorms {
  query: number
  key: number
  value: number
}

/** Undefined where the family does not say which weights these are, or where one matrix makes several of them. */
export async function projectionNorms(
  model: Pick<Model, 'sites' | 'inputProjections'>,
  grads: Readonly<Record<string, Tensor>>,
): Promise<ProjectionNorms | undefined> {
  const found = model.sites.flatMap((site) => model.inputProjections?.(site) ?? [])
  const isShared = found.some(({ q, k, v }) => [q, k, v].some(({ first }) => first !== undefined))
  if (found.length < model.sites.length || isShared) return undefined
  const normOf = (part: 'q' | 'k' | 'v') =>
    globalNorm(found.map((projections) => grads[`${projections[part].name}.weight`]))
  return { query: await normOf('q'), key: await normOf('k'), value: await normOf('v') }
}
