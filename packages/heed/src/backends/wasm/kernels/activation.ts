import type { Activation, Kernels } from '../../backend.js'
import type { Fn } from '../emit/function.js'
import { i32s, kernel, type RunKernel } from '../emit/kernel.js'
import { type V128, v128 } from '../emit/values.js'
import { makeExp } from './exp.js'
import { addresses, advance, chunkOf, chunks, forEach4 } from './support.js'

/** A function of one variable and its derivative, each made once per kernel. */
interface Rule {
  f(f: Fn): (x: V128) => V128
  derivative(f: Fn): (x: V128) => V128
}

const relu: Rule = {
  f(f) {
    const zero = f.zero()
    return (x) => x.pmax(zero)
  },
  derivative(f) {
    const [zero, one] = [f.zero(), f.v128(v128(1))]
    return (x) => one.and(x.gt(zero))
  },
}

/** Φ the normal distribution function, φ its density, a = |x|: x Φ(x) = max(x, 0) − a Φ(−a); derivative Φ(x) + x φ(x). */
const gelu: Rule = {
  f(f) {
    const tail = makeNormalTail(f)
    const zero = f.zero()
    return (x) => {
      const { a, upper } = tail(x)
      return x.pmax(zero).sub(a.mul(upper))
    }
  },
  derivative(f) {
    const tail = makeNormalTail(f)
    const [zero, one, density] = [f.zero(), f.v128(v128(1)), f.v128(v128(1 / Math.sqrt(2 * Math.PI)))]
    return (x) => {
      const { a, upper, bell } = tail(x)
      // for x ≥ 0 it is 1 − s, for x < 0 it is s
      const s = f.v128(upper.sub(a.mul(bell).mul(density)))
      return s.where(x.lt(zero), one.sub(s))
    }
  },
}

/**
 * Φ(−a) e^(a²/2) for 0 ≤ a ≤ 14 as a polynomial of t = 1 / (1 + 0.3 a), relative error below 1e-7: the form of
 * Abramowitz & Stegun 26.2.17 with more terms, fitted anew (minimax in relative error by reweighted least squares).
 */
const slope = 0.3
const tailCoefficients = [
  7.1687768468109425e-6, 0.1194876953959465, 0.12192030996084213, 0.0946837067604065, 0.14253495633602142,
  -0.07650542259216309, 0.22865892946720123, -0.16916543245315552, 0.03837812691926956,
]
/** Beyond, Φ(−a) is 0 in float32. */
const farthest = 14

/** a = min(|x|, 14), bell = e^(−a²/2) and upper = Φ(−a), which keeps its relative precision however small it is. */
function makeNormalTail(f: Fn) {
  const exp = makeExp(f)
  const local = (c: number) => f.v128(v128(c))
  const [ONE, SLOPE, FARTHEST, MINUS_HALF] = [1, slope, farthest, -0.5].map(local)
  const C = tailCoefficients.map(local)
  const [a, t, p, bell, upper] = f.v128s(5)
  return (x: V128) => {
    a.set(x.abs().pmin(FARTHEST))
    bell.set(exp(a.mul(a).mul(MINUS_HALF)))
    t.set(ONE.div(f.madd(a, SLOPE, ONE)))
    p.set(C[8])
    for (let k = 7; k >= 0; k--) p.set(f.madd(p, t, C[k]))
    upper.set(p.mul(bell))
    return { a, bell, upper }
  }
}

const rules: Record<Activation, Rule> = { relu, gelu }

const forward = (kind: Activation) =>
  kernel(kind, i32s('x', 'out', 'n'), (f, { x, out, n }, item) => {
    const { start, count } = chunkOf(f, item, n)
    advance([x, out], start.shl(2))
    const apply = rules[kind].f(f)
    forEach4(f, count, [x], [out], (v) => [apply(v)])
  })

const backward = (kind: Activation) =>
  kernel(`${kind}Grad`, i32s('x', 'dy', 'dx', 'n'), (f, { x, dy, dx, n }, item) => {
    const { start, count } = chunkOf(f, item, n)
    advance([x, dy, dx], start.shl(2))
    const derivative = rules[kind].derivative(f)
    forEach4(f, count, [x, dy], [dx], (v, d) => [d.mul(derivative(v))])
  })

const forwards = { relu: forward('relu'), gelu: forward('gelu') }
const backwards = { relu: backward('relu'), gelu: backward('gelu') }

export const activationKernels = [...Object.values(forwards), ...Object.values(backwards)]

export const activation = (run: RunKernel): Pick<Kernels, 'activation' | 'activationGrad'> => ({
  activation(kind, x, out) {
    run(forwards[kind], chunks(x.size), { ...addresses({ x, out }), n: x.size })
  },
  activationGrad(kind, x, dy, dx) {
    run(backwards[kind], chunks(x.size), { ...addresses({ x, dy, dx }), n: x.size })
  },
})
