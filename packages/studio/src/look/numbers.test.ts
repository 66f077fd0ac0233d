import { expect, it } from 'vitest'
import { argmax, rowOf } from './numbers'

it('a row of a matrix, and its largest', () => {
  expect([...rowOf(Float32Array.of(1, 2, 3, 4), 1, 2)]).toEqual([3, 4])
  expect([argmax([1, 3, 3]), argmax([])]).toEqual([1, 0])
})
