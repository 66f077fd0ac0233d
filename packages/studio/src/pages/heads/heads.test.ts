import * as fc from 'fast-check'
import { expect, it } from 'vitest'
import { formatLinks, readLinks } from '../../app/links'
import { PRESET } from '../../app/sentence'
import type { Measure } from '../../engine/heads'
import { differ } from './differ'
import { across, clipped, down } from './lines'
import { placeOn, rankCorrelation, scaleOf, ticks, written } from './scales'
import { readState } from './state'
import { thumbSize } from './thumb'

it('an address without anything: the preset, all as by default', () => {
  expect(readState({})).toMatchObject({
    text: PRESET,
    over: 'tokens',
    lines: 'down',
    by: 'matters',
    order: 'layer',
    fill: 'maps',
    x: 'effective',
    y: 'matters',
    cut: 'head',
    to: 'zero',
    forbidden: [],
    two: undefined,
  })
})

it('what an address cannot mean is as by default', () => {
  const state = readState({
    by: 'beauty',
    x: '',
    over: 'letters',
    two: '3',
    head: '-1',
    q: 'x',
    head2: '1.5',
  })
  expect(state).toMatchObject({ by: 'matters', x: 'effective', over: 'tokens', two: undefined })
  expect([state.head, state.query, state.other.head]).toEqual([undefined, undefined, undefined])
})

it('links are read from an address as they were written into it', () => {
  const links = fc.array(fc.tuple(fc.nat(300), fc.nat(300)), { maxLength: 6 })
  fc.assert(fc.property(links, (given) => void expect(readLinks(formatLinks(given))).toEqual(given)))
  expect(readLinks('1-2_x_3-')).toEqual([[1, 2]])
})

const measures = [
  { name: 'entropy', unit: 'nats' },
  { name: 'effective', unit: 'keys' },
  { name: 'distance', unit: 'tokens' },
  { name: 'max', unit: 'share' },
] as Measure[]

it('scales have the bounds of their measures, not those of the numbers', () => {
  const scale = (name: Parameters<typeof scaleOf>[0], values: number[] = [0.2]) =>
    scaleOf(name, measures, 10, values)
  expect(scale('entropy')).toMatchObject({ from: 0, to: Math.log(10) })
  expect(scale('effective')).toMatchObject({ from: 1, to: 10 })
  expect(scale('distance')).toMatchObject({ from: 0, to: 9 })
  expect(scale('max')).toMatchObject({ from: 0, to: 1, isSigned: false })
  expect(scale('offset')).toMatchObject({ from: -9, to: 9, isSigned: true })
  expect(scale('matters', [-0.31, 0.123])).toMatchObject({ from: -0.31, to: 0.31, isSigned: true })
  expect(placeOn(scale('effective'), 1)).toBe(0)
  expect(placeOn(scale('offset'), -4.5)).toBe(-0.5)
  expect(written('matters', -0.01)).toBe('−0.010')
})

it('round numbers on an axis', () => {
  expect(ticks(1, 10)).toEqual([2, 4, 6, 8, 10])
  expect(ticks(-0.02, 0.2)).toEqual([0, 0.05, 0.1, 0.15, 0.2])
  expect(ticks(0, 1)).toEqual([0, 0.2, 0.4, 0.6, 0.8, 1])
})

it('rank correlation: of what rises together, of equals, of too few', () => {
  const xs = [3, 1, 4, 1.5, 5, 9, 2.6, 5.3]
  expect(rankCorrelation(xs, xs.map(Math.exp))).toBeCloseTo(1, 12)
  expect(
    rankCorrelation(
      xs,
      xs.map((x) => -x),
    ),
  ).toBeCloseTo(-1, 12)
  // Pearson's correlation of the ranks, by numpy.
  expect(rankCorrelation([1, 2, 2, 3, 4, 5, 6, 7], [2, 1, 1, 4, 3, 3, 9, 8])).toBeCloseTo(0.8242576, 6)
  expect(rankCorrelation([1, 2, 3], [1, 2, 3])).toBeUndefined()
  expect(
    rankCorrelation(
      xs,
      xs.map(() => 1),
    ),
  ).toBeUndefined()
})

it('two texts word by word: what differs is marked, and each side is whole', () => {
  const { before, after } = differ('Der Elefant ist sehr groß.', 'Der Elefanten ist groß.')
  const other = (side: typeof before) => side.filter(({ isOther }) => isOther).map(({ word }) => word)
  expect(other(before)).toEqual(['Elefant', 'sehr'])
  expect(other(after)).toEqual(['Elefanten'])
  fc.assert(
    fc.property(fc.string({ maxLength: 30 }), fc.string({ maxLength: 30 }), (a, b) => {
      const found = differ(a, b)
      expect(found.before.map(({ word }) => word).join('')).toBe(a)
      expect(found.after.map(({ word }) => word).join('')).toBe(b)
      if (a === b) expect(found.before.some(({ isOther }) => isOther)).toBe(false)
    }),
  )
})

it('lines begin and end at their tokens', () => {
  const [queries, keys] = [
    ['a', 'b'],
    ['elephant', 'is', 'large'],
  ]
  const rows = down(queries, keys, { width: 232, top: 50, pitch: 20 })
  expect(rows.query(1).y).toBe(80)
  expect(rows.height).toBeGreaterThan(rows.key(2).y)
  expect(rows.path(1, 2)).toMatch(new RegExp(`^M${rows.query(1).x} 80C.* ${rows.key(2).x} 100$`))
  const columns = across(queries, keys, { width: 600 })
  expect(columns.isTurned).toBe(false)
  expect(columns.key(0).y).toBeGreaterThan(columns.query(0).y)
  expect(across(Array(40).fill('elephant'), keys, { width: 600 })).toMatchObject({ isTurned: true })
  expect(clipped('Donaudampfschiff')).toBe('Donaudampfs…')
})

it('thumbnails are smaller the more there are', () => {
  expect([36, 48, 144, 145].map(thumbSize)).toEqual([64, 64, 40, 24])
})
