import type { Kernels } from '../backend.js'
import { dropoutThreshold, randomBits } from '../random.js'
import { elements } from './storage.js'

export const dropout: Kernels['dropout'] = (x, rate, seed, out) => {
  const [X, O] = [elements(x), elements(out)]
  const threshold = dropoutThreshold(rate)
  for (let i = 0; i < O.length; i++) O[i] = randomBits(seed, i) >>> 8 >= threshold ? X[i] / (1 - rate) : 0
}
