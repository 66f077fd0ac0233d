import { fixed } from 'heed/look'
import type { Reading } from './reading.svelte'

/** How a normaliser makes weights of a row's scores, in the words of the figures. */
export interface How {
  /** What happens to each score, and a superscript. */
  each: readonly [string, string?]
  /** What follows, for the head of the column. */
  note: string
  /** What stands below the column. */
  sum: string
  /** In a sentence. */
  says: string
  /** The steps between a score and its weight, for the readout. */
  steps: (cell: number) => readonly (readonly [string, string])[]
}

/** The way of the normaliser in force, for the row of a query. */
export function each(reading: Reading, query: number): How {
  const { now } = reading.view
  const total = now.sums[query]
  const value = (cell: number) => fixed(now.each[cell])
  switch (reading.state.changes.normalizer) {
    case 'softmax':
      return {
        each: ['e', 's'],
        note: `÷ ${fixed(total)}`,
        sum: `Σ ${fixed(total)}`,
        says: '',
        steps: (cell) => [
          ['e to that', value(cell)],
          ['÷ row sum', fixed(total)],
        ],
      }
    case 'sparsemax': {
      const threshold = fixed(now.thresholds?.[query] ?? 0)
      return {
        each: ['s − τ'],
        note: `τ ${threshold}, at least 0`,
        sum: `Σ ${fixed(total)}`,
        says: 'Sparsemax takes τ from every score so that what is left above 0 adds up to 1: weak keys get exactly nothing.',
        steps: (cell) => [
          ['− τ of the row', threshold],
          ['at least 0', value(cell)],
        ],
      }
    }
    case 'relu':
      return {
        each: ['max(0, s)'],
        note: `÷ ${fixed(total)}`,
        sum: `Σ ${fixed(total)}`,
        says: 'Negative scores count for nothing, positive ones in proportion. A row without a positive score gets nothing.',
        steps: (cell) => [
          ['at least 0', value(cell)],
          ['÷ row sum', fixed(total)],
        ],
      }
    case 'sigmoid':
      return {
        each: ['σ(s)'],
        note: 'each alone',
        sum: `Σ ${fixed(total)}`,
        says: 'Each key is weighed by itself: weights lie between 0 and 1, and rows add up to anything.',
        steps: (cell) => [['1 / (1 + e⁻ˢ)', value(cell)]],
      }
    case 'linear':
      return {
        each: ['s'],
        note: `÷ ${total} keys`,
        sum: `${total} keys`,
        says: 'The scores themselves: weights may be negative, so they are no shares of anything.',
        steps: () => [['÷ keys seen', String(total)]],
      }
    default:
      return {
        each: ['s = max'],
        note: '1 or 0',
        sum: `Σ ${fixed(total, 0)}`,
        says: 'The largest score takes all. No gradient goes through it, so nothing could be learned.',
        steps: () => [['the largest?', '1 or 0']],
      }
  }
}
