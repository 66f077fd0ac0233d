import * as fc from 'fast-check'
import { afterAll, describe, expect, it } from 'vitest'
import { ReferenceBackend } from '../backends/reference/index.js'
import { WasmBackend } from '../backends/wasm/index.js'
import { HeedError, HeedTypeError } from '../errors.js'
import { liveTensors, scope, Tensor, tensorsIn } from '../tensor/index.js'
import { randomMask, withBackend } from '../testing/index.js'
import { attention, attentionTile, attentionWithStats, full, randn, zeros } from './index.js'

/*
 * Whatever is passed, in whatever mixture with what is right, a call gives numbers or throws an error of heed's own, and
 * leaves no tensor behind.
 */

const [B, Tq, Tk, H, Hkv, D] = [2, 3, 5, 4, 2, 8]

/** Tensors that are right somewhere and wrong elsewhere, made on the backend in use. */
const makers = {
  q: () => randn([B, Tq, H, D], { seed: 1 }),
  k: () => randn([B, Tk, Hkv, D], { seed: 2 }),
  v: () => randn([B, Tk, Hkv, 3], { seed: 3 }),
  // Above any score, so that weights of made-up statistics are numbers too.
  m: () => full([B, H, Tq], 1e9),
  l: () => full([B, H, Tq], 1),
  mask: () => randomMask([1, H, Tq, Tk]),
  bias: () => randn([B, 1, 1, Tk], { seed: 4 }),
  sink: () => randn([H], { seed: 5 }),
  table: () => randn([8, H], { seed: 6 }),
  ids: () => zeros([B], { dtype: 'int32' }),
  none: () => zeros([B, 0, H, D]),
  one: () => zeros([]),
  freed: () => {
    const t = zeros([H])
    t.dispose()
    return t
  },
  elsewhere: () => randn([B, Tk, Hkv, D], { backend: other }),
}
const other = new ReferenceBackend()

/** A tensor to be made when the property runs. */
class Made {
  constructor(readonly make: () => Tensor) {}
}
const madeTensor = fc.constantFrom(...Object.values(makers).map((make) => new Made(make)))

const junk = fc.oneof(
  {
    weight: 2,
    arbitrary: fc.anything({
      withBigInt: true,
      withDate: true,
      withMap: true,
      withNullPrototype: true,
      withTypedArray: true,
    }),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom(null, undefined, NaN, -0, '', '2', [], {}, Infinity, 1e300, Symbol('s')),
  },
  { weight: 2, arbitrary: madeTensor },
)

/** What is right 19 times in 20. */
const mostly = (right: fc.Arbitrary<unknown>) =>
  fc.oneof({ weight: 19, arbitrary: right }, { weight: 1, arbitrary: junk })
const made = (name: keyof typeof makers) => fc.constant(new Made(makers[name]))
const int = (min: number, max: number) => fc.integer({ min, max })
const record = (model: Record<string, fc.Arbitrary<unknown>>, requiredKeys: string[] = []) =>
  fc.record(model, { requiredKeys, noNullPrototype: true })

const options = record({
  scale: mostly(fc.double({ noNaN: true, min: -1e3, max: 1e3 })),
  causal: mostly(
    fc.oneof(
      fc.boolean(),
      record({
        offset: mostly(
          fc.oneof(int(-(2 ** 31), 2 ** 31 - 1), int(-5, 5), fc.tuple(mostly(int(-5, 5)), int(-5, 5))),
        ),
      }),
    ),
  ),
  window: mostly(fc.tuple(mostly(fc.maxSafeNat()), mostly(fc.constantFrom(0, 1, Infinity)))),
  lengths: mostly(fc.tuple(mostly(int(0, Tk)), int(0, Tk))),
  mask: mostly(made('mask')),
  softcap: mostly(fc.double({ noNaN: true, min: 1e-30, max: 1e3 })),
  bias: mostly(
    fc.oneof(
      made('bias'),
      record({
        relative: mostly(made('table')),
        bidirectional: mostly(fc.boolean()),
        maxDistance: mostly(int(3, 200)),
      }),
    ),
  ),
  sink: mostly(made('sink')),
})

const calls = {
  attention: fc.tuple(mostly(made('q')), mostly(made('k')), mostly(made('v')), mostly(options)),
  attentionTile: fc.tuple(
    mostly(
      record(
        {
          q: mostly(made('q')),
          k: mostly(made('k')),
          m: mostly(made('m')),
          l: mostly(made('l')),
          options: mostly(options),
          head: mostly(int(0, H - 1)),
          batch: mostly(int(0, B - 1)),
          rows: mostly(fc.tuple(int(0, 2), mostly(int(2, Tq)))),
          cols: mostly(fc.tuple(int(0, 2), mostly(int(2, Tk)))),
          what: mostly(fc.constantFrom('weights', 'scores')),
        },
        ['q', 'k', 'm', 'l', 'head'],
      ),
    ),
  ),
}

/** The value with its tensors made. */
function build(value: unknown): unknown {
  if (value instanceof Made) return value.make()
  if (Array.isArray(value)) return value.map(build)
  if (typeof value !== 'object' || value === null || Object.getPrototypeOf(value) !== Object.prototype)
    return value
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, build(inner)]))
}

/** What the call gives, or the error of heed's that it throws; throws for any other error, and where tensors leak. */
function outcome(call: (...args: unknown[]) => unknown, args: unknown[]): unknown {
  const before = liveTensors()
  let result: unknown
  try {
    result = call(...args)
  } catch (error) {
    if (!(error instanceof HeedError || error instanceof HeedTypeError)) throw error
    expect(error.code).toMatch(/^(shape|dtype|option|backend|disposed)$/)
    expect(error.message).toMatch(/^attention(Tile)?: .+, got .+$|^attention(Tile)?: .{20,}$/)
    result = error
  }
  expect(liveTensors()).toBe(before + tensorsIn(result).size)
  return result
}

describe.each([
  { name: 'reference', start: () => new ReferenceBackend() },
  { name: 'wasm', start: () => new WasmBackend({ threads: 1 }) },
])('$name', ({ start }) => {
  const backend = start()
  afterAll(() => backend.dispose())

  it.each(Object.entries({ attention, attentionWithStats, attentionTile }))('%s', async (name, call) => {
    const given: fc.Arbitrary<unknown[]> = name === 'attentionTile' ? calls.attentionTile : calls.attention
    let right = 0
    await fc.assert(
      fc.asyncProperty(given, async (args) => {
        const result = withBackend(backend, () =>
          scope(() => outcome(call as (...args: unknown[]) => unknown, args.map(build))),
        )
        for (const t of tensorsIn(result)) {
          right++
          // Scores are −∞ where a query may not attend.
          expect((await t.data()).every((x) => Number.isFinite(x) || x === -Infinity)).toBe(true)
          t.dispose()
        }
      }),
      { numRuns: 300 },
    )
    expect(right).toBeGreaterThan(50)
  })
})
