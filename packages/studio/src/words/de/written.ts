/** A whole number, its thousands apart. */
export const count = (n: number): string => n.toLocaleString('de')

/** `62 %`, with a space that does not break; what is more than nothing is never written 0. */
export const percent = (share: number, tiny = '<1\u00A0%'): string =>
  share > 0 && share < 0.005 ? tiny : `${Math.round(100 * share)}\u00A0%`

/** With as many decimals, behind a comma. */
export const decimal = (x: number, digits = 1): string =>
  x.toLocaleString('de', { minimumFractionDigits: digits, maximumFractionDigits: digits })

/** `1 Kopf`, `12 Köpfe`. */
export const times = (n: number, one: string, many: string): string => `${count(n)} ${n === 1 ? one : many}`

/** `a, b und c` */
export const listed = (names: readonly string[]): string => new Intl.ListFormat('de').format(names)
