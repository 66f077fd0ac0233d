import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { TILE, type TilePlace } from '../../engine/tile'
import { ticks } from './axes'
import { inContext } from './context'
import { Fingers } from './fingers'
import { joined, NEAR, spreadOut } from './links'
import { paceOf } from './pace'
import { isSample, sample, sampleId } from './sample'
import { readState, viewOf, viewParams } from './state'
import { docOf, Texts } from './texts'
import { type Tile, Tiles } from './tiles'
import {
  blockOf,
  cellAt,
  corner,
  leastZoom,
  levelOf,
  pixelOf,
  pulled,
  showing,
  visibleTiles,
  whole,
  within,
  zoomed,
} from './view'

const frames = fc.record({
  side: fc.integer({ min: 160, max: 600 }),
  tokens: fc.integer({ min: 1, max: 200_000 }),
})
const places = fc
  .tuple(
    frames,
    fc.double({ min: 0, max: 1, noNaN: true }),
    fc.double({ min: 0, max: 1, noNaN: true }),
    fc.double({ min: 0, max: 1, noNaN: true }),
  )
  .map(([frame, a, b, z]) => {
    const zoom = leastZoom(frame) * (41 / leastZoom(frame)) ** z
    return { frame, view: within({ query: a * frame.tokens, key: b * frame.tokens, zoom }, frame) }
  })

describe('a view', () => {
  it('never leaves the map, and shows all of it at least', () => {
    fc.assert(
      fc.property(
        places,
        fc.double({ min: -900, max: 900, noNaN: true }),
        fc.double({ min: 0.01, max: 50, noNaN: true }),
        ({ frame, view }, px, factor) => {
          for (const next of [view, pulled(view, frame, px, -px), zoomed(view, frame, factor, 10, 20)]) {
            const from = corner(next, frame)
            const shown = frame.side / next.zoom
            for (const start of [from.query, from.key]) {
              expect(start).toBeGreaterThan(-1e-6)
              expect(start + Math.min(shown, frame.tokens)).toBeLessThan(frame.tokens * (1 + 1e-9) + 1e-6)
            }
          }
        },
      ),
    )
  })

  it('keeps what is under the pointer there when it is zoomed in', () => {
    fc.assert(
      fc.property(places, fc.double({ min: 1, max: 8, noNaN: true }), ({ frame, view }, factor) => {
        const [x, y] = [frame.side * 0.3, frame.side * 0.8]
        const cell = cellAt(x, y, view, frame)
        if (!cell) return
        const { x: left, y: top } = pixelOf(cell, view, frame)
        const next = zoomed(view, frame, factor, left, top)
        const now = pixelOf(cell, next, frame)
        expect(now.x).toBeCloseTo(left, 3)
        expect(now.y).toBeCloseTo(top, 3)
      }),
    )
  })

  it('is covered by its tiles, none of which lies elsewhere, and whose pixels are no smaller than the screen’s', () => {
    fc.assert(
      fc.property(places, fc.nat(599), fc.nat(599), ({ frame, view }, x, y) => {
        const level = levelOf(view.zoom)
        expect(2 ** level * view.zoom).toBeGreaterThan(1 - 1e-6)
        if (level > 0) expect(2 ** level * view.zoom).toBeLessThan(2 + 1e-6)
        const tiles = visibleTiles(view, frame)
        expect(tiles.length).toBeLessThanOrEqual(49)
        const cell = cellAt(x, y, view, frame)
        if (!cell) return
        const size = TILE * 2 ** level
        const [row, column] = [Math.floor(cell.query / size), Math.floor(cell.key / size)]
        expect(tiles).toContainEqual({ level, row, column })
      }),
    )
  })

  it('moves no more than it takes to show a cell', () => {
    fc.assert(
      fc.property(places, fc.double({ min: 0, max: 0.999, noNaN: true }), ({ frame, view }, a) => {
        const cell = { query: Math.floor(a * frame.tokens), key: Math.floor((1 - a) * (frame.tokens - 1)) }
        const next = showing(cell, view, frame)
        const { x, y } = pixelOf(cell, next, frame)
        for (const at of [x, y]) expect(at > -1e-6 && at < frame.side).toBe(true)
        expect(showing(cell, next, frame).query).toBeCloseTo(next.query, 6)
      }),
    )
  })

  it('is read from an address as it was written into it', () => {
    fc.assert(
      fc.property(places, ({ frame, view }) => {
        const written = Object.fromEntries(
          Object.entries(viewParams(view, frame)).filter(([, value]) => value !== undefined),
        ) as Record<string, string>
        const again = viewOf(readState(written), frame)
        expect(Math.abs(again.query - view.query) * view.zoom).toBeLessThan(0.02 * frame.side)
        expect(again.zoom / view.zoom).toBeCloseTo(1, 2)
      }),
    )
    expect(
      readState({ pool: 'x', scale: 'sqrt', apart: '3', link: '1-2-3', at: '-', zoom: 'e', head: '-1' }),
    ).toEqual({
      site: undefined,
      head: 0,
      pool: 'max',
      scale: 'linear',
      apart: 8,
    })
    expect(readState({ link: '30-12', pool: 'mean', scale: 'log', apart: '64' })).toMatchObject({
      chosen: { query: 30, key: 12 },
      pool: 'mean',
      scale: 'log',
      apart: 64,
    })
  })

  it('a pixel stands for the cells of its place on the grid', () => {
    expect(blockOf({ query: 70, key: 999 }, 4, 1000)).toEqual({ rows: [64, 80], cols: [992, 1000] })
    expect(whole({ side: 600, tokens: 30_000 }).zoom).toBe(0.02)
  })
})

describe('tiles', () => {
  const made = (values: number[] = []): Tile => ({ rows: 1, cols: 1, values: Float32Array.from(values) })
  const at = (n: number, level = 0): TilePlace => ({ level, row: n, column: 0 })
  const settled = () => new Promise((done) => setTimeout(done, 0))

  it('are asked for in order, few at once; what is no longer wanted is stopped', async () => {
    const asked: { row: number; signal: AbortSignal; give: (tile: Tile) => void }[] = []
    let came = 0
    const tiles = new Tiles({
      load: ({ row }, signal) => new Promise((give) => asked.push({ row, signal, give })),
      onload: () => came++,
      onerror: () => expect.fail(),
    })
    tiles.want([at(4), at(5), at(6)])
    expect(asked.map(({ row }) => row)).toEqual([4, 5])
    asked[0].give(made())
    await settled()
    expect(asked.map(({ row }) => row)).toEqual([4, 5, 6])
    tiles.want([at(6), at(7), at(4)])
    expect(asked.map(({ signal }) => signal.aborted)).toEqual([false, true, false, false])
    expect(tiles.missing).toBe(2)
    // A late answer to what was stopped changes nothing.
    asked[1].give(made())
    await settled()
    expect(tiles.get(at(5))).toBeUndefined()
    expect([came, tiles.size]).toEqual([1, 1])
    tiles.stop()
    expect(asked.at(-1)!.signal.aborted).toBe(true)
  })

  it('those looked at longest ago go, but for the coarsest; a coarser one stands in', async () => {
    const tiles = new Tiles({
      load: ({ level, row }) => Promise.resolve(made([10 * level + row])),
      onload: () => undefined,
      onerror: () => expect.fail(),
      most: 4,
      kept: () => 3,
    })
    tiles.want([at(0, 3)])
    await settled()
    for (let row = 0; row < 9; row++) {
      tiles.want([at(row)])
      await settled()
      tiles.get(at(1))
    }
    expect(tiles.size).toBe(4)
    expect([0, 1, 2, 7, 8].map((row) => tiles.get(at(row)) !== undefined)).toEqual([
      false,
      true,
      false,
      true,
      true,
    ])
    const standIn = tiles.standIn({ level: 0, row: 5, column: 2 })
    expect(standIn).toMatchObject({ x: 32, y: 80, side: 16 })
    expect([...standIn!.tile.values]).toEqual([30])
    expect(tiles.standIn({ level: 0, row: 8, column: 0 })).toBeUndefined()
  })

  it('what fails is told once and not asked for without end', async () => {
    let [asked, told] = [0, 0]
    const tiles = new Tiles({
      load: () => (asked++, Promise.reject(new Error('no'))),
      onload: () => undefined,
      onerror: () => told++,
    })
    tiles.want([at(0)])
    await settled()
    tiles.want([at(0)])
    await settled()
    expect([asked, told]).toEqual([1, 1])
  })
})

it('an axis has every token where there is room, else round numbers that keep apart', () => {
  expect(ticks(10.5, 13, 20)).toEqual([10, 11, 12].map((token) => ({ token, isNumber: false })))
  fc.assert(
    fc.property(
      fc.double({ min: 0, max: 1e6, noNaN: true }),
      fc.double({ min: 1e-4, max: 11, noNaN: true }),
      (from, zoom) => {
        const found = ticks(from, from + 600 / zoom, zoom)
        expect(found.every(({ isNumber }) => isNumber)).toBe(true)
        expect(found.length).toBeLessThanOrEqual(11)
        for (let n = 1; n < found.length; n++)
          expect((found[n].token - found[n - 1].token) * zoom).toBeGreaterThanOrEqual(64 - 1e-6)
      },
    ),
  )
})

it('of links near one another the strongest stays', () => {
  const links = joined([{ query: 100, key: 10, weight: 0.5 }], {
    queries: Int32Array.of(101, 300, 102 + NEAR),
    keys: Int32Array.of(11, 10, 11),
    weights: Float32Array.of(0.75, 0.25, 0.625),
  })
  expect(links.map(({ weight }) => weight)).toEqual([0.75, 0.625, 0.5, 0.25])
  expect(spreadOut(links, 9).map(({ query }) => query)).toEqual([101, 102 + NEAR, 300])
  expect(spreadOut(links, 1)).toHaveLength(1)
})

it('time to go, where each token costs more than the one before', () => {
  const cost = (done: number) => 2 * done + done ** 2 / 1000
  const marks = [500, 1000, 1500, 2000, 2500].map((done) => ({ done, time: 7 + cost(done) }))
  const pace = paceOf(marks, 20_000)!
  expect(pace.left! * 1000).toBeCloseTo(cost(20_000) - cost(2500), 0)
  expect(pace.rate).toBeCloseTo((1000 * 2000) / (cost(2500) - cost(500)), 6)
  expect(paceOf(marks.slice(0, 1), 9)).toBeUndefined()
  expect(paceOf(marks.slice(0, 3), 9)!.left).toBeUndefined()
})

it('a sample follows from its name, and its sentences come twice', () => {
  const text = sample(sampleId(4000))
  expect(text).toHaveLength(4000)
  expect(sample(sampleId(4000))).toBe(text)
  const sentences = text.split('. ').slice(0, 40)
  const again = sentences.filter((sentence) => text.split(sentence).length === 3)
  expect(again.length / sentences.length).toBeGreaterThan(0.9)
  expect(['sample-0', 'sample-', 'sample-12345678', 'x'].map(isSample)).toEqual([false, false, false, false])
})

describe('texts of this tab', () => {
  const shelf = () => {
    const kept = new Map<string, string>()
    return {
      kept,
      getItem: (key: string) => kept.get(key) ?? null,
      setItem: (key: string, value: string) => void kept.set(key, value),
      removeItem: (key: string) => void kept.delete(key),
    }
  }
  const long = 'word '.repeat(500)

  it('short ones are in the address, long ones on the shelf, one at a time', () => {
    const one = shelf()
    const texts = new Texts(one)
    expect(texts.put(docOf('Hello.'))).toEqual({ text: 'Hello.', doc: undefined })
    const { doc } = texts.put({ ...docOf(long), name: 'a.txt' })
    expect(new Texts(one).of({ doc: doc! })).toEqual({ id: doc, text: long, name: 'a.txt' })
    texts.put(docOf(`${long}!`))
    expect(one.kept.size).toBe(1)
    expect(new Texts(one).of({ doc: doc! })).toBe('lost')
    expect(new Texts(undefined).of({ doc: sampleId(100) })).toMatchObject({ text: sample(sampleId(100)) })
    expect(texts.of({})).toBeUndefined()
    expect(texts.of({ text: ' ' })).toBeUndefined()
  })

  it('a browser that keeps nothing still has the last', () => {
    const full = {
      ...shelf(),
      setItem: () => {
        throw new Error('full')
      },
    }
    const texts = new Texts(full)
    const { doc } = texts.put(docOf(long))
    expect(texts.of({ doc: doc! })).toMatchObject({ text: long })
    const broken = { ...shelf(), getItem: () => 'no JSON' }
    expect(new Texts(broken).of({ doc: 'abc' })).toBe('lost')
  })
})

it('a token in its context, on one line, without half characters', () => {
  const text = 'a 😀\nb 😀 c'
  const at = text.indexOf('b')
  expect(inContext({ text, starts: [at], ends: [at + 1] }, 0, 2)).toEqual({
    before: ' ',
    token: 'b',
    after: ' ',
  })
  expect(inContext({ text, starts: [0], ends: [0] }, 0, 5)).toEqual({ before: '', token: '', after: '' })
})

it('a finger pulls, two pinch, one that stays taps', () => {
  const seen: string[] = []
  const fingers = new Fingers({
    pull: (dx, dy) => seen.push(`pull ${dx} ${dy}`),
    pinch: (factor) => seen.push(`pinch ${factor}`),
    tap: ({ clientX }) => seen.push(`tap ${clientX}`),
  })
  const event = (pointerId: number, clientX: number, clientY = 0) =>
    ({
      pointerId,
      clientX,
      clientY,
      pointerType: 'touch',
      button: 0,
      currentTarget: null,
    }) as unknown as PointerEvent
  fingers.down(event(1, 10))
  fingers.move(event(1, 12))
  fingers.up(event(1, 12))
  fingers.down(event(1, 10))
  fingers.move(event(1, 30))
  fingers.down(event(2, 130))
  fingers.move(event(2, 230))
  fingers.up(event(2, 230))
  fingers.up(event(1, 30))
  expect(seen).toEqual(['tap 12', 'pull 20 0', 'pull 50 0', 'pinch 2'])
})
