import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { HeedError } from '../errors.js'
import { toFloat32, toInt32, type TensorData } from './dtypes.js'
import { parseSafetensors, safeTensor, writeSafetensors, type TensorToWrite } from './safetensors.js'

/** A file of any header text and data, right or wrong. */
function file(
  header: string | Uint8Array | object,
  dataBytes = 0,
  headerLength?: number | bigint,
): Uint8Array {
  const text =
    header instanceof Uint8Array ? header : typeof header === 'string' ? header : JSON.stringify(header)
  const json = typeof text === 'string' ? new TextEncoder().encode(text) : text
  const bytes = new Uint8Array(8 + json.length + dataBytes)
  new DataView(bytes.buffer).setBigUint64(0, BigInt(headerLength ?? json.length), true)
  bytes.set(json, 8)
  return bytes
}

const f32 = (shape: unknown, start: unknown, end: unknown) => ({
  dtype: 'F32',
  shape,
  data_offsets: [start, end],
})
const good = file({ w: f32([2, 3], 0, 24), b: f32([3], 24, 36) }, 36)

test('a good file gives its tensors in the order of their bytes, as views', () => {
  const tensors = parseSafetensors(good, 'm')
  expect([...tensors.keys()]).toEqual(['w', 'b'])
  expect(tensors.get('b')).toMatchObject({ dtype: 'F32', shape: [3] })
  expect(tensors.get('w')?.bytes.buffer).toBe(good.buffer)
  expect(tensors.metadata).toEqual({})
})

const manyWrong = { a: f32([1], 0, 4), b: f32([1], 2, 6) }
const hostile: [string, Uint8Array, string][] = [
  ['an empty file', new Uint8Array(0), 'm: 0 bytes, a safetensors file has at least 10; get it again'],
  ['seven bytes', good.subarray(0, 7), 'm: 7 bytes, a safetensors file has at least 10; get it again'],
  [
    'a header longer than the file',
    good.subarray(0, 50),
    'm: header of 112 bytes, but the file has 42 after its length; it is cut short',
  ],
  [
    'a lying header length',
    file('{}', 0, 3),
    'm: header of 3 bytes, but the file has 2 after its length; it is cut short',
  ],
  [
    'a header length of 2^64 - 1',
    file('{}', 0, 2n ** 64n - 1n),
    'm: header of 18446744073709551615 bytes, the most is 100000000; this is not a safetensors file',
  ],
  [
    'a header length just over the cap',
    file('{}', 0, 100_000_001),
    'm: header of 100000001 bytes, the most is 100000000; this is not a safetensors file',
  ],
  [
    'a Git LFS pointer',
    new TextEncoder().encode('version https://git-lfs.github.com/spec/v1\noid sha256:00\n'),
    'm: a Git LFS pointer, not the file itself; fetch it with "git lfs pull"',
  ],
  ['an empty header', file('', 4), 'm: the header does not start with "{"; this is not a safetensors file'],
  ['a list as header', file('[]'), 'm: the header does not start with "{"; this is not a safetensors file'],
  [
    'a header that is not UTF-8',
    file(Uint8Array.of(0x7b, 0x22, 0xff, 0x22, 0x7d)),
    'm: header: not UTF-8 at byte 2 (0xff); save it as UTF-8',
  ],
  [
    'a header that is not JSON',
    file('{"w": F32}'),
    `m: header: not valid JSON: Unexpected token 'F', "{"w": F32}" is not valid JSON`,
  ],
  [
    'a header cut within',
    file('{"w": {"dtype"', 0),
    "m: header: not valid JSON: Expected ':' after property name in JSON at position 14",
  ],
  [
    'a name twice',
    file(
      '{"w":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"w":{"dtype":"I8","shape":[1],"data_offsets":[0,1]}}',
      1,
    ),
    'm: the header holds the key "w" twice',
  ],
  [
    'a field twice',
    file('{"w":{"dtype":"U8","dtype":"I8","shape":[1],"data_offsets":[0,1]}}', 1),
    'm: the header holds the key "dtype" twice',
  ],
  ['an entry that is a number', file({ w: 5 }), 'm: tensor "w": its entry is 5, expected an object'],
  [
    'an unknown dtype',
    file({ w: { dtype: 'F31', shape: [1], data_offsets: [0, 4] } }, 4),
    'm: tensor "w": dtype "F31", expected one of BOOL U8 I8 F8_E5M2 F8_E4M3 I16 U16 F16 BF16 I32 U32 F32 F64 I64 U64',
  ],
  [
    'a dtype that every object has',
    file({ w: { dtype: 'constructor', shape: [1], data_offsets: [0, 4] } }, 4),
    'm: tensor "w": dtype "constructor", expected one of BOOL',
  ],
  [
    'a dtype nested without end',
    file(`{"w":{"dtype":${'['.repeat(50_000)}${']'.repeat(50_000)},"shape":[1],"data_offsets":[0,4]}}`, 4),
    'm: tensor "w": dtype [a list], expected one of BOOL',
  ],
  [
    'the dtype of another size',
    file({ w: { dtype: 'F16', shape: [2], data_offsets: [0, 8] } }, 8),
    'm: tensor "w": F16 [2] needs 4 bytes, data_offsets [0, 8] hold 8',
  ],
  [
    'no shape',
    file({ w: { dtype: 'U8', data_offsets: [0, 1] } }, 1),
    'm: tensor "w": shape nothing, expected a list',
  ],
  [
    'a negative shape',
    file({ w: f32([-1, -6], 0, 24) }, 24),
    'm: tensor "w": shape [-1, -6], expected a list of whole numbers from 0 up',
  ],
  [
    'a shape of fractions',
    file({ w: f32([1.5], 0, 6) }, 6),
    'm: tensor "w": shape [1.5], expected a list of whole',
  ],
  [
    'an infinite shape',
    file('{"w":{"dtype":"U8","shape":[1e999],"data_offsets":[0,1]}}', 1),
    'm: tensor "w": shape [Infinity], expected a list of whole numbers from 0 up',
  ],
  [
    'a shape as text',
    file({ w: f32(['2'], 0, 8) }, 8),
    'm: tensor "w": shape ["2"], expected a list of whole',
  ],
  [
    'a shape that wraps around in 64 bits',
    file({ w: f32([2 ** 32, 2 ** 32], 0, 0) }),
    'm: tensor "w": shape [4294967296, 4294967296] is larger than any file',
  ],
  [
    'a huge shape',
    file({ w: f32([1_000_000, 1_000_000], 0, 4) }, 4),
    'm: tensor "w": F32 [1000000, 1000000] needs 4000000000000 bytes, data_offsets [0, 4] hold 4',
  ],
  [
    'three offsets',
    file({ w: { dtype: 'F32', shape: [1], data_offsets: [0, 4, 8] } }, 8),
    'm: tensor "w": data_offsets [0, 4, 8], expected [start, end] with 0 ≤ start ≤ end',
  ],
  [
    'offsets backwards',
    file({ w: f32([1], 4, 0) }, 4),
    'm: tensor "w": data_offsets [4, 0], expected [start, end]',
  ],
  [
    'negative offsets',
    file({ w: f32([1], -4, 0) }, 4),
    'm: tensor "w": data_offsets [-4, 0], expected [start, end]',
  ],
  [
    'offsets beyond the file',
    file({ w: f32([4], 0, 16) }, 12),
    'm: tensor "w" ends at byte 16 of the data, which has 12; the file is cut short, get it again',
  ],
  [
    'offsets far beyond the file',
    file({ w: f32([1], 2 ** 50, 2 ** 50 + 4) }, 4),
    'm: tensor "w" ends at byte 1125899906842628 of the data, which has 4',
  ],
  [
    'tensors that overlap',
    file(manyWrong, 6),
    'm: tensor "b" starts at byte 2 of the data, expected 4: it overlaps the tensor before',
  ],
  [
    'two tensors on the same bytes',
    file({ a: f32([1], 0, 4), b: f32([1], 0, 4) }, 4),
    'm: tensor "b" starts at byte 0 of the data, expected 4: it overlaps the tensor before',
  ],
  [
    'a hole',
    file({ a: f32([1], 0, 4), b: f32([1], 8, 12) }, 12),
    'm: tensor "b" starts at byte 8 of the data, expected 4: a hole that no tensor names',
  ],
  [
    'bytes after the last tensor',
    file({ a: f32([1], 0, 4) }, 9),
    'm: the tensors end at byte 4 of the data, which has 9',
  ],
  ['metadata as a list', file({ __metadata__: [] }), 'm: __metadata__ is [], expected an object'],
  [
    'metadata of numbers',
    file({ __metadata__: { format: 1 } }),
    'm: __metadata__ "format" is 1, expected a text',
  ],
  [
    'a name that breaks lines',
    file({ 'a\nb\u001b[31m': 0 }),
    'm: tensor "a\\nb\\u001b[31m": its entry is 0, expected an object',
  ],
  [
    'a name without end',
    file({ ['x'.repeat(100_000)]: 0 }),
    `m: tensor "${'x'.repeat(80)}…": its entry is 0, expected an object`,
  ],
]

test.each(hostile)('hostile file: %s', (_, bytes, message) => {
  let caught: unknown
  try {
    parseSafetensors(bytes, 'm')
  } catch (error) {
    caught = error
  }
  expect(caught).toBeInstanceOf(HeedError)
  const { code, message: found } = caught as HeedError
  expect(code).toBe('format')
  expect(found.slice(0, message.length)).toBe(message)
  expect(found).not.toMatch(/\p{C}/u)
  expect(found.length).toBeLessThan(300)
})

test('every cut of a good file is refused, and every flipped byte is refused or keeps to the file', () => {
  for (let n = 0; n < good.length; n++)
    expect(() => parseSafetensors(good.subarray(0, n), 'm')).toThrow(HeedError)
  fc.assert(
    fc.property(fc.nat(good.length - 1), fc.integer({ min: 1, max: 255 }), (at, flip) => {
      const bytes = good.slice()
      bytes[at] ^= flip
      try {
        let total = 0
        for (const tensor of parseSafetensors(bytes, 'm').values()) total += tensor.bytes.length
        expect(total).toBe(36)
      } catch (error) {
        expect(error).toBeInstanceOf(HeedError)
      }
    }),
    { numRuns: 500 },
  )
})

test('empty tensors, scalars, and a name that objects treat specially', () => {
  const bytes = writeSafetensors([
    { name: '__proto__', dtype: 'F32', shape: [], data: Float32Array.of(7) },
    { name: '0', dtype: 'F32', shape: [0, 5], data: new Float32Array(0) },
  ])
  const tensors = parseSafetensors(bytes, 'm')
  expect([...tensors.keys()].sort()).toEqual(['0', '__proto__'])
  expect(tensors.get('0')).toMatchObject({ shape: [0, 5] })
  expect([...toFloat32(tensors.get('__proto__')!)]).toEqual([7])
})

const dataOf: fc.Arbitrary<Omit<TensorToWrite, 'name'>> = fc
  .array(fc.nat(4), { maxLength: 4 })
  .chain((shape) => {
    const length = shape.reduce((n, d) => n * d, 1)
    const size = { minLength: length, maxLength: length }
    const small = fc.float32Array({ ...size, noNaN: true, min: -60000, max: 60000 })
    const of = <D extends TensorData>(dtype: TensorToWrite['dtype'], data: fc.Arbitrary<D>) =>
      data.map((data) => ({ dtype, shape, data }))
    return fc.oneof(
      of('F32', fc.float32Array(size)),
      of('F16', small),
      of('BF16', small),
      of('F64', fc.float64Array(size)),
      of('I32', fc.int32Array(size)),
      of('U8', fc.uint8Array(size)),
      of('I64', fc.uint8Array({ minLength: 8 * length, maxLength: 8 * length })),
    )
  })

test('what is written is read back, whatever the order, the names and the alignment', () => {
  const names = fc.string({ unit: 'grapheme' }).filter((name) => name !== '__metadata__')
  const tensors = fc.uniqueArray(fc.tuple(names, dataOf), { selector: ([name]) => name, maxLength: 6 })
  const texts = fc.dictionary(fc.string(), fc.string(), { maxKeys: 3 })
  fc.assert(
    fc.property(tensors, texts, fc.nat(7), (entries, metadata, shift) => {
      const list = entries.map(([name, rest]) => ({ name, ...rest }))
      const bytes = writeSafetensors(list, metadata)
      expect(writeSafetensors([...list].reverse(), metadata)).toEqual(bytes)
      const shifted = new Uint8Array(bytes.length + shift).subarray(shift)
      shifted.set(bytes)
      const read = parseSafetensors(shifted, 'm')
      expect(Object.entries(read.metadata)).toEqual(Object.entries(metadata))
      expect(read.size).toBe(list.length)
      for (const tensor of list) {
        const back = read.get(tensor.name)!
        expect(back).toEqual(safeTensor(tensor))
        if (tensor.dtype === 'F32') expect(toFloat32(back)).toEqual(tensor.data)
        if (tensor.dtype === 'I32') expect(toInt32(back)).toEqual(tensor.data)
      }
    }),
  )
})

test('the layout: header padded to 8 bytes, widest dtype first, then by name', () => {
  const bytes = writeSafetensors(
    [
      { name: 'b', dtype: 'F32', shape: [1], data: Float32Array.of(2) },
      { name: 'a', dtype: 'U8', shape: [3], data: Uint8Array.of(7, 8, 9) },
      { name: 'a2', dtype: 'F32', shape: [1], data: Float32Array.of(1) },
      { name: 'c', dtype: 'F64', shape: [1], data: Float64Array.of(3) },
    ],
    { format: 'pt' },
  )
  const length = Number(new DataView(bytes.buffer).getBigUint64(0, true))
  expect(length % 8).toBe(0)
  expect(new TextDecoder().decode(bytes.subarray(8, 8 + length)).trimEnd()).toBe(
    '{"__metadata__":{"format":"pt"},' +
      '"c":{"dtype":"F64","shape":[1],"data_offsets":[0,8]},' +
      '"a2":{"dtype":"F32","shape":[1],"data_offsets":[8,12]},' +
      '"b":{"dtype":"F32","shape":[1],"data_offsets":[12,16]},' +
      '"a":{"dtype":"U8","shape":[3],"data_offsets":[16,19]}}',
  )
})

test('wrong calls of the writer name the tensor', () => {
  const one = { name: 'w', dtype: 'F32', shape: [1], data: Float32Array.of(1) } as const
  expect(() => writeSafetensors([one, one])).toThrow('two tensors are named "w"; names are unique')
  expect(() => writeSafetensors([{ ...one, name: '__metadata__' }])).toThrow(
    '"__metadata__" cannot name a tensor',
  )
  expect(() => writeSafetensors([{ ...one, name: '\ud800' }])).toThrow('cannot name a tensor')
  expect(() => writeSafetensors([{ ...one, shape: [2] }])).toThrow(
    'tensor "w": shape [2] as F32 does not fit data of 1 elements',
  )
  expect(() => writeSafetensors([{ ...one, shape: [-1] }])).toThrow(
    'tensor "w": shape [-1] as F32 does not fit',
  )
  expect(() => writeSafetensors([{ ...one, dtype: 'I32' }])).toThrow(
    'tensor "w": cannot write a Float32Array as I32',
  )
  expect(() => writeSafetensors([{ ...one, dtype: 'F16', data: Float32Array.of(1e6) }])).toThrow(
    'tensor "w": 1000000 at element 0 is beyond F16; write BF16 or F32',
  )
  expect(() => writeSafetensors([one], { n: 1 as unknown as string })).toThrow(
    'metadata "n" is 1; only texts',
  )
})
