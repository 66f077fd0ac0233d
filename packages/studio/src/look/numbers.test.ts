import { expect, it } from 'vitest'
import { argmax, percent, rowOf } from './numbers'

it('a row of a matrix, its largest, and shares as they are written', () => {
  expect([...rowOf(Float32Array.of(1, 2, 3, 4), 1, 2)]).toEqual([3, 4])
  expect([argmax([1, 3, 3]), argmax([])]).toEqual([1, 0])
  expect([0, 0.001, 0.005, 0.624, 1].map(percent)).toEqual(['0%', '<1%', '1%', '62%', '100%'])
})
