import { expect, it } from 'vitest'
import { sparkline } from './sparkline.js'

it('draws numbers as bars, from the lowest to the highest', () => {
  expect(sparkline([0, 1, 2, 3, 4, 5, 6, 7], 8)).toBe('▁▂▃▄▅▆▇█')
  expect(sparkline([7, 0], 8)).toBe('█▁')
})

it('averages what shares a bar', () => {
  expect(sparkline([8, 6, 1, -1], 2)).toBe('█▁')
  expect(
    sparkline(
      Array.from({ length: 1000 }, (_, i) => -i),
      10,
    ),
  ).toHaveLength(10)
})

it('is flat where nothing changes, and leaves gaps where there is no number', () => {
  expect(sparkline([3, 3, 3], 8)).toBe('▁▁▁')
  expect(sparkline([1, NaN, 2], 8)).toBe('▁ █')
  expect(sparkline([], 8)).toBe('')
})
