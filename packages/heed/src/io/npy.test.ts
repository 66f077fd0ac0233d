import { expect, it } from 'vitest'
import { coded } from '../testing/index.js'
import { writeNpy } from './npy.js'

it('writes what numpy.save writes', () => {
  const bytes = writeNpy(Float32Array.of(1, -2, 0.5, 3, 4, 5), [2, 3])
  const text = new TextDecoder('latin1').decode(bytes.subarray(0, 128))
  expect(text).toBe(
    `\x93NUMPY\x01\x00\x76\x00${"{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3,), }".padEnd(117)}\n`,
  )
  expect([...new Float32Array(bytes.slice(128).buffer)]).toEqual([1, -2, 0.5, 3, 4, 5])
})

it('an empty matrix, and one dimension', () => {
  expect(writeNpy(new Float32Array(0), [0, 3]).length % 64).toBe(0)
  expect(new TextDecoder('latin1').decode(writeNpy(Float32Array.of(1), [1]))).toContain("'shape': (1,), }")
})

it('refuses data that does not fill the shape', () => {
  expect(() => writeNpy(new Float32Array(5), [2, 3])).toThrow(coded('shape', '5', '[2, 3]'))
})
