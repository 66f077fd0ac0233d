import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { sides, tiny } from './axioms'
import { bytesOf, discStamp, stampDots } from './dots'
import { placeLabels, type Rect, Taken, type Wish } from './labels'
import { byNearness, farness, nearestOf, write } from './measures'
import { arrowPaths, arrowPoints, fitted, placeNames } from './plane'
import { nameOrder } from './scene'
import { matches } from './search'
import {
  CALCULATION,
  calculationParam,
  chooseParams,
  guessParams,
  MOST,
  PRESET,
  readState,
  removeParams,
  viewParam,
  wordsParam,
} from './state'
import {
  between,
  boxOf,
  countNearer,
  frameOf,
  moved,
  nearestTo,
  toPlane,
  toScreen,
  whole,
  zoomed,
} from './view'

/** Parameters as an address has them. */
const given = (change: Record<string, string | undefined>) =>
  Object.fromEntries(Object.entries(change).filter(([, value]) => value !== undefined)) as Record<
    string,
    string
  >

describe('the address', () => {
  it('without anything is the preset', () => {
    expect(readState({})).toMatchObject({
      words: PRESET,
      of: 'dog',
      by: 'cosine',
      calculation: CALCULATION,
      axioms: false,
    })
    expect(
      given({ ...wordsParam(PRESET), ...calculationParam(CALCULATION), ...guessParams(undefined) }),
    ).toEqual({})
  })

  it('holds the view', () => {
    const params = given({
      ...wordsParam(['king', 'queen']),
      of: 'queen',
      by: 'euclidean',
      ...viewParam({ x: 0.25, y: -1.5, k: 4 }),
      ...calculationParam(['king', 'man', 'woman']),
      c: '-0.5',
      axioms: '1',
      ...guessParams({ word: 'king', at: [0.1, -0.2], isShown: true }),
    })
    expect(readState(params)).toEqual({
      words: ['king', 'queen'],
      of: 'queen',
      by: 'euclidean',
      view: { x: 0.25, y: -1.5, k: 4 },
      calculation: ['king', 'man', 'woman'],
      c: -0.5,
      axioms: true,
      s: 1.7,
      t: -0.3,
      guess: { word: 'king', at: [0.1, -0.2], isShown: true },
    })
  })

  it('what is not understood is as by default', () => {
    const state = readState({
      words: ' a, ,a,b',
      of: 'c',
      by: 'taste',
      view: '1_2',
      calc: 'a,b',
      c: '7',
      guess: 'z',
    })
    expect(state).toMatchObject({
      words: ['a', 'b'],
      of: 'a',
      by: 'cosine',
      calculation: CALCULATION,
      c: 0.5,
    })
    expect([state.view, state.guess]).toEqual([undefined, undefined])
    expect(readState({ view: '0_0_-1' }).view).toBeUndefined()
  })

  it('a word that is chosen comes last and is looked from; the sixth takes the fifth’s place', () => {
    expect(chooseParams(readState({}), 'wolf')).toEqual({ words: 'dog,cat,television,wolf', of: 'wolf' })
    expect(chooseParams(readState({ of: 'cat' }), 'dog')).toEqual({ words: undefined, of: undefined })
    const full = readState({ words: 'a,b,c,d,e' })
    expect(full.words).toHaveLength(MOST)
    expect(chooseParams(full, 'f')).toEqual({ words: 'a,b,c,d,f', of: 'f' })
    expect(removeParams(readState({ of: 'cat' }), 'cat')).toEqual({ words: 'dog,television', of: undefined })
    expect(readState(given(removeParams(readState({ words: 'a' }), 'a')))).toMatchObject({
      words: [],
      of: undefined,
    })
  })
})

describe('the view', () => {
  const places = [0, 0, 4, 1, 2, -1, 1, 0.5]
  const box = boxOf(places)
  const size = { width: 456, height: 256 }
  const views = fc.record({
    x: fc.double({ min: 0, max: 4, noNaN: true }),
    y: fc.double({ min: -1, max: 1, noNaN: true }),
    k: fc.double({ min: 1, max: 60, noNaN: true }),
  })
  const px = fc.integer({ min: 0, max: 400 })

  it('shows all at first, one scale for both axes', () => {
    const frame = frameOf(whole(box), box, size)
    expect(frame.scale).toBe(100)
    expect([toScreen(frame, 0, -1), toScreen(frame, 4, 1)]).toEqual([
      [28, 228],
      [428, 28],
    ])
    const single = frameOf(whole(boxOf([3, 3])), boxOf([3, 3]), size)
    expect(toScreen(single, 3, 3)).toEqual([228, 128])
  })

  it('px and places lead to one another', () => {
    fc.assert(
      fc.property(views, px, px, (view, left, top) => {
        const frame = frameOf(view, box, size)
        const [a, b] = toScreen(frame, ...toPlane(frame, left, top))
        expect(a).toBeCloseTo(left, 6)
        expect(b).toBeCloseTo(top, 6)
      }),
    )
  })

  it('what is under the pointer stays there while it grows, as long as words are in the middle', () => {
    fc.assert(
      fc.property(views, fc.double({ min: 0.2, max: 5, noNaN: true }), px, px, (view, factor, left, top) => {
        const frame = frameOf(view, box, size)
        const next = zoomed(frame, factor, left, top)
        expect(next.k).toBeCloseTo(Math.max(1, Math.min(60, view.k * factor)), 9)
        expect(next.x).toBeGreaterThanOrEqual(0)
        expect(next.x).toBeLessThanOrEqual(4)
        const isFree = next.x > 0 && next.x < 4 && next.y > -1 && next.y < 1
        if (!isFree) return
        const [a, b] = toScreen(frameOf(next, box, size), ...toPlane(frame, left, top))
        expect(a).toBeCloseTo(left, 5)
        expect(b).toBeCloseTo(top, 5)
      }),
    )
    const frame = frameOf({ x: 2, y: 0, k: 2 }, box, size)
    expect(moved(frame, 20, -40)).toEqual({ x: 1.9, y: -0.2, k: 2 })
  })

  it('a flight begins and ends where it should', () => {
    fc.assert(
      fc.property(views, views, (from, to) => {
        for (const [t, end] of [
          [0, from],
          [1, to],
        ] as const) {
          const at = between(from, to, t)
          for (const key of ['x', 'y', 'k'] as const) expect(at[key]).toBeCloseTo(end[key], 5)
        }
      }),
    )
  })

  it('finds the nearest word within reach, and how many are nearer than a guess', () => {
    const frame = frameOf(whole(box), box, size)
    const [left, top] = toScreen(frame, 1, 0.5)
    expect(nearestTo(frame, places, left + 5, top - 5, 14)).toBe(3)
    expect(nearestTo(frame, places, left + 40, top, 14)).toBeUndefined()
    expect(nearestTo(frame, places, left + 40, top)).toBe(3)
    expect(countNearer(places, [0, 0], [1.5, 0])).toBe(2)
    expect(countNearer(places, [0, 0], [0, 0])).toBe(0)
  })
})

describe('names on the map', () => {
  const wishes = fc
    .array(
      fc.tuple(
        fc.integer({ min: 0, max: 500 }),
        fc.integer({ min: 0, max: 300 }),
        fc.integer({ min: 8, max: 90 }),
      ),
      {
        maxLength: 120,
      },
    )
    .map((list) => list.map(([x, y, width], index): Wish => ({ index, x, y, width })))

  it('never cover one another, or what is taken', () => {
    const meet = (a: Rect, b: Rect) => a[0] < b[2] && a[2] > b[0] && a[1] < b[3] && a[3] > b[1]
    fc.assert(
      fc.property(wishes, (list) => {
        const wall: Rect = [100, 100, 220, 130]
        const taken = new Taken()
        taken.take(wall)
        const placed = placeLabels(list, taken)
        const rects = placed.map(({ left, middle, width }): Rect => [
          left,
          middle - 8,
          left + width,
          middle + 8,
        ])
        rects.forEach((rect, n) => {
          expect(meet(rect, wall)).toBe(false)
          for (const other of rects.slice(n + 1)) expect(meet(rect, other)).toBe(false)
          for (const { x, y } of placed) expect(meet(rect, [x - 5, y - 5, x + 5, y + 5])).toBe(false)
        })
        // The first always has one, unless what is taken is in its way.
        if (list[0] && (list[0].y < 70 || list[0].y > 160)) expect(placed[0]?.index).toBe(0)
      }),
    )
  })

  it('neighbours first, then the vocabulary’s order, short ones last', () => {
    const neighbours = [{ index: 3, value: 1 }]
    expect(nameOrder(['a', 'the', 'of', 'dogs', 'was'], { neighbours })).toEqual([3, 1, 4, 0, 2])
  })
})

describe('dots', () => {
  it('cover what a disc covers', () => {
    const { side, alpha } = discStamp(1.5)
    expect([side, alpha[12], alpha[0]]).toEqual([5, 255, 0])
    const area = alpha.reduce((sum, a) => sum + a / 255, 0)
    expect(Math.abs(area - Math.PI * 1.5 ** 2)).toBeLessThan(0.5)
    expect([...alpha].reverse()).toEqual([...alpha])
  })

  it('are stamped where they are, one over the other no darker, none half outside', () => {
    const stamp = { side: 1, alpha: Uint8Array.of(128) }
    const pixels = new Uint8ClampedArray(4 * 6)
    stampDots(pixels, 3, 2, [1.5, 0.5, 1.4, 0.6, 2.5, 1.5, 3.6, 0, -1, 0], stamp, bytesOf('#c9c5bd'))
    const [dot, none] = [
      [201, 197, 189, 128],
      [0, 0, 0, 0],
    ]
    expect([...pixels]).toEqual([none, dot, none, none, none, dot].flat())
  })
})

it('what is typed finds the word itself, then beginnings, then the rest', () => {
  const words = ['cat', 'Cat', 'concatenate', 'dog', 'cats', 'category']
  expect(matches(words, ' cat ', 9)).toEqual([0, 1, 4, 5, 2])
  expect(matches(words, 'cat', 2)).toEqual([0, 1])
  expect(matches(words, ' ', 9)).toEqual([])
})

it('measures: how they are written, what is near, what is far', () => {
  expect(
    (['cosine', 'angular', 'euclidean', 'manhattan', 'dot'] as const).map((by) => write(by, 0.5)),
  ).toEqual(['+0.50', '28.6°', '0.50', '0.5', '+0.50'])
  expect([nearestOf('cosine', [0.1, 0.9, 0.3]), nearestOf('euclidean', [2, 9, 1])]).toEqual([1, 2])
  expect([byNearness('dot', 1, 2), byNearness('manhattan', 1, 2)].map(Math.sign)).toEqual([1, -1])
  expect([farness('cosine', 1), farness('angular', 2), farness('dot', 3)]).toEqual([0, 2, undefined])
})

describe('planes', () => {
  it('are drawn without distortion, inside of their room', () => {
    const points = [
      [0, 0],
      [2, 0],
      [0, 1],
    ] as const
    const at = fitted(points, { width: 300, height: 200, side: 50, above: 20 })
    expect(points.map(at)).toEqual([
      [50, 150],
      [250, 150],
      [50, 50],
    ])
    expect(fitted([[1, 1]], { width: 300, height: 200, side: 50, above: 20 })([1, 1])).toEqual([150, 100])
  })

  it('arrows end where they lead; x + y is the corner of the parallelogram', () => {
    const { x, y, sum, scaled } = arrowPoints({ x: 2, y: 1 }, Math.PI / 2, -1.5)
    expect([x, scaled]).toEqual([
      [2, 0],
      [-3, 0],
    ])
    expect(Math.hypot(...y)).toBeCloseTo(1, 12)
    expect([sum[0] - x[0], sum[1] - x[1]]).toEqual([y[0], y[1]].map((v) => expect.closeTo(v, 12)))
    expect(arrowPaths([0, 0], [30, 0])).toMatchObject({
      shaft: 'M0 0L24 0',
      head: expect.stringMatching(/^M30 0L/),
    })
    expect(arrowPaths([0, 0], [3, 0]).head).toBe('')
  })

  it('names give way to one another', () => {
    const at = [50, 50] as const
    const placed = placeNames(
      [
        { at, text: 'one', isStrong: true },
        { at, text: 'two' },
      ],
      [0, 0],
      400,
    )
    expect(placed.map(({ anchor, isStrong }) => [anchor, isStrong])).toEqual([
      ['start', true],
      ['start', false],
    ])
    expect(Math.abs(placed[0].y - placed[1].y)).toBeGreaterThanOrEqual(16)
    expect(placeNames([{ at: [390, 50], text: 'television' }], [0, 0], 400)[0].anchor).toBe('end')
  })
})

it('axioms have two sides each, and small numbers are never written as 0', () => {
  expect(Object.keys(sides)).toHaveLength(8)
  for (const [left, right] of Object.values(sides)) expect(left).not.toBe(right)
  expect([0, 1.19e-7, 3e-12, 0.25].map(tiny)).toEqual(['0.00', '1.2·10⁻⁷', '3.0·10⁻¹²', '0.25'])
})
