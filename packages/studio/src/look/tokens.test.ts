import { readFileSync } from 'node:fs'
import { palettes, tokensCss } from 'heed/look'
import { expect, it } from 'vitest'
import { divBar, endOf, gradient, largest, onWeight, roundUp } from './scale'
import { barAt, bars } from './strip'

it('tokens.css is what heed/look says; `npm run tokens -w heed-studio` writes it anew', () => {
  expect(readFileSync(new URL('tokens.css', import.meta.url), 'utf8')).toBe(tokensCss())
})

it('ends of scales hold what is drawn, in two figures', () => {
  expect([2.51, 2.5, 0.0312, 39.36, 1234, 0, NaN, Infinity].map(roundUp)).toEqual([
    2.6, 2.5, 0.032, 40, 1300, 1, 1, 1,
  ])
  expect(largest([1, -3], [2, Infinity, -Infinity, NaN])).toBe(3)
  expect([2.6, 40, 0.032, 1300].map(endOf)).toEqual(['2.6', '40', '0.032', '1300'])
})

it('bars are never invisible, and zero is the card', () => {
  expect(divBar(0, 'light')).toBe(palettes.light.card)
  expect(divBar(1, 'light')).toBe(palettes.light.div[10])
  expect(divBar(-1, 'dark')).toBe(palettes.dark.div[0])
  expect(divBar(0.001, 'light')).not.toBe(palettes.light.card)
})

it('ink turns where the ramp says', () => {
  const { ink, onSeq } = palettes.light
  expect([0, 0.35, 0.5, 0.9].map((t) => onWeight(t, 'light'))).toEqual([ink, ink, onSeq.lo, onSeq.hi])
  expect(gradient((t) => `c${t}`, 0, 1, 3)).toBe('linear-gradient(90deg, c0, c0.5, c1)')
})

const shape = { width: 64, height: 20, max: 2, factor: 1, theme: 'light' as const }

it('bars of a strip: one for each number, up is plus', () => {
  const { paths, count, per } = bars([2, -2, 0, 1], shape)
  expect([count, per]).toEqual([4, 1])
  // Zero has no bar; three sizes have three shades.
  expect(paths.map(({ d }) => d)).toEqual(['M0.5 3h15v7h-15z', 'M16.5 10h15v7h-15z', 'M48.5 6.5h15v3.5h-15z'])
  expect(bars([1], { ...shape, width: 0 }).paths).toEqual([])
})

it('a strip of more numbers than pixels shows the largest of several', () => {
  const values = Array.from({ length: 200 }, (_, i) => (i === 101 ? -2 : 0.001))
  const { paths, count, per } = bars(values, shape)
  expect([count, per]).toEqual([40, 5])
  expect(paths.some(({ d }) => d.includes('v7'))).toBe(true)
  expect([barAt(20.9, 200, 5), barAt(-1, 200, 5), barAt(99, 200, 5)]).toEqual([100, 0, 199])
})
