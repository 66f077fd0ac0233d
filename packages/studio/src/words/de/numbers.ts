import { count, percent } from './written'

export const numbers: typeof import('../en/numbers').numbers = {
  percent: (share) => percent(share),
  count,
}
