import { expect, test } from 'vitest'
import { ModuleBuilder } from '../emit/module.js'
import { simdVariant } from '../features.js'
import { makeExp, makeExp2 } from './exp.js'
import { makeLog } from './log.js'
import { forEach4 } from './support.js'
import { makeTanh } from './tanh.js'

type Make = typeof makeExp

/** The function applied to all of `x` by a module of its own. */
function apply(make: Make, relaxed: boolean, x: Float32Array): Float32Array {
  const m = new ModuleBuilder(simdVariant(relaxed))
  m.func(
    ['i32', 'i32'],
    (f, at, n) => {
      const g = make(f)
      forEach4(f, n, [at], [at], (v) => [g(v)])
    },
    'run',
  )
  const memory = new WebAssembly.Memory({ initial: 64, maximum: 64 })
  const values = new Float32Array(memory.buffer, 0, x.length)
  values.set(x)
  const module = new WebAssembly.Module(m.bytes(false, 64))
  const { exports } = new WebAssembly.Instance(module, { env: { memory } })
  ;(exports.run as (at: number, n: number) => void)(0, x.length)
  return values.slice()
}

/** The largest distance from `exact` in units of the last place of a float32 near it. */
function worstUlp(make: Make, relaxed: boolean, x: Float32Array, exact: (x: number) => number): number {
  let worst = 0
  apply(make, relaxed, x).forEach((y, i) => {
    const want = exact(x[i])
    const ulp = 2 ** (Math.floor(Math.log2(Math.abs(want) || 2 ** -126)) - 23)
    worst = Math.max(worst, Math.abs(y - want) / ulp)
  })
  return worst
}

const grid = (n: number, from: number, to: number) =>
  Float32Array.from({ length: n }, (_, i) => from + ((to - from) * i) / n)

/**
 * Every 3989th of all float32 numbers from `from` to `to`, in pieces that fit the memory: all signs and exponents,
 * subnormal numbers included, and about 2,100 mantissas with each.
 */
function* everySize(from: number, to: number): Generator<Float32Array> {
  const step = 3989
  const size = 2 ** 20
  for (let bits = 0; bits < 2 ** 32; bits += size * step) {
    const patterns = Uint32Array.from({ length: size }, (_, i) => Math.min(bits + i * step, 2 ** 32 - 1))
    yield new Float32Array(patterns.buffer).filter((x) => x >= from && x <= to)
  }
}

for (const relaxed of [true, false]) {
  const variant = relaxed ? 'relaxed' : 'plain'

  test(`${variant} exp is within 2 ulp for numbers of every size, and 0 below ln 2⁻¹²⁶`, () => {
    const least = -87.33654
    for (const x of everySize(-Infinity, 88)) {
      expect(worstUlp(makeExp, relaxed, x, (x) => (x < least ? 0 : Math.exp(x)))).toBeLessThan(2)
      expect(apply(makeExp, relaxed, x).every((y, i) => x[i] >= least || y === 0)).toBe(true)
    }
  })

  test(`${variant} 2^x is within 2 ulp down to −126 for numbers of every size, next to nothing below, and 0 from −127 on`, () => {
    for (const x of everySize(-Infinity, 127.99)) {
      expect(
        worstUlp(
          makeExp2,
          relaxed,
          x.filter((v) => v >= -126),
          (x) => 2 ** x,
        ),
      ).toBeLessThan(2)
      const below = x.filter((v) => v < -126)
      const y = apply(makeExp2, relaxed, below)
      expect(y.every((p, i) => p >= 0 && (below[i] > -127 ? p <= 2 ** -126 : p === 0))).toBe(true)
    }
    expect(Array.from(apply(makeExp2, relaxed, Float32Array.of(0, 1, -126, NaN)))).toEqual([
      1,
      2,
      2 ** -126,
      NaN,
    ])
  })

  test(`${variant} exp of what is far below is 0, and NaN stays NaN`, () => {
    const y = apply(makeExp, relaxed, Float32Array.of(-Infinity, -1e30, -104, -87.4, 0, NaN))
    expect(Array.from(y)).toEqual([0, 0, 0, 0, 1, NaN])
  })

  test(`${variant} log is within 3 ulp from 1 up`, () => {
    expect(worstUlp(makeLog, relaxed, grid(200_001, 1, 100), Math.log)).toBeLessThan(3)
    expect(worstUlp(makeLog, relaxed, grid(100_001, 100, 1e6), Math.log)).toBeLessThan(3)
    expect(Array.from(apply(makeLog, relaxed, Float32Array.of(1, NaN)))).toEqual([0, NaN])
  })

  test(`${variant} tanh is within 2 ulp everywhere, and odd`, () => {
    for (const reach of [100, 10, 1, 1e-3, 1e-30]) {
      const x = grid(200_001, -reach, reach)
      expect(worstUlp(makeTanh, relaxed, x, Math.tanh)).toBeLessThan(2)
      const mirrored = apply(
        makeTanh,
        relaxed,
        x.map((v) => -v),
      )
      expect(apply(makeTanh, relaxed, x).findIndex((y, i) => !Object.is(y, -mirrored[i]))).toBe(-1)
    }
    const y = apply(makeTanh, relaxed, Float32Array.of(0, -0, Infinity, -Infinity, 1e30, -1e4, NaN))
    expect(Array.from(y)).toEqual([0, -0, 1, -1, 1, -1, NaN])
  })
}
