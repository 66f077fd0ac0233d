import { fixed } from 'heed/look'
import { words } from '../../words/words.svelte'
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
  const { normalizer } = reading.state.changes
  const said = words.now.step.normaliser
  const says = said.says[normalizer]
  switch (normalizer) {
    case 'softmax':
      return {
        each: ['e', 's'],
        note: `÷ ${fixed(total)}`,
        sum: `Σ ${fixed(total)}`,
        says,
        steps: (cell) => [
          [said.power, value(cell)],
          [said.rowSum, fixed(total)],
        ],
      }
    case 'sparsemax': {
      const threshold = fixed(now.thresholds?.[query] ?? 0)
      return {
        each: ['s − τ'],
        note: said.threshold(threshold),
        sum: `Σ ${fixed(total)}`,
        says,
        steps: (cell) => [
          [said.minusThreshold, threshold],
          [said.atLeast, value(cell)],
        ],
      }
    }
    case 'relu':
      return {
        each: ['max(0, s)'],
        note: `÷ ${fixed(total)}`,
        sum: `Σ ${fixed(total)}`,
        says,
        steps: (cell) => [
          [said.atLeast, value(cell)],
          [said.rowSum, fixed(total)],
        ],
      }
    case 'sigmoid':
      return {
        each: ['σ(s)'],
        note: said.alone,
        sum: `Σ ${fixed(total)}`,
        says,
        steps: (cell) => [['1 / (1 + e⁻ˢ)', value(cell)]],
      }
    case 'linear':
      return {
        each: ['s'],
        note: said.byKeys(String(total)),
        sum: said.keys(String(total)),
        says,
        steps: () => [[said.keysSeen, String(total)]],
      }
    default:
      return {
        each: ['s = max'],
        note: said.oneOrNone,
        sum: `Σ ${fixed(total, 0)}`,
        says,
        steps: () => [[said.largest, said.oneOrNone]],
      }
  }
}
