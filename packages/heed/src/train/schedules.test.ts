import { expect, test } from 'vitest'
import { schedule } from './schedules.js'

test('inverse-sqrt is the rule of the paper', () => {
  // Section 5.3: d^-0.5 · min(step^-0.5, step · warmup^-1.5), whose peak is d^-0.5 · warmup^-0.5.
  const [d, warmup] = [512, 4000]
  const rate = schedule({ kind: 'inverse-sqrt', peak: (d * warmup) ** -0.5, warmup }, 1)
  for (const step of [1, 100, 3999, 4000, 4001, 100_000])
    expect(rate(step)).toBeCloseTo(d ** -0.5 * Math.min(step ** -0.5, step * warmup ** -1.5), 15)
})

test('the cool-down starts at its share and ends at zero', () => {
  const plain = schedule({ kind: 'inverse-sqrt', peak: 1, warmup: 10 }, 1000)
  const rate = schedule({ kind: 'inverse-sqrt-cooldown', peak: 1, warmup: 10, cooldown: 0.25 }, 1000)
  for (const step of [1, 10, 500, 750]) expect(rate(step)).toBe(plain(step))
  expect(rate(875)).toBeCloseTo(plain(875) / 2, 15)
  expect([rate(1000), rate(2000)]).toEqual([0, 0])
  const none = schedule({ kind: 'inverse-sqrt-cooldown', peak: 1, warmup: 10, cooldown: 0 }, 1000)
  expect(none(1000)).toBe(plain(1000))
})

test('cosine goes through its middle and stays at the floor', () => {
  const rate = schedule({ kind: 'cosine', peak: 1, warmup: 10, floor: 0.2 }, 110)
  expect(rate(5)).toBe(0.5)
  expect(rate(10)).toBe(1)
  expect(rate(60)).toBeCloseTo(0.6, 12)
  expect(rate(110)).toBeCloseTo(0.2, 12)
  expect(rate(500)).toBeCloseTo(0.2, 12)
})

test('wrong numbers are named', () => {
  expect(() => schedule({ kind: 'cosine', peak: NaN, warmup: 1 }, 1)).toThrow(
    'peak must be a positive number, got NaN',
  )
  expect(() => schedule({ kind: 'cosine', peak: 1, warmup: 0 }, 1)).toThrow('warmup must be')
  expect(() => schedule({ kind: 'step' as 'cosine', peak: 1, warmup: 1 }, 1)).toThrow("there is no 'step'")
})
