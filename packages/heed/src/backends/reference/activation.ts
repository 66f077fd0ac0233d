import type { Activation, Kernels } from '../backend.js'
import { erfc } from './erf.js'
import { elements } from './storage.js'

/** The normal distribution function Φ(x), exact also where it is tiny, and its density φ(x). */
const Phi = (x: number) => erfc(-x / Math.SQRT2) / 2
const phi = (x: number) => Math.exp((-x * x) / 2) / Math.sqrt(2 * Math.PI)

/** The logistic function. */
const sigma = (x: number) => 1 / (1 + Math.exp(-x))

/** 2u of gelu's tanh form ½ x (1 + tanh u), which is x σ(2u) and so keeps its precision where tanh u is near −1. */
const twoU = (x: number) => 2 * Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3)
const twoUSlope = (x: number) => 2 * Math.sqrt(2 / Math.PI) * (1 + 3 * 0.044715 * x ** 2)

/** Each activation with its derivative. */
export const rules: Record<Activation, { f(x: number): number; derivative(x: number): number }> = {
  relu: { f: (x) => Math.max(0, x), derivative: (x) => (x > 0 ? 1 : 0) },
  gelu: { f: (x) => x * Phi(x), derivative: (x) => Phi(x) + x * phi(x) },
  geluTanh: {
    f: (x) => x * sigma(twoU(x)),
    derivative: (x) => sigma(twoU(x)) * (1 + x * twoUSlope(x) * sigma(-twoU(x))),
  },
  silu: { f: (x) => x * sigma(x), derivative: (x) => sigma(x) * (1 + x * sigma(-x)) },
}

export const activation: Kernels['activation'] = (kind, x, out) => {
  const [X, O] = [elements(x), elements(out)]
  for (let i = 0; i < O.length; i++) O[i] = rules[kind].f(X[i])
}

export const activationGrad: Kernels['activationGrad'] = (kind, x, dy, dx) => {
  const [X, dY, dX] = [elements(x), elements(dy), elements(dx)]
  for (let i = 0; i < dX.length; i++) dX[i] = dY[i] * rules[kind].derivative(X[i])
}
