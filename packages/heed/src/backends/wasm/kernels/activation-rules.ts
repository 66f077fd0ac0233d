import { type Activation, activations } from '../../backend.js'
import type { Fn } from '../emit/function.js'
import { type V128, v128 } from '../emit/values.js'
import { makeExp } from './exp.js'

/**
 * A function of one variable with its derivative, made once per kernel; x is read more than once, so it is a local.
 * They share what is costly; what a kernel leaves unused, the engine's compiler drops.
 */
type Rule = (f: Fn) => (x: V128) => { value: V128; derivative: V128 }

const relu: Rule = (f) => {
  const [zero, one] = [f.zero(), f.v128(v128(1))]
  return (x) => ({ value: x.pmax(zero), derivative: one.and(x.gt(zero)) })
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

/**
 * Φ the normal distribution function, φ its density, a = |x|: x Φ(x) = max(x, 0) − a Φ(−a), where Φ(−a) keeps its
 * relative precision however small it is; derivative Φ(x) + x φ(x).
 */
const gelu: Rule = (f) => {
  const exp = makeExp(f)
  const local = (c: number) => f.v128(v128(c))
  const [ZERO, ONE, SLOPE, FARTHEST, MINUS_HALF] = [0, 1, slope, farthest, -0.5].map(local)
  const DENSITY = local(1 / Math.sqrt(2 * Math.PI))
  const C = tailCoefficients.map(local)
  const [a, bell, t, upper, s] = f.v128s(5)
  return (x) => {
    a.set(x.abs().pmin(FARTHEST))
    bell.set(exp(a.mul(a).mul(MINUS_HALF)))
    t.set(ONE.div(f.madd(a, SLOPE, ONE)))
    upper.set(C[8])
    for (let k = 7; k >= 0; k--) upper.set(f.madd(upper, t, C[k]))
    upper.set(upper.mul(bell))
    // the derivative for x < 0; for x ≥ 0 it is 1 − s
    s.set(upper.sub(a.mul(bell).mul(DENSITY)))
    return { value: x.pmax(ZERO).sub(a.mul(upper)), derivative: s.where(x.lt(ZERO), ONE.sub(s)) }
  }
}

/**
 * x σ(v(x)) for an odd, rising v, σ the logistic function; derivative σ(v) (1 + x v′ σ(−v)). With e = exp(−|v|) nothing
 * overflows, and both σ(v) and σ(−v) = 1 − σ(v) keep their relative precision. From `farthest` on e is 0 in float32, so
 * v need not be known beyond. `make` gives v and x v′.
 */
const sigmoidal =
  (farthest: number, make: (f: Fn) => (x: V128) => { v: V128; xSlope: V128 }): Rule =>
  (f) => {
    const exp = makeExp(f)
    const argument = make(f)
    const [ZERO, ONE, HIGHEST, LOWEST] = [0, 1, farthest, -farthest].map((c) => f.v128(v128(c)))
    const [raised, x, v, xSlope, e, larger, smaller, sigma] = f.v128s(8)
    return (input) => {
      raised.set(input.pmax(LOWEST))
      x.set(raised.pmin(HIGHEST))
      const at = argument(x)
      v.set(at.v)
      xSlope.set(at.xSlope)
      e.set(exp(v.abs().neg()))
      larger.set(ONE.div(ONE.add(e)))
      smaller.set(e.mul(larger))
      sigma.set(smaller.where(v.lt(ZERO), larger))
      const opposite = larger.where(v.lt(ZERO), smaller)
      return { value: raised.mul(sigma), derivative: sigma.mul(f.madd(xSlope, opposite, ONE)) }
    }
  }

const silu = sigmoidal(88, () => (x) => ({ v: x, xSlope: x }))

/** ½ x (1 + tanh u) = x σ(2u) with u = √(2/π) (x + 0.044715 x³). */
const geluTanh = sigmoidal(12, (f) => {
  const linear = 2 * Math.sqrt(2 / Math.PI)
  const [ONCE, CUBIC, SLOPE] = [linear, 0.044715 * linear, 3 * 0.044715 * linear].map((c) => f.v128(v128(c)))
  const square = f.v128()
  return (x) => {
    square.set(x.mul(x))
    return { v: x.mul(f.madd(square, CUBIC, ONCE)), xSlope: x.mul(f.madd(square, SLOPE, ONCE)) }
  }
})

export const rules: Record<Activation, Rule> = { relu, gelu, geluTanh, silu }

/** What `make` gives for each activation: kernels are made for one. */
export const perActivation = <T>(make: (kind: Activation) => T) =>
  Object.fromEntries(activations.map((kind) => [kind, make(kind)])) as Record<Activation, T>
