/**
 * The complementary error function erfc(x) = 2/√π ∫ₓ^∞ exp(−t²) dt, to a few units in the last place of a double
 * (relative error below 1e-13 everywhere). Abramowitz & Stegun, Handbook of Mathematical Functions: the series 7.1.6
 * near 0, where its terms are all of one sign, and the continued fraction 7.1.14 in the tail, where 1 − erf would
 * cancel.
 */
export function erfc(x: number): number {
  if (x < 0) return 2 - erfc(-x)
  return x < 2 ? 1 - series(x) : continuedFraction(x)
}

/** erf(x) = 2/√π · exp(−x²) · Σ 2ⁿ x²ⁿ⁺¹ / (1·3·5 … (2n+1)). */
function series(x: number): number {
  let [term, sum] = [x, x]
  for (let n = 1; term > sum * 1e-17; n++) {
    term *= (2 * x * x) / (2 * n + 1)
    sum += term
  }
  return (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * sum
}

/** √π · exp(x²) · erfc(x) = 1/(x + ½/(x + 1/(x + 3⁄2/(x + 2/(x + …))))), from the inside out; x ≥ 2 needs 80 levels. */
function continuedFraction(x: number): number {
  let below = x
  for (let n = 80; n > 0; n--) below = x + n / 2 / below
  return Math.exp(-x * x) / Math.sqrt(Math.PI) / below
}
