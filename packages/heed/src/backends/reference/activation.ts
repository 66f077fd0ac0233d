import type { Activation, Kernels } from '../backend.js'
import { erfc } from './erf.js'
import { elements } from './storage.js'

/** The normal distribution function Φ(x), exact also where it is tiny, and its density φ(x). */
const Phi = (x: number) => erfc(-x / Math.SQRT2) / 2
const phi = (x: number) => Math.exp((-x * x) / 2) / Math.sqrt(2 * Math.PI)

const rules: Record<Activation, { f(x: number): number; derivative(x: number): number }> = {
  relu: { f: (x) => Math.max(0, x), derivative: (x) => (x > 0 ? 1 : 0) },
  gelu: { f: (x) => x * Phi(x), derivative: (x) => Phi(x) + x * phi(x) },
}

export const activation: Kernels['activation'] = (kind, x, out) => {
  const [X, O] = [elements(x), elements(out)]
  for (let i = 0; i < O.length; i++) O[i] = rules[kind].f(X[i])
}

export const activationGrad: Kernels['activationGrad'] = (kind, x, dy, dx) => {
  const [X, dY, dX] = [elements(x), elements(dy), elements(dx)]
  for (let i = 0; i < dX.length; i++) dX[i] = dY[i] * rules[kind].derivative(X[i])
}
