import * as fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { activations, type Backend } from '../backends/backend.js'
import { ReferenceBackend } from '../backends/reference/index.js'
import { liveTensors, scope, type Tensor } from '../tensor/index.js'
import {
  type AttentionCase,
  attentionCases,
  attentionOptions,
  attentionShapes,
  holds,
  randomTensors,
  seed,
  size,
  small,
} from '../testing/attention-cases.js'
import { comparedBackends, expectAgreement, expectWithin, randomInts, withBackend } from '../testing/index.js'
import {
  activation,
  add,
  attention,
  attentionScores,
  attentionTile,
  attentionWithStats,
  crossEntropy,
  dropHeads,
  dropout,
  embedding,
  full,
  gated,
  layerNorm,
  linear,
  normalizers,
  randn,
  reshape,
  rmsNorm,
  rotary,
  scale,
  slice,
  softmax,
  tensor,
  weightedSum,
} from './index.js'

const width = fc.oneof(fc.integer({ min: 1, max: 20 }), fc.constantFrom(1, 3, 4, 5, 31, 32, 64, 100, 257))

const join = async (tensors: Record<string, Tensor>): Promise<number[]> =>
  (await Promise.all(Object.values(tensors).map((t) => t.data()))).flatMap((data) => [...data])

describe.each(comparedBackends)('$name agrees with the reference', ({ start }) => {
  let backend: Backend
  beforeAll(() => {
    backend = start()
  })
  afterAll(() => backend.dispose())

  /** What `fn` gives, computed on either backend: tensors by name, or joined into one vector. */
  const both = async (fn: () => Record<string, Tensor>, eps = 1e-5, { joined = false } = {}) => {
    const before = liveTensors()
    const [got, expected] = [backend, new ReferenceBackend()].map((b) => withBackend(b, () => scope(fn)))
    for (const name of Object.keys(expected)) {
      expect(got[name].shape).toEqual(expected[name].shape)
      if (!joined) await expectWithin(got[name], expected[name], eps, name)
    }
    if (joined)
      await expectWithin(await join(got), await join(expected), eps, Object.keys(expected).join(', '))
    for (const t of [...Object.values(got), ...Object.values(expected)]) t.dispose()
    expect(liveTensors()).toBe(before)
  }

  it('add and scale', () =>
    holds({ a: small, b: small, c: size, seed }, async ({ a, b, c, seed }) => {
      const shapes = { x: [a, b, c], same: [a, b, c], trailing: [b, c], row: [c] }
      await expectAgreement(
        backend,
        shapes,
        ({ x, same, trailing, row }) => scale(add(add(add(x, same), trailing), row), -1.7),
        seed,
      )
    }))

  it('activations', () =>
    holds({ rows: small, width: size, seed }, async ({ rows, width, seed }) => {
      for (const kind of activations)
        await expectAgreement(backend, { x: [rows, width] }, ({ x }) => activation(kind, scale(x, 3)), seed)
    }))

  it('gated', () =>
    holds({ rows: small, width: size, seed }, async ({ rows, width, seed }) => {
      const shapes = { gate: [rows, width], up: [rows, width] }
      for (const kind of activations)
        await expectAgreement(backend, shapes, ({ gate, up }) => gated(scale(gate, 3), up, kind), seed)
    }))

  it('dropout, bit for bit', () =>
    holds(
      { n: size, rate: fc.double({ min: 0, max: 0.99, noNaN: true }), seed },
      async ({ n, rate, seed }) => {
        await expectAgreement(backend, { x: [3, n] }, ({ x }) => dropout(x, rate, seed), seed)
        await both(() => ({ dropped: dropout(randn([n]), 0.5, -seed) }), 0)
      },
    ))

  it('dropHeads', () =>
    holds({ rows: small, heads: small, width: size, seed }, async ({ rows, heads, width, seed }) => {
      const x = [rows, 3, heads, width]
      await expectAgreement(backend, { x }, ({ x }) => dropHeads(x, 0.4, seed), seed)
    }))

  it('softmax', () =>
    holds({ rows: small, width: size, seed }, async ({ rows, width, seed }) => {
      await both(() => ({ y: softmax(randn([rows, width], { seed, std: 5 })) }))
      await expectAgreement(backend, { x: [rows, width] }, ({ x }) => softmax(x), seed)
    }))

  it('normalizers', () =>
    holds({ rows: small, width: size, seed }, async ({ rows, width, seed }) => {
      for (const normalize of Object.values(normalizers))
        await expectAgreement(backend, { x: [rows, width] }, ({ x }) => normalize(x), seed)
    }))

  it('softmax of −∞ and of large numbers', () =>
    both(() => ({
      y: softmax(tensor([-Infinity, 1, 2, -Infinity, -Infinity, -Infinity, 1e4, -1e4, 1e4], [3, 3])),
    })))

  it('layerNorm', () =>
    holds({ rows: size, width, seed }, ({ rows, width, seed }) =>
      expectAgreement(
        backend,
        { x: [rows, width], gamma: [width], beta: [width] },
        ({ x, gamma, beta }) => layerNorm(x, gamma, beta, 0.01),
        seed,
      ),
    ))

  it('rmsNorm', () =>
    holds({ rows: size, width, seed }, ({ rows, width, seed }) =>
      expectAgreement(
        backend,
        { x: [rows, width], gamma: [width] },
        ({ x, gamma }) => rmsNorm(x, gamma, 0.01),
        seed,
      ),
    ))

  it('rotary, of views and of some components too', () =>
    holds(
      {
        B: fc.nat(3),
        T: small,
        H: fc.nat(3),
        half: fc.oneof(fc.nat(20), fc.constantFrom(32, 33, 64)),
        rest: fc.nat(9),
        batched: fc.boolean(),
        interleaved: fc.boolean(),
        seed,
      },
      ({ B, T, H, half, rest, batched, interleaved, seed }) =>
        expectAgreement(
          backend,
          { fused: [B, T + 2, H + 1, 2 * half + rest] },
          ({ fused }) => {
            const x = slice(slice(fused, 1, 1, T + 1), 2, 1, H + 1)
            const shape = batched ? [B, T, half] : [T, half]
            const [cos, sin] = [randn(shape, { seed: seed + 1 }), randn(shape, { seed: seed + 2 })]
            return rotary(x, cos, sin, { interleaved })
          },
          seed,
        ),
      60,
    ))

  it('linear', () =>
    holds({ rows: size, inner: size, outer: size, seed }, async ({ rows, inner, outer, seed }) => {
      const shapes = { x: [rows, inner], weight: [outer, inner], bias: [outer] }
      await expectAgreement(backend, shapes, ({ x, weight, bias }) => linear(x, weight, bias), seed)
      await expectAgreement(backend, shapes, ({ x, weight }) => linear(x, weight), seed)
      const turned = { x: [rows, inner], weight: [inner, outer], bias: [outer] }
      await expectAgreement(
        backend,
        turned,
        ({ x, weight, bias }) => linear(x, weight, bias, { transposed: true }),
        seed,
      )
    }))

  it('matmul in all four transpositions', () =>
    holds({ m: size, k: size, n: size, seed }, async ({ m, k, n, seed }) => {
      for (const transposeA of [false, true])
        for (const transposeB of [false, true])
          // Beside the operands: a single sum that cancels would measure float32, not the kernel.
          await both(
            () => {
              const a = randn(transposeA ? [k, m] : [m, k], { seed })
              const b = randn(transposeB ? [n, k] : [k, n], { seed: seed + 1 })
              const [plain, biased] = [randn([m, n]), randn([m, n])]
              const { kernels } = a.device as Backend
              kernels.matmul({ a, b, out: plain, transposeA, transposeB })
              kernels.matmul({
                a,
                b,
                out: biased,
                transposeA,
                transposeB,
                bias: randn([n], { seed: seed + 2 }),
              })
              return { plain, biased, a, b }
            },
            1e-5,
            { joined: true },
          )
    }))

  it('embedding, ids outside included', () =>
    holds({ count: size, vocabulary: size, width, seed }, ({ count, vocabulary, width, seed }) =>
      expectAgreement(
        backend,
        { table: [vocabulary, width] },
        ({ table }) => embedding(randomInts([count], -2, vocabulary + 2, seed), table, 1.5),
        seed,
      ),
    ))

  it('cross-entropy', () =>
    holds(
      { rows: size, classes: width, labelSmoothing: fc.constantFrom(0, 0.1), seed },
      async ({ rows, classes, labelSmoothing, seed }) => {
        const loss = (logits: Tensor) =>
          crossEntropy(logits, randomInts([rows], -1, classes, seed), { labelSmoothing, ignore: -1 })
        // Flat logits and no lone class: where p is nearly 1, log p and p − 1 are rounding and nothing else.
        const shapes = { logits: [rows, classes + 1] }
        await expectAgreement(backend, shapes, ({ logits }) => loss(scale(logits, 0.5)), seed)
      },
    ))

  it('cross-entropy of large logits', () =>
    both(() => ({
      loss: crossEntropy(randn([40, 70], { std: 20 }), randomInts([40], 0, 70)),
      far: crossEntropy(tensor([1e4, -1e4], [1, 2]), tensor(new Int32Array([1]))),
    })))

  it('cross-entropy of a target that is no class is NaN', () =>
    both(() => ({ loss: crossEntropy(randn([2, 3]), tensor(new Int32Array([1, 3]))) })))

  it('reshape and slice of views', () =>
    holds({ a: small, b: small, c: size, seed }, async ({ a, b, c, seed }) => {
      const [from, to] = [Math.floor(c / 3), Math.ceil(c / 2)]
      const inner = ({ x }: Record<string, Tensor>) => reshape(slice(slice(x, 2, from, to), 0, 0, a), [-1])
      const part = ({ x }: Record<string, Tensor>) => scale(slice(x, 1, 0, Math.ceil(b / 2)), 2)
      await expectAgreement(backend, { x: [a + 1, b + 1, c + 3] }, inner, seed)
      await expectAgreement(backend, { x: [a, b, c] }, part, seed)
    }))

  describe('attention', () => {
    it('forward and backward', () =>
      holds<AttentionCase>(
        attentionCases,
        (given) =>
          expectAgreement(
            backend,
            attentionShapes(given),
            ({ q, k, v, ...rest }) => attention(q, k, v, attentionOptions(given, rest)),
            given.seed,
          ),
        80,
      ))

    it('views into one projection, and a prefix of a cache', () =>
      holds<AttentionCase>(attentionCases, (given) => {
        const { B, Tq: T, Hkv, group, D, seed, causal } = given
        const H = Hkv * group
        const shapes = { fused: [B, T + 2, H + 2 * Hkv, D] }
        return expectAgreement(
          backend,
          shapes,
          ({ fused }) => {
            const x = slice(fused, 1, 1, T + 1)
            const [q, k, v] = [slice(x, 2, 0, H), slice(x, 2, H, H + Hkv), slice(x, 2, H + Hkv, H + 2 * Hkv)]
            return attention(q, k, v, { causal: causal !== 'no' })
          },
          seed,
        )
      }))

    it('step by step', () =>
      holds<AttentionCase>({ ...attentionCases, sink: fc.constant(false) }, (given) =>
        expectAgreement(
          backend,
          attentionShapes(given),
          ({ q, k, v, ...rest }) =>
            weightedSum(softmax(attentionScores(q, k, attentionOptions(given, rest))), v),
          given.seed,
        ),
      ))

    it('m, ℓ, scores and weights', () =>
      holds<AttentionCase>(attentionCases, async (given) => {
        const { B, Tq, Tk, Hkv, group, seed } = given
        const H = Hkv * group
        await both(() => {
          const { q, k, v, ...rest } = randomTensors(attentionShapes(given), seed)
          const rules = attentionOptions(given, rest)
          const { m, l } = attentionWithStats(q, k, v, rules)
          const probe = { q, k, m, l, options: rules, batch: seed % B, head: seed % H }
          const part = { rows: [Math.floor(Tq / 3), Tq], cols: [Math.floor(Tk / 2), Tk] } as const
          return {
            m,
            l,
            weights: attentionTile(probe),
            scores: attentionTile({ ...probe, what: 'scores' }),
            tile: attentionTile({ ...probe, ...part }),
          }
        })
      }))

    it('scores of ±1e4', () =>
      holds<AttentionCase>(
        attentionCases,
        ({ Tq, Tk, D, seed }) =>
          both(() => {
            // One key wins by far: powers of two, so that scores are exact on every backend.
            const q = full([1, Tq, 1, D], 128)
            const winner = Float32Array.from({ length: Tk * D }, (_, at) =>
              Math.floor(at / D) === seed % Tk ? 64 : -64,
            )
            const k = tensor(winner, [1, Tk, 1, D])
            const { out, m, l } = attentionWithStats(q, k, k, { scale: 1 / D })
            return { out, m, l }
          }),
        10,
      ))
  })

  it('sumLeading, sumSquares and adamw', () =>
    holds({ rows: size, width: size, seed }, async ({ rows, width, seed }) => {
      await both(() => {
        const x = activation('relu', randn([rows, width], { seed }))
        const [sums, squares] = [randn([width]), randn([3])]
        const { kernels } = x.device as Backend
        kernels.sumLeading(x, sums)
        kernels.sumSquares(x, squares, 1)
        const [param, m] = [randn([width], { seed }), randn([width], { seed: seed + 1 })]
        const [grad, v] = [randn([width], { seed: seed + 2 }), full([width], 0.3)]
        const rest = { gradScale: 0.5, rate: 0.01, beta1: 0.9, beta2: 0.98, eps: 1e-9, weightDecay: 0.01 }
        kernels.adamw({ param, grad, m, v, ...rest, correction1: 0.19, correction2: 0.04 })
        return { sums, squares, param, m, v }
      })
    }))
})
