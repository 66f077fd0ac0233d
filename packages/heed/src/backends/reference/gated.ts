import type { Kernels } from '../backend.js'
import { rules } from './activation.js'
import { elements } from './storage.js'

export const gated: Kernels['gated'] = (kind, gate, up, out) => {
  const [G, U, O] = [elements(gate), elements(up), elements(out)]
  for (let i = 0; i < O.length; i++) O[i] = rules[kind].f(G[i]) * U[i]
}

export const gatedGrad: Kernels['gatedGrad'] = ({ kind, gate, up, dy, dGate, dUp }) => {
  const [G, U, dY, dG, dU] = [elements(gate), elements(up), elements(dy), elements(dGate), elements(dUp)]
  for (let i = 0; i < dY.length; i++) {
    dG[i] = dY[i] * U[i] * rules[kind].derivative(G[i])
    dU[i] = dY[i] * rules[kind].f(G[i])
  }
}
