import type { Kernels } from '../backend.js'
import { elements } from './storage.js'

/** Loshchilov & Hutter 2019, algorithm 2: weight decay acts on the parameter, not through the gradient. */
export const adamw: Kernels['adamw'] = (step) => {
  const { gradScale, rate, beta1, beta2, eps, weightDecay, correction1, correction2 } = step
  const [P, G, M, V] = [elements(step.param), elements(step.grad), elements(step.m), elements(step.v)]
  for (let i = 0; i < P.length; i++) {
    const g = gradScale * G[i]
    const m = beta1 * M[i] + (1 - beta1) * g
    const v = beta2 * V[i] + (1 - beta2) * g * g
    P[i] -= rate * (m / correction1 / (Math.sqrt(v / correction2) + eps) + weightDecay * P[i])
    M[i] = m
    V[i] = v
  }
}
