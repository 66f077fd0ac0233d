import type { Fn, Local } from '../emit/function.js'
import { type V128, v128 } from '../emit/values.js'

/** 2^f on [−½, ½], degree 6, minimax in relative error with c₀ = 1. */
const exp2 = [
  1, 0.6931471824645996, 0.24022646248340607, 0.05550328642129898, 0.009618490003049374,
  0.0013399997260421515, 0.00015345754218287766,
]
/** The same for e^r on [−ln 2/2, ln 2/2]. */
const coefficients = exp2.map((c, k) => c / Math.LN2 ** k)
/** ln 2 in two parts; n · ln2High is exact for |n| < 2^11, also without fused multiply-add. */
const [ln2High, ln2Low] = [0.693359375, -0.00021219444005469057]
/** Adding 1.5 · 2^23 rounds to a whole number and leaves it in the low bits. */
const magic = 12582912
/** Below ln 2^−126 the result would be subnormal: it is 0. */
const lowest = -87.33654

/**
 * e^x for x ≤ 88, within 2 ulp; exactly 0 below −87.3 (−∞ included); NaN stays NaN. Constants live in locals: an
 * engine that rebuilds v128 constants at each use would spend more on them than on the arithmetic.
 */
export function makeExp(f: Fn): (x: V128) => V128 {
  const local = (c: number) => f.v128(v128(c))
  const [LOG2E, MAGIC, LN2H, LN2L, LOWEST] = [Math.LOG2E, magic, -ln2High, -ln2Low, lowest].map(local)
  const C = coefficients.map(local)
  const [x, t, n, y]: Local<V128>[] = f.v128s(4)
  return (input) => {
    // below the lowest x nothing needs to make sense: it becomes 0 at the end
    x.set(input)
    t.set(f.madd(x, LOG2E, MAGIC))
    n.set(t.sub(MAGIC))
    y.set(f.madd(n, LN2H, x)) // r = x − n ln 2
    n.set(f.madd(n, LN2L, y))
    y.set(f.madd(n, C[6], C[5]))
    for (let k = 4; k >= 0; k--) y.set(f.madd(y, n, C[k]))
    return y.iadd(t.ishl(23)).andNot(x.lt(LOWEST))
  }
}

/**
 * 2^x for x < 128, within 2 ulp down to 2^−126; below that something between 0 and 2^−126, and exactly 0 from −127 on
 * (−∞ included). Shorter than e^x: a power of two needs no ln 2 in two parts, and one maximum before makes 0 of what is
 * far below where e^x has to look at its argument again.
 */
export function makeExp2(f: Fn): (x: V128) => V128 {
  const { split, join } = exp2Parts(f)
  return (x) => join(...split(x))
}

/**
 * `makeExp2` in two halves: x as r in [−½, ½] and a whole number, ready for the exponent; then 2^r with it. A loop for each
 * is faster than one for both: what a vector waits for is half as long, so that twice as many fit into the processor's window.
 */
export function exp2Parts(f: Fn) {
  const local = (c: number) => f.v128(v128(c))
  const [MAGIC, ZERO] = [magic, -127].map(local)
  const C = exp2.map(local)
  const [x, t, r, y]: Local<V128>[] = f.v128s(4)
  return {
    split(input: V128): [r: V128, n: V128] {
      // At −127 nothing is left for the polynomial: 1, from whose exponent of 127 the sum below takes 127.
      x.set(input.pmax(ZERO))
      t.set(x.add(MAGIC))
      r.set(x.sub(t.sub(MAGIC)))
      return [r, t.ishl(23)]
    },
    join(rest: V128, n: V128): V128 {
      r.set(rest)
      y.set(f.madd(r, C[6], C[5]))
      for (let k = 4; k >= 0; k--) y.set(f.madd(y, r, C[k]))
      return y.iadd(n)
    },
  }
}
