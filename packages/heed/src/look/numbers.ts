/** How numbers are written: minus is U+2212, and what is not zero is never written as zero. */

const MINUS = '\u2212'
const SUPERSCRIPT = '⁰¹²³⁴⁵⁶⁷⁸⁹'

/** `⁻³` */
export const superscript = (n: number): string =>
  (n < 0 ? '⁻' : '') + [...String(Math.abs(n))].map((digit) => SUPERSCRIPT[Number(digit)]).join('')

/** A number with `decimals` places (default 2); a thousand and more as `2.0·10⁷`. Rounds to `0.00`, never `−0.00`. */
export function fixed(x: number, decimals = 2): string {
  if (!Number.isFinite(x)) return Number.isNaN(x) ? 'NaN' : x < 0 ? `${MINUS}∞` : '∞'
  const size = Math.abs(x)
  let digits = size.toFixed(decimals)
  if (Number(digits) >= 1000) {
    const [mantissa, exponent] = size.toExponential(1).split('e')
    digits = `${mantissa}·10${superscript(Number(exponent))}`
  }
  return x < 0 && Number(digits) !== 0 ? MINUS + digits : digits
}

/** A number whose sign is the point: `+0.33`, `−0.02`, and `±0.00` for what rounds to nothing. */
export function signed(x: number, decimals = 2): string {
  const digits = fixed(x, decimals)
  if (Number(digits) === 0) return '±' + digits
  return x > 0 ? '+' + digits : digits
}

/** A weight being explained: `0.623`; too small for three decimals: `<.001`. */
export function weight3(w: number): string {
  return w > 0 && w < 0.0005 ? '<.001' : fixed(w, 3)
}

/** A weight in a list: `0.62`; too small for two decimals: `<.01`. */
export function weight2(w: number): string {
  return w > 0 && w < 0.005 ? '<.01' : fixed(w, 2)
}

/** From here on a weight is written in its cell; whoever leaves smaller ones blank must say so on the page. */
export const WRITTEN_FROM = 0.1

/** A weight in a dense cell: `.62`, `1`, and nothing below .10. */
export function weightInCell(w: number): string {
  if (w < WRITTEN_FROM) return ''
  const digits = w.toFixed(2)
  return digits.startsWith('0') ? digits.slice(1) : '1'
}
