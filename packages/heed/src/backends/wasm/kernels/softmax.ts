import type { Kernels } from '../../backend.js'
import { i32s, kernel, type RunKernel } from '../emit/kernel.js'
import { f32, v128 } from '../emit/values.js'
import { makeExp } from './exp.js'
import { forEach4, forEachRow, largest4, reduce4, rowArgs, rowsAndWidth, rowWork } from './support.js'

const forward = kernel('softmax', { ...i32s('x', 'out'), ...rowArgs }, (f, p, item) => {
  const exp = makeExp(f)
  const [x, out] = [f.i32(), f.i32()]
  const [shift, factor] = f.v128s(2)
  // The least finite number stands in for the maximum of a row of −∞ alone, which then gives exponentials and a sum
  // of 0. Any other row sums to 1 or more.
  const least = f.v128(v128(-3.4028234663852886e38))
  forEachRow(f, item, p, (_, offset) => {
    x.set(p.x.add(offset))
    shift.set(largest4(f, p.width, x, least))
    f.spreadMax(shift)
    x.set(p.x.add(offset))
    out.set(p.out.add(offset))
    forEach4(f, p.width, [x], [out], (v) => [exp(v.sub(shift))])
    out.set(p.out.add(offset))
    const sum = f.sum(reduce4(f, p.width, [out], v128(0), (acc, v) => acc.add(v)))
    factor.set(f32(1).div(sum.max(1)).splat())
    out.set(p.out.add(offset))
    forEach4(f, p.width, [out], [out], (v) => [v.mul(factor)])
  })
})

const backward = kernel('softmaxGrad', { ...i32s('y', 'dy', 'dx'), ...rowArgs }, (f, p, item) => {
  const [y, dy, dx] = [f.i32(), f.i32(), f.i32()]
  const total = f.v128()
  forEachRow(f, item, p, (_, offset) => {
    y.set(p.y.add(offset))
    dy.set(p.dy.add(offset))
    total.set(f.sum(reduce4(f, p.width, [y, dy], v128(0), (acc, a, b) => f.madd(a, b, acc))).splat())
    y.set(p.y.add(offset))
    dy.set(p.dy.add(offset))
    dx.set(p.dx.add(offset))
    forEach4(f, p.width, [y, dy], [dx], (a, b) => [a.mul(b.sub(total))])
  })
})

export const softmaxKernels = [forward, backward]

export const softmax = (run: RunKernel): Pick<Kernels, 'softmax' | 'softmaxGrad'> => ({
  softmax(x, out) {
    const { items, args } = rowWork(...rowsAndWidth(x))
    run(forward, items, { x, out, ...args })
  },
  softmaxGrad(y, dy, dx) {
    const { items, args } = rowWork(...rowsAndWidth(y))
    run(backward, items, { y, dy, dx, ...args })
  },
})
