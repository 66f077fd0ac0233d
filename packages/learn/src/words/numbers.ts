import { fixed as withPoint } from 'heed/look'

/** Numbers as a language writes them. */
export interface Numbers {
  /** With two decimals, or as many. */
  fixed: (x: number, decimals?: number) => string
  /** A weight: three decimals; what is not quite 0 or 1 is not written so. */
  weight: (x: number) => string
  /** As short as it goes, up to three decimals. */
  short: (x: number) => string
  percent: (share: number) => string
  /** A whole number, its thousands apart. */
  count: (n: number) => string
  /** 3·10⁻¹⁶, for what is as good as nothing. */
  tiny: (x: number) => string
  vector: (x: readonly number[]) => string
  list: (items: readonly string[]) => string
}

export function numbersIn(language: 'en' | 'de'): Numbers {
  const isGerman = language === 'de'
  const point = (text: string) => (isGerman ? text.replace('.', ',') : text)
  const fixed = (x: number, decimals = 2) => point(withPoint(x, decimals))
  const short = (x: number) => point(withPoint(x, 3).replace(/\.?0+$/, ''))
  return {
    fixed,
    short,
    weight: (x) => {
      if (x > 0 && x < 0.0005) return point('<0.001')
      return x < 1 && x >= 0.9995 ? point('>0.999') : fixed(x, 3)
    },
    percent: (share) => `${Math.round(100 * share)}${isGerman ? '\u00A0' : ''}%`,
    count: (n) => n.toLocaleString(language),
    tiny: (x) => (x === 0 ? '0' : `10${superscript(Math.floor(Math.log10(x)) + 1)}`),
    vector: (x) => `(${x.map(short).join(isGerman ? '; ' : ', ')})`,
    list: (items) => new Intl.ListFormat(language).format(items),
  }
}

const superscript = (n: number): string =>
  (n < 0 ? '⁻' : '') + [...String(Math.abs(n))].map((digit) => '⁰¹²³⁴⁵⁶⁷⁸⁹'[Number(digit)]).join('')
