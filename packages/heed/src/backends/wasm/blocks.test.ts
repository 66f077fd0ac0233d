import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { randomUnit } from '../random.js'
import { Blocks, grain } from './blocks.js'

const start = 1024

/** An unlimited range that remembers how far it went. */
function endless() {
  let end = start
  const blocks = new Blocks(start, (to) => void (end = to))
  return { blocks, span: () => end - start }
}

const bytes = fc.oneof(fc.integer({ min: 2, max: 40 }), fc.integer({ min: 2, max: 100_000 }))

test('whatever comes and goes: aligned, apart from each other, and one free block at the end', () => {
  const steps = fc.array(
    fc.record({ size: bytes.map((n) => n * grain), free: fc.nat(), frees: fc.boolean() }),
    {
      maxLength: 200,
    },
  )
  fc.assert(
    fc.property(steps, (steps) => {
      const { blocks, span } = endless()
      const live: { at: number; size: number }[] = []
      let inUse = 0
      for (const { size, free, frees } of steps) {
        if (frees && live.length > 0) {
          const [gone] = live.splice(free % live.length, 1)
          const before = blocks.bytesInUse
          blocks.free(gone.at)
          inUse -= before - blocks.bytesInUse
        } else {
          const [before, spanned] = [blocks.bytesInUse, span()]
          const at = blocks.allocate(size)
          const got = blocks.bytesInUse - before
          inUse += got
          expect(at % grain).toBe(0)
          expect(at).toBeGreaterThanOrEqual(start)
          expect(at + size).toBeLessThanOrEqual(start + span())
          expect([size, size + grain]).toContain(got) // a rest of one grain is not split off
          expect(span() - spanned).toBeLessThanOrEqual(size)
          for (const other of live) expect(at + size <= other.at || other.at + other.size <= at).toBe(true)
          live.push({ at, size })
        }
        expect(blocks.bytesInUse).toBe(inUse)
        expect(blocks.bytesFree).toBe(span() - inUse)
      }
      for (const { at } of live) blocks.free(at)
      expect(blocks.bytesInUse).toBe(0)
      const all = span()
      if (all > 0) expect(blocks.allocate(all)).toBe(start)
      expect(span()).toBe(all)
    }),
  )
})

test('a block that comes back is given out again for the same size', () => {
  const { blocks } = endless()
  const sizes = [2, 3, 17, 1000, 12_345].map((n) => n * grain)
  const places = sizes.map((size) => blocks.allocate(size))
  for (const [i, at] of places.entries()) {
    blocks.free(at)
    expect(blocks.allocate(sizes[i])).toBe(at)
  }
})

test('free neighbours join, before and behind, and are split again', () => {
  const { blocks, span } = endless()
  const [a, b, c, d] = [0, 1, 2, 3].map(() => blocks.allocate(10 * grain))
  for (const at of [a, c, b]) blocks.free(at)
  expect(blocks.allocate(30 * grain)).toBe(a)
  blocks.free(a)
  expect([20, 10].map((n) => blocks.allocate(n * grain))).toEqual([a, c])
  blocks.free(d)
  expect(blocks.allocate(25 * grain)).toBe(d) // the free end grows by what it lacks
  expect(span()).toBe(55 * grain)
})

test('rounds of work, each with other sizes, stay near what one round needs', () => {
  const { blocks, span } = endless()
  const kept: number[] = []
  let most = 0
  for (let round = 0; round < 60; round++) {
    // As a training step: activations of a length of its own, freed last first, and now and then something that stays.
    const length = 1 + randomUnit(round, 0)
    const made = Array.from({ length: 80 }, (_, i) => {
      const size = Math.ceil(length * 1000 * (1 + (i % 7))) * grain
      return blocks.allocate(size)
    })
    most = Math.max(most, blocks.bytesInUse)
    if (round % 10 === 0) kept.push(blocks.allocate(500 * grain))
    for (const at of made.reverse()) blocks.free(at)
  }
  expect(span()).toBeLessThan(1.1 * most)
  for (const at of kept) blocks.free(at)
  expect(blocks.allocate(span())).toBe(start)
})

test('a range that cannot grow stays as it was', () => {
  const blocks = new Blocks(start, (end) => {
    if (end > start + 20 * grain) throw new Error('full')
  })
  const first = blocks.allocate(10 * grain)
  expect(() => blocks.allocate(11 * grain)).toThrow('full')
  expect([blocks.bytesInUse, blocks.bytesFree]).toEqual([10 * grain, 0])
  const second = blocks.allocate(10 * grain)
  blocks.free(second)
  expect(() => blocks.allocate(11 * grain)).toThrow('full')
  expect([blocks.bytesInUse, blocks.bytesFree]).toEqual([10 * grain, 10 * grain])
  blocks.free(first)
  expect(blocks.allocate(20 * grain)).toBe(start)
})
