import { count, decimal, percent } from './written'

export const numbers: typeof import('../en/numbers').numbers = {
  percent: (share) => percent(share),
  tenths: (share) => `${decimal(100 * share)}\u00A0%`,
  count,
  megabytes: (bytes) => `${decimal(bytes / 1e6)} MB`,
}
