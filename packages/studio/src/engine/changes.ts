import type { Normalizer } from 'heed'

export type { Normalizer }

/** What may stand in softmax's place. */
export const normalizerNames: readonly Normalizer[] = [
  'softmax',
  'sparsemax',
  'relu',
  'sigmoid',
  'linear',
  'hardmax',
]

/** What the reader changes in the formula of one head. */
export interface Changes {
  /** Multiplied by the model's scale, 1/√d_k; else the products stand as they are. */
  scale: boolean
  /** What scores are divided by before the normaliser. */
  temperature: number
  normalizer: Normalizer
  /** The model's own, none, or causal. */
  mask: 'own' | 'none' | 'causal'
  /** Links that are forbidden on top of it. */
  forbidden?: readonly (readonly [query: number, key: number])[]
}

/** The formula as the model has it. */
export const untouched: Changes = { scale: true, temperature: 1, normalizer: 'softmax', mask: 'own' }

export const isUntouched = ({ scale, temperature, normalizer, mask, forbidden = [] }: Changes): boolean =>
  scale && temperature === 1 && normalizer === 'softmax' && mask === 'own' && forbidden.length === 0
