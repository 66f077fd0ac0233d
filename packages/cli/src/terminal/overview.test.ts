import { displayWidth } from 'heed/look'
import { expect, test } from 'vitest'
import { overviewSize, renderOverview } from './overview.js'

const plain = { color: 'none', theme: 'light' } as const
const drawn = {
  title: 'Layer 0 reads itself · head 1',
  values: Float32Array.of(1, 0, 0.5, 0.3),
  height: 2,
  width: 2,
  queries: 30_000,
  keys: 30_000,
  pooled: 'max' as const,
}

test('an overview counts tokens, says how it is pooled, and fits the terminal', () => {
  const lines = renderOverview(drawn, { columns: 80, ...plain })
  expect(lines[0]).toBe('Layer 0 reads itself · head 1')
  expect(lines.join(' ')).toContain('30,000 × 30,000 weights, each cell the largest of its part')
  expect(lines).toContain('      0 ██')
  expect(lines).toContain('        ▓▓▒▒')
  for (const columns of [24, 40, 80])
    for (const line of renderOverview(drawn, { columns, ...plain }))
      expect(displayWidth(line)).toBeLessThanOrEqual(columns)
})

test('as many cells as fit, no more than there are tokens, square where the map is', () => {
  expect(overviewSize(30_000, 30_000, 80)).toEqual([32, 36])
  expect(overviewSize(30_000, 30_000, 24)).toEqual([8, 8])
  expect(overviewSize(5, 5, 80)).toEqual([5, 5])
  expect(overviewSize(1, 30_000, 80)).toEqual([1, 36])
})
