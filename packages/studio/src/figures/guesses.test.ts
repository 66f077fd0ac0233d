import { expect, it } from 'vitest'
import { orderAmong, productsAmong, sumAmong } from './guesses'

it('the sum of two arrows is shorter than both together, or as long where they point the same way', () => {
  expect(sumAmong(5, 7)).toBe(0)
  expect(sumAmong(7 + 1e-9, 7)).toBe(1)
  expect(sumAmong(8, 7)).toBe(2)
})

it('counts the largest products up to half of the score', () => {
  expect(productsAmong([5, 1, 1])).toBe(0)
  expect(productsAmong([2, 2, 2, 2])).toBe(1)
  expect(productsAmong([1, 1, 1, 1, 1, 1, 1])).toBe(2)
  // What is below zero lowers the score, so that fewer come to half of it.
  expect(productsAmong([3, 3, -2])).toBe(0)
  expect(productsAmong([-2, -2, -2, -2])).toBe(1)
})

it('knows in which order places are looked at', () => {
  expect(orderAmong([0, 1, 2, 2, 3])).toBe(0)
  expect(orderAmong([0, 2, 1, 3])).toBe(1)
  expect(orderAmong([4, 4, 1, 4])).toBe(2)
})
