import * as fc from 'fast-check'
import { expect, it } from 'vitest'
import { PRESET } from '../../app/sentence'
import { untouched } from '../../engine/changes'
import { largestTerms, running, spread, sum, terms } from './derive'
import { arcs, wordSize } from './stage'
import { changeParams, countChanges, normalizerNames, readState, type StepState } from './state'

/** The parameters of a state that is given whole. */
const params = (changes: StepState['changes']) =>
  Object.fromEntries(
    Object.entries(changeParams(changes)).filter(([, value]) => value !== undefined),
  ) as Record<string, string>

it('changes are read from an address as they were written into it', () => {
  const changes = fc.record({
    scale: fc.boolean(),
    temperature: fc.integer({ min: 5, max: 80 }).map((n) => n / 20),
    normalizer: fc.constantFrom(...normalizerNames),
    mask: fc.constantFrom('own' as const, 'none' as const, 'causal' as const),
    forbidden: fc.array(fc.tuple(fc.nat(300), fc.nat(300)), { maxLength: 5 }),
  })
  fc.assert(fc.property(changes, (given) => void expect(readState(params(given)).changes).toEqual(given)))
})

it('an address without anything is the preset, unchanged', () => {
  const state = readState({})
  expect(state).toMatchObject({ text: PRESET, site: undefined, head: undefined, query: undefined })
  expect(countChanges(state.changes)).toBe(0)
  expect(params({ ...untouched, forbidden: [] })).toEqual({})
})

it('what an address cannot mean is as by default', () => {
  const state = readState({
    head: '-1',
    q: 'x',
    c: '1.5',
    temp: '99',
    norm: 'none',
    mask: '?',
    forbid: '1-2_x_3-',
  })
  expect(state).toMatchObject({ head: undefined, query: undefined, component: undefined })
  expect(state.changes).toEqual({ ...untouched, forbidden: [[1, 2]] })
  expect(countChanges({ ...untouched, scale: false, temperature: 2, forbidden: [[0, 0]] })).toBe(3)
})

it('terms and sums', () => {
  expect([...terms([1, -2, 3], [4, 5, -6])]).toEqual([4, -10, -18])
  expect([...running([4, -10, -18])]).toEqual([4, -6, -24])
  expect(largestTerms([4, -10, -18], 2)).toEqual([2, 1])
  expect(sum([1, 2, 3])).toBe(6)
})

it('labels keep apart and within their room', () => {
  expect(spread([5, 8, 90], 20, 100)).toEqual([10, 30, 90])
  expect(spread([95, 97], 20, 100)).toEqual([70, 90])
  expect(spread([1, 2, 3], 40, 90)).toEqual([20, 60, undefined])
})

const word = { text: 'large', special: false, startsWord: true }

it('a sentence stands on one line as long as it can be read there', () => {
  const size = (words: number, width: number) =>
    wordSize(
      Array.from({ length: words }, () => word),
      Array(words).fill(false),
      Array(words).fill('large'),
      width,
    )
  expect(size(3, 1216)).toBe(60)
  expect(size(10, 1216)).toBeLessThan(60)
  expect(size(10, 1216)).toBeGreaterThanOrEqual(28)
  expect(size(40, 1216)).toBe(28)
  expect(size(5, 358)).toBe(25)
})

it('arcs: none to oneself or below .02, the strongest on top, as wide as their weight', () => {
  const drawn = arcs([10, 50, 90, 130], 1, [0.3, 0.1, 0.01, 0.59], 3, 'light')
  expect(drawn.map(({ key }) => key)).toEqual([0, 3])
  expect(drawn[1]).toMatchObject({ weight: 14 * 0.59, stroke: 'var(--w-stroke)' })
})
