import { describe, expect, it } from 'vitest'
import { collect, realNumber, wholeNumber } from './options.js'

describe('wholeNumber', () => {
  it.each([
    ['0', 0],
    ['7', 7],
    ['007', 7],
    ['64', 64],
  ])('takes %j', (text, n) => expect(wholeNumber(0, 64)(text)).toBe(n))

  it.each(['', ' ', '1.5', '1e1', '0x10', '+1', '-1', '65', 'NaN', '1 ', '١'])('refuses %j', (text) =>
    expect(() => wholeNumber(0, 64)(text)).toThrow('It must be a whole number from 0 to 64.'),
  )

  it('has no upper end unless one is given, but stays exact', () => {
    expect(wholeNumber(1)('9007199254740991')).toBe(Number.MAX_SAFE_INTEGER)
    expect(() => wholeNumber(1)('9007199254740992')).toThrow('It must be a whole number from 1 up.')
  })
})

describe('realNumber', () => {
  it.each([
    ['0', 0],
    ['.5', 0.5],
    ['1e-3', 0.001],
    ['1', 1],
  ])('takes %j', (text, x) => expect(realNumber(0, 1)(text)).toBe(x))

  it.each(['', ' ', 'x', '-0.1', '1.1', 'NaN', 'Infinity'])('refuses %j', (text) =>
    expect(() => realNumber(0, 1)(text)).toThrow('It must be a number from 0 to 1.'),
  )

  it('has no upper end unless one is given', () => {
    expect(realNumber(0)('1e300')).toBe(1e300)
    expect(() => realNumber(0)('Infinity')).toThrow('It must be a number from 0 up.')
  })
})

it('collects the values of an option in their order', () => {
  const heads = collect(wholeNumber(0))
  expect(heads('1', heads('3', undefined))).toEqual([3, 1])
})
