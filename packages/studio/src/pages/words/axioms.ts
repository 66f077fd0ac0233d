import { fixed } from 'heed/look'
import type { Axiom, AxiomName } from '../../engine/words-axioms'
import type { words } from '../../words/en/words'

/** Both sides of each axiom as they are written. */
export const sides: Readonly<Record<AxiomName, readonly [left: string, right: string]>> = {
  commutes: ['u + v', 'v + u'],
  associates: ['(u + v) + w', 'u + (v + w)'],
  zero: ['u + 0', 'u'],
  opposite: ['u + (−u)', '0'],
  scalesTwice: ['s (t u)', '(s t) u'],
  one: ['1 u', 'u'],
  scalesSums: ['s (u + v)', 's u + s v'],
  addsScales: ['(s + t) u', 's u + t u'],
}

/** How exactly an axiom holds, in words. */
export function howFar(said: typeof words.axioms, { holds, difference }: Axiom): string {
  if (!holds) return said.fails
  return difference === 0 ? said.exact : said.within(tiny(difference))
}

/** A small number: `1.2·10⁻⁷`; 0 is 0. */
export function tiny(x: number): string {
  if (x === 0 || x >= 0.01) return fixed(x)
  const [mantissa, exponent] = x.toExponential(1).split('e')
  const digits = [...String(-Number(exponent))].map((digit) => '⁰¹²³⁴⁵⁶⁷⁸⁹'[Number(digit)])
  return `${mantissa}·10⁻${digits.join('')}`
}
