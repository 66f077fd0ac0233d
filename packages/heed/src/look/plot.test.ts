import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { coded } from '../testing/errors.js'
import { type Plot, type PlotPanel, plotSvg, spreadApart } from './plot.js'
import { palettes } from './tokens.js'

const panel = (change: Partial<PlotPanel> = {}): PlotPanel => ({
  title: 'Right answers',
  x: { label: 'step' },
  y: { label: 'share', range: [0, 1] },
  series: [
    { name: 'softmax', points: [0, 50, 100].map((x) => ({ x, y: x / 100, low: x / 200, high: 1 })) },
    { name: 'linear <0>', points: [0, 50, 100].map((x) => ({ x, y: 0.25 })) },
  ],
  ...change,
})
const plot = (...panels: PlotPanel[]): Plot => ({ title: 'One learns & one does not', panels })
const of = (name: string, ...points: [x: number, y: number][]) => ({
  name,
  points: points.map(([x, y]) => ({ x, y })),
})

const texts = (svg: string) => Array.from(svg.matchAll(/<text[^>]*>(.*?)<\/text>/g), (match) => match[1])
const attribute = (element: string, name: string) => new RegExp(` ${name}="([^"]*)"`).exec(element)?.[1]
const lines = (svg: string) =>
  Array.from(svg.matchAll(/<path[^>]*stroke-width="1.75"[^>]*>/g), ([path]) =>
    attribute(path, 'd')!
      .slice(1)
      .split('L')
      .map((place) => place.split(' ').map(Number)),
  )

describe('plotSvg', () => {
  it('is a standalone picture with a name, a description and a line for each series', () => {
    const svg = plotSvg({ ...plot(panel()), note: 'Median of 5 seeds.' })
    expect(svg).toMatch(/^<svg xmlns="http:\/\/www.w3.org\/2000\/svg" width="\d+" height="\d+" viewBox=/)
    expect(svg).toContain('<title>One learns &amp; one does not</title>')
    expect(svg).toContain(
      'softmax from 0 at 0 to 1 at 100; linear &lt;0&gt; from 0.25 at 0 to 0.25 at 100.</desc>',
    )
    expect(texts(svg)).toEqual(
      expect.arrayContaining(['Median of 5 seeds.', 'softmax', 'linear &lt;0&gt;', 'step']),
    )
    expect(lines(svg)).toHaveLength(2)
    expect(plotSvg({ ...plot(panel()), note: 'Median of 5 seeds.' })).toBe(svg)
  })

  it('puts values in their places: the ends of the axes, and half way', () => {
    const [[first, middle, last], flat] = lines(plotSvg(plot(panel())))
    expect(middle[0] - first[0]).toBeCloseTo((last[0] - first[0]) / 2, 0)
    expect(first[1] - middle[1]).toBeCloseTo((first[1] - last[1]) / 2, 0)
    expect(flat[0][1]).toBeCloseTo(first[1] - (first[1] - last[1]) / 4, 0)
  })

  it('draws a band where there is a range, and none where there is not', () => {
    expect(plotSvg(plot(panel())).match(/fill-opacity/g)).toHaveLength(1)
  })

  it('has at most five lines across, at round numbers', () => {
    const svg = plotSvg(
      plot(panel({ x: { label: 'step', ticks: [0, 100] }, series: [of('a', [0, 0], [100, 1])] })),
    )
    expect(texts(svg)).toEqual(expect.arrayContaining(['0.0', '0.5', '1.0', '0', '100']))
    for (const to of [3, 7, 49, 120, 1e4, 2e6, 0.003]) {
      const drawn = plotSvg(plot(panel({ y: { label: 'y' }, series: [of('a', [0, 0], [1, to])] })))
      const across = drawn.match(/<path d="M\S+ \S+h280"/g)!
      expect(across.length).toBeGreaterThanOrEqual(2)
      expect(across.length).toBeLessThanOrEqual(5)
    }
  })

  it('says that an axis is logarithmic, and puts powers of ten at equal distances', () => {
    const y = { label: 'norm', log: true }
    const svg = plotSvg(plot(panel({ y, series: [of('a', [0, 1], [1, 10], [2, 100], [3, 1000])] })))
    expect(texts(svg)).toEqual(expect.arrayContaining(['norm (logarithmic)', '1', '10', '100', '1,000']))
    const heights = lines(svg)[0].map(([, height]) => height)
    expect(heights[0] - heights[1]).toBeCloseTo(heights[2] - heights[3], 0)
    const narrow = plotSvg(plot(panel({ y, series: [of('a', [0, 0.06], [1, 0.6])] })))
    expect(texts(narrow)).toEqual(expect.arrayContaining(['0.1', '0.2', '0.5']))
    const tiny = plotSvg(plot(panel({ y, series: [of('a', [0, 1e-8], [1, 1])] })))
    expect(texts(tiny)).toEqual(expect.arrayContaining(['10⁻⁸', '10⁻⁴', '1']))
  })

  it('cuts nothing off: data outside widen the range', () => {
    const svg = plotSvg(plot(panel({ series: [of('a', [0, -2], [1, 3])] })))
    expect(texts(svg)).toEqual(expect.arrayContaining(['\u22122', '2']))
  })

  it('leaves gaps where there is no number, and says so', () => {
    const y = { label: 'y', log: true }
    const series = [
      of('a', [0, 1], [1, 2], [2, NaN], [3, 2], [4, 1]),
      of('b', [0, 0], [1, -1], [2, 5], [3, 5]),
    ]
    const svg = plotSvg(plot(panel({ y, series })))
    expect(lines(svg).map((line) => line.length)).toEqual([2, 2, 2])
    expect(texts(svg).join(' ')).toContain('a: 1 of 5 values are not finite.')
    expect(texts(svg).join(' ')).toContain('b: 2 of 4 values are zero or less, which has no logarithm.')
    expect(svg).not.toMatch(/NaN |Infinity/)
  })

  it('has the colours of the theme, roles where they are asked for', () => {
    const series = [{ ...of('W_Q', [0, 0], [1, 1]), colour: 'q' as const }, of('other', [0, 1], [1, 0])]
    for (const theme of ['light', 'dark'] as const) {
      const svg = plotSvg(plot(panel({ series })), { theme })
      const p = palettes[theme]
      for (const colour of [p.card, p.roles.q.stroke, p.heads[1], p.ink]) expect(svg).toContain(`"${colour}"`)
    }
  })

  it('stands panels side by side, as many as asked', () => {
    const size = (columns: number) => {
      const svg = plotSvg(plot(panel(), panel(), panel()), { columns })
      return [Number(attribute(svg, 'width')), Number(attribute(svg, 'height'))]
    }
    const [one, two, three] = [1, 2, 3].map(size)
    expect([one[0] < two[0], two[0] < three[0]]).toEqual([true, true])
    expect([one[1] > two[1], two[1] > three[1]]).toEqual([true, true])
  })

  it('refuses what cannot be drawn', () => {
    expect(() => plotSvg(plot())).toThrow(coded('input', 'no panel'))
    expect(() => plotSvg(plot(panel()), { columns: 0 })).toThrow(coded('option', 'columns', '0'))
  })

  it('draws whatever it gets inside the picture', () => {
    const value = fc.oneof(
      fc.double({ min: -1e200, max: 1e200 }),
      fc.constantFrom(0, 1, NaN, Infinity, 1e-300),
    )
    const series = fc.array(
      fc.record({ name: fc.string(), points: fc.array(fc.record({ x: value, y: value }), { maxLength: 6 }) }),
      { maxLength: 9 },
    )
    fc.assert(
      fc.property(series, fc.boolean(), fc.boolean(), (series, logX, logY) => {
        const axes = { x: { label: 'x', log: logX }, y: { label: 'y', log: logY } }
        const svg = plotSvg(plot(panel({ ...axes, series })))
        const [width, height] = [Number(attribute(svg, 'width')), Number(attribute(svg, 'height'))]
        for (const [x, y] of lines(svg).flat()) {
          expect(x >= 0 && x <= width && y >= 0 && y <= height).toBe(true)
        }
      }),
      { numRuns: 200 },
    )
  })
})

it('spreadApart keeps the order, the distance and the floor', () => {
  expect(spreadApart([10, 50, 90], 200)).toEqual([10, 50, 90])
  expect(spreadApart([10, 10, 12], 200)).toEqual([10, 26, 42])
  expect(spreadApart([100, 99, 98], 100)).toEqual([100, 84, 68])
})
