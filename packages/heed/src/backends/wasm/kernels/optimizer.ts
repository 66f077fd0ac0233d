import type { Kernels } from '../../backend.js'
import { i32s, kernel, type RunKernel } from '../emit/kernel.js'
import { v128 } from '../emit/values.js'
import type { WasmHost, WasmStorage } from '../storage.js'
import { advance, chunkOf, chunks, forEach4, reduce4, total } from './support.js'

/** partial[item] = Σ x² over the item's chunk. */
const sumSquares = kernel('sumSquares', i32s('x', 'partial', 'n'), (f, { x, partial, n }, item) => {
  const { start, count } = chunkOf(f, item, n)
  advance([x], start.shl(2))
  const sum = f.sum(reduce4(f, count, [x], v128(0), (acc, v) => f.madd(v, v, acc)))
  f.storeF32(partial.add(item.shl(2)), sum)
})

const adamwArgs = {
  ...i32s('param', 'grad', 'm', 'v', 'n'),
  gradScale: 'f32',
  rate: 'f32',
  eps: 'f32',
  weightDecay: 'f32',
  beta1: 'f32',
  beta2: 'f32',
  rest1: 'f32',
  rest2: 'f32',
  correction1: 'f32',
  correction2: 'f32',
} as const
const adamw = kernel('adamw', adamwArgs, (f, p, item) => {
  const { param, grad, m, v } = p
  const { start, count } = chunkOf(f, item, p.n)
  advance([param, grad, m, v], start.shl(2))
  const [scale, rate, eps, decay] = [p.gradScale, p.rate, p.eps, p.weightDecay].map((x) => f.v128(x.splat()))
  const [beta1, beta2, rest1, rest2] = [p.beta1, p.beta2, p.rest1, p.rest2].map((x) => f.v128(x.splat()))
  const [correction1, correction2] = [p.correction1, p.correction2].map((x) => f.v128(x.splat()))
  const [g, m1, v1] = f.v128s(3)
  forEach4(f, count, [param, grad, m, v], [param, m, v], (theta, g0, m0, v0) => {
    g.set(g0.mul(scale))
    m1.set(f.madd(m0, beta1, g.mul(rest1)))
    v1.set(f.madd(v0, beta2, g.mul(g).mul(rest2)))
    const step = m1.div(correction1).div(v1.div(correction2).sqrt().add(eps))
    return [theta.sub(rate.mul(f.madd(decay, theta, step))), m1, v1]
  })
})

export const optimizerKernels = [sumSquares, adamw]

export const optimizer = (run: RunKernel, host: WasmHost): Pick<Kernels, 'sumSquares' | 'adamw'> => ({
  sumSquares(x, out, index) {
    const partial = host.allocate('float32', chunks(x.size))
    try {
      run(sumSquares, chunks(x.size), { x, partial: (partial as WasmStorage).address, n: x.size })
      host.view(out.storage)[out.offset + index] = total(host.view(partial))
    } finally {
      host.free(partial)
    }
  },
  adamw({ param, grad, m, v, beta1, beta2, ...numbers }) {
    run(adamw, chunks(param.size), {
      param,
      grad,
      m,
      v,
      n: param.size,
      ...numbers,
      beta1,
      beta2,
      rest1: 1 - beta1,
      rest2: 1 - beta2,
    })
  },
})
