import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { encode, toFloat32, toInt32, type SafeDType, type SafeTensor } from './dtypes.js'

const bytesOf = (view: ArrayBufferView) => new Uint8Array(view.buffer, view.byteOffset, view.byteLength)
const of = (dtype: SafeDType, view: ArrayBufferView & { length: number }): SafeTensor => ({
  dtype,
  shape: [view.length],
  bytes: bytesOf(view),
})
const allHalves = Uint16Array.from({ length: 0x10000 }, (_, i) => i)
const widened = toFloat32(of('F16', allHalves))

test('F16 widens to the value of its fields', () => {
  expect(widened[0x3c00]).toBe(1)
  expect(widened[0xc000]).toBe(-2)
  expect(widened[0x3555]).toBeCloseTo(1 / 3, 3)
  expect(widened[0x7bff]).toBe(65504)
  expect(widened[0x0001]).toBe(2 ** -24)
  expect(widened[0x83ff]).toBe(-1023 * 2 ** -24)
  expect(widened[0x0400]).toBe(2 ** -14)
  expect(Object.is(widened[0x8000], -0)).toBe(true)
  expect(widened[0x7c00]).toBe(Infinity)
  expect(widened[0xfc00]).toBe(-Infinity)
  expect(widened[0x7e01]).toBeNaN()
})

test('each of the halves survives widening and narrowing; signalling NaNs become quiet', () => {
  const back = encode(widened, 'F16', 't')
  const expected = allHalves.map((h) => ((h & 0x7c00) === 0x7c00 && (h & 0x3ff) !== 0 ? h | 0x200 : h))
  expect(bytesOf(back)).toEqual(bytesOf(expected))
})

test('F16 and BF16 round to nearest, ties to even', () => {
  const brains = toFloat32(of('BF16', allHalves))
  for (const [dtype, values, last] of [
    ['F16', widened, 0x7bff],
    ['BF16', brains, 0x7f7f],
  ] as const) {
    // Between every two neighbours: the midpoint (exact in float32) and the float32 on either side of it.
    for (let low = 0; low < last; low++) {
      const middle = Math.fround((values[low] + values[low + 1]) / 2)
      const even = low % 2 === 0 ? low : low + 1
      const bits = new Uint32Array(Float32Array.of(middle).buffer)[0]
      const around = new Float32Array(Uint32Array.of(bits - 1, bits, bits + 1).buffer)
      const got = new Uint16Array(encode(around, dtype, 't').buffer)
      if (got[0] !== low || got[1] !== even || got[2] !== low + 1)
        expect.fail(`${dtype} ${low}: ${middle} gave ${got.join(' ')}`)
    }
  }
})

test('BF16 is the upper half of float32', () => {
  expect([...toFloat32(of('BF16', Uint16Array.of(0x3f80, 0xc040, 0x7f80, 0x0001)))]).toEqual([
    1,
    -3,
    Infinity,
    2 ** -133,
  ])
})

test('a finite number beyond F16 or BF16 is refused, an infinity passes', () => {
  expect(() => encode(Float32Array.of(0, -65520), 'F16', '"w"')).toThrow(
    'tensor "w": -65520 at element 1 is beyond F16; write BF16 or F32',
  )
  expect(() => encode(Float32Array.of(3.4e38), 'BF16', '"w"')).toThrow('is beyond BF16; write F32')
  const kept = toFloat32(
    of('F16', new Uint16Array(encode(Float32Array.of(65519, Infinity), 'F16', 't').buffer)),
  )
  expect([...kept]).toEqual([65504, Infinity])
})

test('float tensors widen at any alignment, into an array of the caller too', () => {
  fc.assert(
    fc.property(
      fc.constantFrom('F16', 'BF16', 'F32', 'F64'),
      fc.float32Array({ maxLength: 20, noNaN: true, min: -1000, max: 1000 }),
      fc.nat(7),
      (dtype, data, shift) => {
        const bytes = encode(dtype === 'F64' ? Float64Array.from(data) : data, dtype, 't')
        const shifted = new Uint8Array(bytes.length + 8).subarray(shift, shift + bytes.length)
        shifted.set(bytes)
        const whole = toFloat32({ dtype, shape: [data.length], bytes: bytes.slice() })
        const moved = toFloat32(
          { dtype, shape: [data.length], bytes: shifted },
          new Float32Array(data.length),
        )
        expect(moved).toEqual(whole)
        if (dtype === 'F32' || dtype === 'F64') expect(whole).toEqual(data)
        const step = { F16: 2 ** -11, BF16: 2 ** -8, F32: 0, F64: 0 }[dtype]
        whole.forEach((x, i) =>
          expect(Math.abs(x - data[i])).toBeLessThanOrEqual(step * Math.abs(data[i]) + 2 ** -25),
        )
      },
    ),
  )
})

test('a widened tensor is never a view into the file', () => {
  const data = Float32Array.of(1, 2)
  toFloat32(of('F32', data))[0] = 9
  expect(data[0]).toBe(1)
})

test('toInt32 takes every integer dtype', () => {
  const cases: [SafeDType, ArrayBufferView & { length: number }, number[]][] = [
    ['BOOL', Uint8Array.of(0, 1), [0, 1]],
    ['U8', Uint8Array.of(0, 255), [0, 255]],
    ['I8', Int8Array.of(-128, 127), [-128, 127]],
    ['I16', Int16Array.of(-32768, 1), [-32768, 1]],
    ['U16', Uint16Array.of(65535), [65535]],
    ['I32', Int32Array.of(-(2 ** 31)), [-(2 ** 31)]],
    ['U32', Uint32Array.of(2 ** 31 - 1), [2 ** 31 - 1]],
    ['I64', BigInt64Array.of(-5n, 7n), [-5, 7]],
    ['U64', BigUint64Array.of(7n), [7]],
  ]
  for (const [dtype, view, expected] of cases) expect([...toInt32(of(dtype, view))]).toEqual(expected)
})

test('toInt32 refuses what int32 cannot hold', () => {
  expect(() => toInt32(of('U32', Uint32Array.of(1, 2 ** 31)))).toThrow(
    'U32 value 2147483648 at element 1 does not fit int32',
  )
  expect(() => toInt32(of('I64', BigInt64Array.of(2n ** 62n)))).toThrow('I64 value 4611686018427387904')
})

test('wrong dtypes and lengths are refused by name', () => {
  expect(() => toFloat32(of('I32', Int32Array.of(1)))).toThrow(
    'toFloat32 takes F32, F16, BF16 and F64, not I32',
  )
  expect(() => toInt32(of('F32', Float32Array.of(1)))).toThrow('toInt32 takes integers and BOOL, not F32')
  expect(() => toFloat32(of('F32', Float32Array.of(1, 2)), new Float32Array(3))).toThrow(
    '2 elements do not go into an array of 3',
  )
  expect(() => toFloat32({ dtype: 'F32', shape: [2, 2], bytes: new Uint8Array(8) })).toThrow(
    'F32 [2, 2] needs 16 bytes and has 8',
  )
  expect(() => encode(Int32Array.of(1), 'F32', '"w"')).toThrow('tensor "w": cannot write a Int32Array as F32')
})
