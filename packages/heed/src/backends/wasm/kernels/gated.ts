import type { Kernels } from '../../backend.js'
import { i32s, kernel, type RunKernel } from '../emit/kernel.js'
import { perActivation, rules } from './activation-rules.js'
import { advance, chunkOf, chunks, forEach4 } from './support.js'

const forwards = perActivation((kind) =>
  kernel(`${kind}Gated`, i32s('gate', 'up', 'out', 'n'), (f, { gate, up, out, n }, item) => {
    const { start, count } = chunkOf(f, item, n)
    advance([gate, up, out], start.shl(2))
    const apply = rules[kind](f)
    forEach4(f, count, [gate, up], [out], (g, u) => [apply(g).value.mul(u)])
  }),
)

const gradArgs = i32s('gate', 'up', 'dy', 'dGate', 'dUp', 'n')
const backwards = perActivation((kind) =>
  kernel(`${kind}GatedGrad`, gradArgs, (f, { gate, up, dy, dGate, dUp, n }, item) => {
    const { start, count } = chunkOf(f, item, n)
    advance([gate, up, dy, dGate, dUp], start.shl(2))
    const apply = rules[kind](f)
    forEach4(f, count, [gate, up, dy], [dGate, dUp], (g, u, d) => {
      const { value, derivative } = apply(g)
      return [d.mul(u).mul(derivative), d.mul(value)]
    })
  }),
)

export const gatedKernels = [...Object.values(forwards), ...Object.values(backwards)]

export const gated = (run: RunKernel): Pick<Kernels, 'gated' | 'gatedGrad'> => ({
  gated(kind, gate, up, out) {
    run(forwards[kind], chunks(out.size), { gate, up, out, n: out.size })
  },
  gatedGrad({ kind, gate, up, dy, dGate, dUp }) {
    run(backwards[kind], chunks(dy.size), { gate, up, dy, dGate, dUp, n: dy.size })
  },
})
