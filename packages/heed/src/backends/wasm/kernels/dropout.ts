import type { Kernels } from '../../backend.js'
import { dropoutThreshold } from '../../random.js'
import type { Fn } from '../emit/function.js'
import { i32s, kernel, type RunKernel } from '../emit/kernel.js'
import { type V128, v128i, v128is } from '../emit/values.js'
import { advance, chunkOf, chunks, forEach4 } from './support.js'

const args = { ...i32s('x', 'out', 'n', 'seed', 'threshold'), factor: 'f32' } as const
const dropoutKernel = kernel('dropout', args, (f, { x, out, n, seed, threshold, factor }, item) => {
  const { start, count } = chunkOf(f, item, n)
  advance([x, out], start.shl(2))
  const bits = makeRandomBits(f, f.v128(seed.splat()))
  const index = f.v128(start.splat().iadd(v128is(0, 1, 2, 3)))
  const [four, least, keep] = [f.v128(v128i(4)), f.v128(threshold.splat()), f.v128(factor.splat())]
  forEach4(f, count, [x], [out], (v) => {
    const kept = f.v128(bits(index).ishrU(8).ige(least))
    index.set(index.iadd(four))
    return [v.mul(keep).and(kept)]
  })
})

/** randomBits of random.ts for four indices. */
function makeRandomBits(f: Fn, seed: V128): (index: V128) => V128 {
  const [first, second] = [f.v128(v128i(0x85ebca6b | 0)), f.v128(v128i(0xc2b2ae35 | 0))]
  const stride = f.v128(seed.imul(v128i(0x9e3779b9 | 0)))
  const h = f.v128()
  const mix = (input: V128): V128 => {
    h.set(input)
    h.set(h.xor(h.ishrU(16)).imul(first))
    h.set(h.xor(h.ishrU(13)).imul(second))
    return h.xor(h.ishrU(16))
  }
  return (index) => mix(mix(index.xor(seed)).iadd(stride))
}

export const dropoutKernels = [dropoutKernel]

export const dropout = (run: RunKernel): Pick<Kernels, 'dropout'> => ({
  dropout(x, rate, seed, out) {
    const [threshold, factor] = [dropoutThreshold(rate), 1 / (1 - rate)]
    run(dropoutKernel, chunks(x.size), { x, out, n: x.size, seed, threshold, factor })
  },
})
