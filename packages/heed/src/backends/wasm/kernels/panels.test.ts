import { afterAll, describe, expect, test } from 'vitest'
import { Tensor } from '../../../tensor/tensor.js'
import { difference, held } from '../../../testing/index.js'
import { Maker } from '../../../testing/maker.js'
import { WasmBackend } from '../index.js'
import type { WasmStorage } from '../storage.js'

/** Enough products of a row for a weight to lie in panels. */
const often = 8

for (const relaxed of [true, false])
  describe(relaxed ? 'relaxed SIMD' : 'plain SIMD', () => {
    const backend = new WasmBackend({ threads: 2, relaxed })
    const { kernels } = backend
    afterAll(() => backend.dispose())
    const inPanels = (t: Tensor) => (t.storage as WasmStorage).panels !== undefined

    // panels that are full and not, one pass and several, steps that are no multiple of 4
    const shapes = [
      [3, 1],
      [16, 8],
      [37, 5],
      [70, 259],
      [301, 770],
    ]
    describe.each(['float32', 'float16', 'int8'] as const)('%s', (dtype) => {
      test.each([false, true])(
        'transposed %s: everything gives the bits that it gave before',
        async (along) => {
          using make = new Maker(backend)
          for (const [columns, depth] of shapes) {
            const shape = along ? [columns, depth] : [depth, columns]
            const [a, b, bias] = [
              make.floats(9, depth),
              make.weights(dtype, along ? 0 : 1, ...shape),
              make.floats(columns),
            ]
            const product = async (first: number, rows: number) => {
              const out = make.out(rows, columns)
              kernels.matmul({
                a: held(a.view([rows, depth], undefined, first * depth)),
                b,
                out,
                transposeB: along,
                bias,
              })
              return out.data()
            }
            const ids = make.ids(shape[0], 7)
            const rows = async () => {
              // of a table the scales belong to rows
              if (dtype === 'int8' && !along) return new Float32Array()
              const out = make.out(7, shape[1])
              kernels.embedding(ids, b, 3, out)
              return out.data()
            }
            const before = [await product(0, 9), await rows(), await b.data()]
            expect(inPanels(b)).toBe(false)
            for (let i = 0; i < often; i++) await product(0, 1)
            expect(inPanels(b)).toBe(true)

            // 1 to 4 rows at a time, then as many as are packed
            for (let count = 1; count <= 4; count++)
              expect(
                difference([await product(2, count)], [before[0].slice(2 * columns, (2 + count) * columns)]),
              ).toBeUndefined()
            const batch = await product(0, 9)
            expect(inPanels(b)).toBe(true)
            expect(difference([batch, await rows(), await b.data()], before)).toBeUndefined()
            expect(inPanels(b)).toBe(false)
          }
        },
      )
    })

    test('what is written is what is multiplied, in panels or not', async () => {
      using make = new Maker(backend)
      const [a, b, out] = [make.floats(1, 20), make.floats(40, 20), make.out(1, 40)]
      const product = () => kernels.matmul({ a, b, out, transposeB: true })
      for (let i = 0; i < often; i++) product()
      expect(inPanels(b)).toBe(true)
      kernels.scale(b, 2, b)
      const fresh = make.out(40, 20)
      kernels.copy(b, fresh)
      product()
      const expected = make.out(1, 40)
      kernels.matmul({ a, b: fresh, out: expected, transposeB: true })
      expect(await out.data()).toEqual(await expected.data())

      for (let i = 0; i < often; i++) product()
      expect(inPanels(b)).toBe(true)
      backend.write(b.storage, 20, new Float32Array(20))
      product()
      expect((await out.data())[1]).toBe(0)
    })

    test('a training step between products of a row leaves a weight as it lies', () => {
      using make = new Maker(backend)
      const [a, b, out, back] = [make.floats(1, 20), make.floats(40, 20), make.out(1, 40), make.out(1, 20)]
      for (let i = 0; i < often; i++) {
        kernels.matmul({ a, b, out, transposeB: true })
        kernels.matmul({ a: out, b, out: back })
        expect(inPanels(b)).toBe(false)
        kernels.scale(b, 0.5, b)
      }
      for (let i = 0; i < often; i++) {
        kernels.matmul({ a, b, out, transposeB: true })
        kernels.scale(b, 0.5, b)
        expect(inPanels(b)).toBe(false)
      }
    })

    test('a part of a weight is read where it lies', async () => {
      using make = new Maker(backend)
      const [a, b] = [make.floats(1, 20), make.floats(40, 20)]
      const part = held(b.view([10, 20], undefined, 600))
      const [whole, some] = [make.out(1, 40), make.out(1, 10)]
      for (let i = 0; i < often; i++) {
        kernels.matmul({ a, b, out: whole, transposeB: true })
        kernels.matmul({ a, b: part, out: some, transposeB: true })
        expect(await some.data()).toEqual((await whole.data()).slice(30))
      }
    })

    test('a weight gives back all of its memory', () => {
      const before = backend.bytesInUse
      {
        using make = new Maker(backend)
        const [a, b, out] = [make.floats(1, 20), make.floats(37, 20), make.out(1, 37)]
        const held = backend.bytesInUse
        for (let i = 0; i < often; i++) kernels.matmul({ a, b, out, transposeB: true })
        expect(inPanels(b)).toBe(true)
        expect(backend.bytesInUse).toBe(held)
      }
      expect(backend.bytesInUse).toBe(before)
    })

    test('one query has the bits that it has among others', async () => {
      using make = new Maker(backend)
      for (const [Tq, Tk, H, group, D, Dv] of [
        [5, 9, 1, 1, 5, 3],
        [7, 401, 4, 2, 64, 64],
        [3, 200, 2, 1, 33, 50],
      ]) {
        const [q, k, v] = [
          make.floats(2, Tq, H, D),
          make.floats(2, Tk, H / group, D),
          make.floats(2, Tk, H / group, Dv),
        ]
        const sink = make.floats(H)
        const bias = make.floats(2, H, Tq, Tk)
        const mask = make.bools(2, 1, Tq, Tk)
        const maskOf = (first: number, rows: number) =>
          held(mask.view([2, H, rows, Tk], [Tq * Tk, 0, Tk, 1], first * Tk))
        const run = async (first: number, rows: number) => {
          const outputs = { out: make.out(2, rows, H, Dv), m: make.out(2, H, rows), l: make.out(2, H, rows) }
          kernels.attention({
            q: held(q.view([2, rows, H, D], [Tq * H * D, H * D, D, 1], first * H * D)),
            k,
            v,
            ...outputs,
            scale: 0.3,
            softcap: 4,
            sink,
            mask: maskOf(first, rows),
            bias: held(bias.view([2, H, rows, Tk], [H * Tq * Tk, Tq * Tk, Tk, 1], first * Tk)),
            first: Int32Array.of(1, 0).map((x) => x + first - Tq),
            last: Int32Array.of(0, 0).fill(Tk - Tq + first),
            lengths: Int32Array.of(Tk, Tk - 2),
          })
          return Promise.all(Object.values(outputs).map((t) => t.data()))
        }
        const [out, m, l] = await run(0, Tq)
        for (let i = 0; i < Tq; i++) {
          const row = (x: typeof out, outer: number, size: number) =>
            Float32Array.from(
              { length: outer * size },
              (_, n) => x[Math.floor(n / size) * Tq * size + i * size + (n % size)],
            )
          const expected = [row(out, 2, H * Dv), row(m, 2 * H, 1), row(l, 2 * H, 1)]
          expect(difference(await run(i, 1), expected)).toBeUndefined()
        }
      }
    })
  })
