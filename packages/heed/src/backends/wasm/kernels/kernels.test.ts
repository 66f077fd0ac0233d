import { afterAll, describe, expect, test } from 'vitest'
import { fromHalf } from '../../../tensor/half.js'
import { Tensor } from '../../../tensor/tensor.js'
import { difference, held } from '../../../testing/index.js'
import { Maker } from '../../../testing/maker.js'
import type { Activation } from '../../backend.js'
import { dropoutThreshold, randomBits } from '../../random.js'
import { WasmBackend } from '../index.js'

const outside = 77
/** 1, 2, 3 … */
const sequence = (n: number) => Float32Array.from({ length: n }, (_, i) => i + 1)
const list = async (t: Tensor) => Array.from(await t.data())

for (const relaxed of [true, false])
  describe(relaxed ? 'relaxed SIMD' : 'plain SIMD', () => {
    const backend = new WasmBackend({ threads: 2, relaxed })
    const { kernels } = backend
    afterAll(() => backend.dispose())

    const floats = (values: ArrayLike<number>, shape: number[] = [values.length]) => {
      const t = held(Tensor.empty(backend, 'float32', shape))
      backend.write(t.storage, 0, Float32Array.from(values))
      return t
    }
    const ints = (...values: number[]) => {
      const t = held(Tensor.empty(backend, 'int32', [values.length]))
      backend.write(t.storage, 0, Int32Array.from(values))
      return t
    }

    test('lengths 0 to 9 and around a chunk: all elements, none behind the end', async () => {
      for (const n of [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 16383, 16385, 40001]) {
        const all = floats(new Float32Array(n + 8).fill(outside))
        const out = held(all.view([n]))
        kernels.scale(floats(sequence(n)), 2, out)
        expect(await list(out)).toEqual(Array.from(sequence(n), (x) => 2 * x))
        expect((await list(all)).slice(n)).toEqual(Array(8).fill(outside))
      }
    })

    test('sums over rows of 0 to 19 leave out what lies behind the row', async () => {
      for (let n = 1; n < 20; n++) {
        const all = floats([...Array<number>(n).fill(1), ...Array<number>(8).fill(1000)])
        const out = floats(new Float32Array(n), [1, n])
        kernels.softmax(held(all.view([1, n])), out)
        expect(await list(out)).toEqual(Array(n).fill(Math.fround(1 / n)))
      }
    })

    test('dropout falls exactly where random.ts says', async () => {
      for (const [seed, rate] of [
        [0, 0.1],
        [-5, 0.5],
        [0x7fffffff, 0.9],
      ]) {
        const n = 16384 + 4099
        const out = floats(new Float32Array(n))
        kernels.dropout(floats(new Float32Array(n).fill(1)), rate, seed, out)
        const keeps = (_: unknown, i: number) => randomBits(seed, i) >>> 8 >= dropoutThreshold(rate)
        expect(await list(out)).toEqual(
          Array.from({ length: n }, keeps).map((k) => (k ? Math.fround(1 / (1 - rate)) : 0)),
        )
      }
    })

    test('ids outside the table read zeros and get no gradient', async () => {
      const ids = ints(1, 2, -1, 0, -2147483648, 2147483647)
      const out = floats(new Float32Array(18).fill(outside), [6, 3])
      kernels.embedding(ids, floats([1, 2, 3, 4, 5, 6], [2, 3]), 10, out)
      expect(await list(out)).toEqual([40, 50, 60, 0, 0, 0, 0, 0, 0, 10, 20, 30, 0, 0, 0, 0, 0, 0])
      const all = floats(new Float32Array(12).fill(outside))
      kernels.embeddingGrad(ids, out, 1, held(all.view([2, 3], undefined, 3)))
      const [o, dTable] = [Array(3).fill(outside), [10, 20, 30, 40, 50, 60]]
      expect(await list(all)).toEqual([...o, ...dTable, ...o])
    })

    test('every half that is a number is the float that it is, also the subnormal ones', async () => {
      const halves = Uint16Array.from({ length: 65536 }, (_, h) => ((h & 0x7c00) === 0x7c00 ? 0 : h))
      const table = held(Tensor.empty(backend, 'float16', [256, 256]))
      backend.write(table.storage, 0, halves)
      const rows = ints(...Array.from({ length: 256 }, (_, r) => r))
      const out = floats(new Float32Array(65536), [256, 256])
      kernels.embedding(rows, table, 1, out)
      expect(await list(out)).toEqual([...fromHalf(halves)])

      // Times the identity, packed both ways, whole and row by row.
      const one = floats(
        halves.map((_, i) => (i % 257 === 0 ? 1 : 0)),
        [256, 256],
      )
      const numbers = [...fromHalf(halves)].map((x) => x + 0)
      const turned = numbers.map((_, i) => numbers[(i % 256) * 256 + (i >> 8)])
      for (const [transposeB, expected] of [
        [false, numbers],
        [true, turned],
      ] as const) {
        kernels.matmul({ a: one, b: table, out, transposeB })
        expect((await list(out)).map((x) => x + 0)).toEqual(expected)
        kernels.fill(out, outside)
        for (let r = 0; r < 256; r++) {
          const [a, c] = [one, out].map((t) => held(t.view([1, 256], undefined, 256 * r)))
          kernels.matmul({ a, b: table, out: c, transposeB })
        }
        expect((await list(out)).map((x) => x + 0)).toEqual(expected)
      }
    })

    test.each(['float32', 'float16', 'int8'] as const)(
      'a row of a product with %s has the same bits alone as in a batch',
      async (dtype) => {
        using make = new Maker(backend)
        for (const [rows, columns, depth] of [
          [5, 3, 1],
          [7, 37, 5],
          [9, 70, 259],
          [6, 301, 770],
          [16, 70, 516], // few rows against one at a time
          [46, 70, 516], // packed against few and fewer
        ])
          for (const transposeB of [false, true]) {
            const shape = transposeB ? [columns, depth] : [depth, columns]
            const [a, b] = [make.floats(rows, depth), make.weights(dtype, transposeB ? 0 : 1, ...shape)]
            const bias = transposeB ? make.floats(columns) : undefined
            const [batch, alone] = [make.out(rows, columns), make.out(rows, columns)]
            kernels.matmul({ a, b, out: batch, transposeB, bias })
            // 1, 2, 3 … rows at a time, as far as they go
            for (let first = 0, count = 1; first < rows; first += count++) {
              const end = Math.min(rows, first + count)
              const part = (t: Tensor, width: number) =>
                held(t.view([end - first, width], undefined, first * width))
              kernels.matmul({ a: part(a, depth), b, out: part(alone, columns), transposeB, bias })
            }
            expect(difference([await alone.data()], [await batch.data()])).toBeUndefined()
          }
      },
    )

    test('copies between any strides, and leaves the gaps alone', async () => {
      const x = floats(sequence(24), [2, 3, 4])
      const cache = floats(new Float32Array(40).fill(outside), [2, 5, 4])
      kernels.copy(x, held(cache.view([2, 3, 4], [20, 4, 1], 8)))
      const gap = Array<number>(8).fill(outside)
      const s = Array.from(sequence(24))
      expect(await list(cache)).toEqual([...gap, ...s.slice(0, 12), ...gap, ...s.slice(12)])
      const transposed = floats(new Float32Array(6), [3, 2])
      kernels.copy(held(floats(sequence(6), [2, 3]).view([3, 2], [1, 3])), transposed)
      expect(await list(transposed)).toEqual([1, 4, 2, 5, 3, 6])
    })

    test('GELU keeps its precision in the tail, where 1 + erf would cancel', async () => {
      const out = floats([0, 0, 0, 0, 0])
      kernels.activation('gelu', floats([-8, Infinity, -Infinity, NaN, 0]), out)
      const [tail, ...rest] = await list(out)
      expect(tail / -4.976768e-15).toBeCloseTo(1, 5) // −8 Φ(−8), Φ(−8) = 6.22096e-16
      expect(rest).toEqual([Infinity, 0, NaN, 0])
    })

    /** The largest error of an activation on [low, high], as a multiple of the exact value. */
    const worst = async (kind: Activation, low: number, high: number, exact: (x: number) => number) => {
      const x = Float32Array.from({ length: 30_001 }, (_, i) => low + ((high - low) * i) / 30_000)
      const out = floats(x)
      kernels.activation(kind, out, out)
      const errors = (await list(out)).map((y, i) => Math.abs(y - exact(x[i])) / Math.abs(exact(x[i]) || 1))
      return Math.max(...errors)
    }

    test('SiLU and tanh GELU keep their precision where 1 + tanh would cancel', async () => {
      const silu = (x: number) => x / (1 + Math.exp(-x))
      const geluTanh = (x: number) =>
        x / (1 + Math.exp(-2 * Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3)))
      expect(await worst('silu', -87, 100, silu)).toBeLessThan(3 * 2 ** -23)
      expect(await worst('geluTanh', -2, 20, geluTanh)).toBeLessThan(5 * 2 ** -23)
      // In the tail the rounding of a large exponent is a relative error of the result.
      expect(await worst('geluTanh', -5, -2, geluTanh)).toBeLessThan(3e-6)
      expect(await worst('geluTanh', -9.9, -5, geluTanh)).toBeLessThan(2e-5)
    })

    test('SiLU and tanh GELU, and their derivatives, hold at both ends', async () => {
      const ends = [-Infinity, -3e38, -1e4, -100, 100, 1e4, 3e38, Infinity, NaN, 0]
      const signless = async (t: Tensor) => (await list(t)).map((x) => x + 0)
      for (const kind of ['silu', 'geluTanh'] as const) {
        const [x, out] = [floats(ends), floats(ends)]
        kernels.activation(kind, x, out)
        expect(await signless(out)).toEqual([0, 0, 0, 0, ...Float32Array.from(ends.slice(4))])
        kernels.activationGrad(kind, x, floats(ends.map(() => 1)), out)
        expect(await signless(out)).toEqual([0, 0, 0, 0, 1, 1, 1, 1, NaN, 0.5])
      }
    })

    test('a NaN stays visible: in softmax, its row', async () => {
      const out = floats(new Float32Array(6), [2, 3])
      kernels.softmax(floats([1, NaN, 2, -Infinity, -Infinity, -Infinity], [2, 3]), out)
      expect(await list(out)).toEqual([NaN, NaN, NaN, 0, 0, 0])
    })
  })
