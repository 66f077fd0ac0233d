import type { Fn } from '../emit/function.js'
import { type V128, v128, v128i } from '../emit/values.js'

/** Bits of √½: taking them off leaves the exponent of the power of two that is nearest. */
const rootHalf = 0x3f3504f3

/**
 * ln x for finite x ≥ √½, within 3 ulp, and NaN for NaN: x = 2ⁿ m with m in [√½, √2), and
 * ln m = 2 atanh s = 2 (s + s³/3 + s⁵/5 + …) with s = (m − 1) / (m + 1), |s| < 0.172, cut where float32 no longer sees it.
 */
export function makeLog(f: Fn): (x: V128) => V128 {
  const [v, n, s, z, series] = f.v128s(5)
  return (x) => {
    v.set(x)
    n.set(v.isub(v128i(rootHalf)).ishrU(23))
    z.set(v.isub(n.ishl(23)))
    s.set(z.sub(v128(1)).div(z.add(v128(1))))
    z.set(s.mul(s))
    series.set(v128(2 / 9))
    for (const c of [2 / 7, 2 / 5, 2 / 3, 2]) series.set(f.madd(series, z, v128(c)))
    series.set(f.madd(n.itoF32(), v128(Math.LN2), s.mul(series)))
    return series.add(v.sub(v)) // NaN when x is
  }
}
