import { unzipSync } from 'fflate'
import * as fc from 'fast-check'
import { expect, it } from 'vitest'
import { coded } from '../testing/index.js'
import { writeNpy } from './npy.js'
import { writeNpz } from './npz.js'

const weights = { shape: [2, 3], data: Float32Array.of(1, -2, 0.5, 3, 4, 5) }

it('holds every array as a NumPy file, stored or deflated', () => {
  const flat = { shape: [1000], data: new Float32Array(1000) }
  const arrays = { 'encoder.2.self.3.weights': weights, l: flat }
  const files = {
    'encoder.2.self.3.weights.npy': writeNpy(weights.data, weights.shape),
    'l.npy': writeNpy(flat.data, flat.shape),
  }
  const stored = writeNpz(arrays)
  const deflated = writeNpz(arrays, { compressed: true })
  expect(unzipSync(stored)).toEqual(files)
  expect(unzipSync(deflated)).toEqual(files)
  expect(stored.length).toBeGreaterThan(4000)
  expect(deflated.length).toBeLessThan(1000)
})

it('gives the same bytes for the same arrays, and takes any name but paths', () => {
  fc.assert(
    fc.property(
      fc.string({ minLength: 1 }).filter((name) => !/[/\\\0]/.test(name)),
      (name) => {
        const bytes = writeNpz({ [name]: weights })
        expect(writeNpz({ [name]: weights })).toEqual(bytes)
        expect(Object.keys(unzipSync(bytes))).toEqual([`${name}.npy`])
      },
    ),
  )
  expect(Object.keys(unzipSync(writeNpz({})))).toEqual([])
  expect(() => writeNpz({ 'a/b': weights })).toThrow(coded('input', '"a/b"', 'slashes'))
  expect(() => writeNpz({ '': weights })).toThrow(coded('input', '""'))
  expect(() => writeNpz({ a: { ...weights, shape: [7] } })).toThrow(coded('shape', '6', '[7]'))
})
