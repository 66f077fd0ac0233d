import { expect, it } from 'vitest'
import {
  agreeAmong,
  cosineOf,
  countAmong,
  headsAmong,
  holdAmong,
  likenessAmong,
  orderAmong,
  productsAmong,
  rowsAmong,
  sumAmong,
  weightAmong,
} from './guesses'

const row = (...numbers: number[]) => Float32Array.from(numbers)

it('rows are the same up to rounding, alike from a cosine of 0.5 on, or not', () => {
  expect(rowsAmong(row(1, 2), row(1, 2 + 4e-7))).toBe(0)
  expect(rowsAmong(row(1, 2), row(1, 2.001))).toBe(1)
  // An angle of 60° is the last that is alike.
  expect(rowsAmong(row(1, 0), row(1, 1.73))).toBe(1)
  expect(rowsAmong(row(1, 0), row(1, 1.74))).toBe(2)
  expect(rowsAmong(row(0, 0), row(1, 1))).toBe(2)
})

it('vectors are alike, have little to do with each other, or are opposite; length does not count', () => {
  expect(likenessAmong(row(1, 1), row(5, 5))).toBe(0)
  expect(likenessAmong(row(1, 1), row(1, -1))).toBe(1)
  expect(likenessAmong(row(1, 0), row(-1, 1.8))).toBe(1)
  expect(likenessAmong(row(1, 0), row(-1, 1.7))).toBe(2)
  expect(cosineOf(row(0, 0), row(1, 0))).toBe(0)
})

it('a weight is about as much as another up to a factor of 1.5', () => {
  expect(weightAmong(0.2, 0.31)).toBe(0)
  expect(weightAmong(0.2, 0.29)).toBe(1)
  expect(weightAmong(0.29, 0.2)).toBe(1)
  expect(weightAmong(0.31, 0.2)).toBe(2)
  expect(weightAmong(0, 0)).toBe(1)
  expect(weightAmong(0, 0.1)).toBe(0)
  expect(weightAmong(0.1, 0)).toBe(2)
})

it('the sum of two arrows is shorter than both together, or as long where they point the same way', () => {
  expect(sumAmong(5, 7)).toBe(0)
  expect(sumAmong(7 + 1e-9, 7)).toBe(1)
  expect(sumAmong(8, 7)).toBe(2)
})

it('counts one, two or three, four or more', () => {
  expect([1, 2, 3, 4, 9].map(countAmong)).toEqual([0, 1, 1, 2, 2])
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

it('of heads none, one, several or all look at a word, and both of two are all', () => {
  expect([0, 1, 2, 3, 4].map((count) => headsAmong(count, 4))).toEqual([0, 1, 2, 2, 3])
  expect([0, 1, 2].map((count) => headsAmong(count, 2))).toEqual([0, 1, 3])
})

it('measures agree where all have one outcome; of rules all, some or none hold', () => {
  expect([agreeAmong([1, 1, 1]), agreeAmong([1, 1, 0])]).toEqual([0, 1])
  expect([8, 5, 0].map((count) => holdAmong(count, 8))).toEqual([0, 1, 2])
})
