/** How sentences write numbers. In figures and tables they stand as in code and in saved files, with a point. */
export const numbers = {
  /** `62%`; `<1%` of what is more than nothing. */
  percent: (share: number): string => (share > 0 && share < 0.005 ? '<1%' : `${Math.round(100 * share)}%`),
  /** `3.6%` */
  tenths: (share: number): string => `${(100 * share).toFixed(1)}%`,
  /** A whole number, its thousands apart. */
  count: (n: number): string => n.toLocaleString('en'),
  /** `1.2 MB` */
  megabytes: (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`,
}
