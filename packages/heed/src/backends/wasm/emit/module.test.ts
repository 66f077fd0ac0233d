import { expect, test } from 'vitest'
import { simdVariant } from '../features.js'
import { kernels } from '../kernels/index.js'
import { codeBytes } from '../pool.js'
import { ByteBuffer, signed, unsigned } from './bytes.js'
import { ModuleBuilder } from './module.js'
import { i32 } from './values.js'

for (const relaxed of [true, false])
  for (const shared of [true, false])
    test(`every kernel makes a valid module: ${relaxed ? 'relaxed' : 'plain'} SIMD, ${shared ? '' : 'not '}shared`, () => {
      const memory = new WebAssembly.Memory({ initial: 1, maximum: 65536, shared: !shared })
      let total = 0
      for (const kernel of kernels) {
        const m = new ModuleBuilder(simdVariant(relaxed))
        kernel.build(m)
        const bytes = m.bytes(shared, 65536)
        total += bytes.length
        expect(WebAssembly.validate(bytes)).toBe(true)
        const module = new WebAssembly.Module(bytes)
        expect(WebAssembly.Module.imports(module)).toEqual([
          { module: 'env', name: 'memory', kind: 'memory' },
        ])
        expect(WebAssembly.Module.exports(module).map(({ name }) => name)).toEqual([kernel.name])
        expect(() => new WebAssembly.Instance(module, { env: { memory } })).toThrow(WebAssembly.LinkError)
      }
      expect(total).toBeLessThan(codeBytes / 2)
    })

const whole = [0, 1, -1, 63, 64, -64, -65, 127, 128, 8191, 8192, -8193, 2 ** 20, 2 ** 31 - 1, -(2 ** 31)]

test('integers of every length arrive as they were written', () => {
  const m = new ModuleBuilder(simdVariant(false))
  m.func(['i32'], (f, at) => whole.forEach((x, i) => f.storeI32(at, x, 4 * i)), 'write')
  // an offset of more than one byte, too
  m.func(['i32'], (f, at) => f.storeI32(at, i32(7), 40_000), 'far')
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 1 })
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(m.bytes(false, 1)), { env: { memory } })
  for (const name of ['write', 'far']) (exports[name] as (at: number) => void)(64)
  expect(Array.from(new Int32Array(memory.buffer, 64, whole.length))).toEqual(whole)
  expect(new Int32Array(memory.buffer)[(64 + 40_000) / 4]).toBe(7)
})

test('LEB128, as the specification gives it', () => {
  expect(unsigned(624485)).toEqual([0xe5, 0x8e, 0x26])
  expect(signed(-123456)).toEqual([0xc0, 0xbb, 0x78])
})

test('a byte buffer flattens trees in order, however large', () => {
  const buffer = new ByteBuffer()
  const long = Uint8Array.from({ length: 5000 }, (_, i) => i)
  buffer.append([1, [2, [3, long], []], Uint8Array.of(4)])
  buffer.append(Array.from({ length: 3000 }, () => 9))
  expect(Array.from(buffer.bytes)).toEqual([1, 2, 3, ...long, 4, ...Array(3000).fill(9)])
})
