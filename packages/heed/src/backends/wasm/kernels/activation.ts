import type { Kernels } from '../../backend.js'
import { i32s, kernel, type RunKernel } from '../emit/kernel.js'
import { perActivation, rules } from './activation-rules.js'
import { advance, chunkOf, chunks, forEach4 } from './support.js'

const forwards = perActivation((kind) =>
  kernel(kind, i32s('x', 'out', 'n'), (f, { x, out, n }, item) => {
    const { start, count } = chunkOf(f, item, n)
    advance([x, out], start.shl(2))
    const apply = rules[kind](f)
    forEach4(f, count, [x], [out], (v) => [apply(v).value])
  }),
)

const backwards = perActivation((kind) =>
  kernel(`${kind}Grad`, i32s('x', 'dy', 'dx', 'n'), (f, { x, dy, dx, n }, item) => {
    const { start, count } = chunkOf(f, item, n)
    advance([x, dy, dx], start.shl(2))
    const apply = rules[kind](f)
    forEach4(f, count, [x, dy], [dx], (v, d) => [d.mul(apply(v).derivative)])
  }),
)

export const activationKernels = [...Object.values(forwards), ...Object.values(backwards)]

export const activation = (run: RunKernel): Pick<Kernels, 'activation' | 'activationGrad'> => ({
  activation(kind, x, out) {
    run(forwards[kind], chunks(x.size), { x, out, n: x.size })
  },
  activationGrad(kind, x, dy, dx) {
    run(backwards[kind], chunks(x.size), { x, dy, dx, n: x.size })
  },
})
