import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { randomUnit } from '../backends/random.js'
import type { AttentionMap, RowBlock } from './index.js'
import { overview } from './overview.js'

/** A map of random weights that is walked in blocks of any heights, each of which sees some keys only. */
function walked(rows: number, cols: number, seed: number, below: number) {
  const weights = new Float32Array(rows * cols)
  const blocks: RowBlock[] = []
  const pick = (n: number, below: number) => Math.floor(randomUnit(seed, n) * below)
  for (let start = 0; start < rows;) {
    const end = Math.min(rows, start + 1 + pick(start, 40))
    const from = pick(rows + start, cols)
    const to = from + 1 + pick(2 * rows + start, cols - from)
    const cells = new Float32Array((end - start) * (to - from))
    for (let n = 0; n < cells.length; n++) {
      cells[n] = randomUnit(seed + 1, start * cols + n) - below
      weights[(start + Math.floor(n / (to - from))) * cols + from + (n % (to - from))] = cells[n]
    }
    blocks.push({ rows: [start, end], cols: [from, to], weights: cells })
    start = end
  }
  async function* walk() {
    yield* blocks
  }
  return { weights, map: { rows, cols, blocks: walk } as unknown as AttentionMap }
}

test('a cell is the mean, or the largest, of the weights from its corner to that of the next', async () => {
  const size = fc.integer({ min: 1, max: 150 })
  const share = fc.double({ min: 0, max: 1, noNaN: true })
  // Interventions may put weights below 0; what a block leaves out is 0 all the same.
  const below = fc.constantFrom(0, 0.5, 2)
  await fc.assert(
    fc.asyncProperty(
      size,
      size,
      share,
      share,
      fc.nat(1e6),
      below,
      async (Tq, Tk, shareQ, shareK, seed, below) => {
        const { weights, map } = walked(Tq, Tk, seed, below)
        const [rows, cols] = [Math.ceil(shareQ * Tq) || 1, Math.ceil(shareK * Tk) || 1]
        const mean = await overview(map, [rows, cols])
        const max = await overview(map, [rows, cols], { pool: 'max' })
        const corner = (n: number, of: number, T: number) => Math.floor((n * T) / of)
        for (let cell = 0; cell < rows * cols; cell++) {
          const [r, c] = [Math.floor(cell / cols), cell % cols]
          let [sum, count, largest] = [0, 0, -Infinity]
          for (let i = corner(r, rows, Tq); i < corner(r + 1, rows, Tq); i++)
            for (let j = corner(c, cols, Tk); j < corner(c + 1, cols, Tk); j++) {
              sum += weights[i * Tk + j]
              count++
              largest = Math.max(largest, weights[i * Tk + j])
            }
          if (Math.abs(mean.cells[cell] - sum / count) > 1e-7 || max.cells[cell] !== largest)
            expect.fail(
              `cell ${r}, ${c} is ${mean.cells[cell]} and ${max.cells[cell]}, not ${sum / count} and ${largest}`,
            )
        }
        expect([mean.rows, mean.cols, mean.cells.length]).toEqual([rows, cols, rows * cols])
      },
    ),
    { numRuns: 60 },
  )
})
