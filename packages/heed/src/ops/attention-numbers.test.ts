import * as fc from 'fast-check'
import { afterAll, describe, expect, it } from 'vitest'
import { valueAndGrad } from '../autograd/index.js'
import type { Backend } from '../backends/backend.js'
import { randomUnit } from '../backends/random.js'
import { ReferenceBackend } from '../backends/reference/index.js'
import { maxOf, sumOf } from '../backends/reference/reductions.js'
import { liveTensors, scope, type Shape, sizeOf, type Tensor, type TypedArray } from '../tensor/index.js'
import {
  type AttentionCase,
  attentionCases,
  attentionOptions,
  attentionShapes,
  holds,
} from '../testing/attention-cases.js'
import { comparedBackends, weightedSum, withBackend } from '../testing/index.js'
import { relativeBucket } from './attention-bias.js'
import { attention, type AttentionOptions, attentionTile, attentionWithStats, tensor } from './index.js'

/* What docs promise of attention's numbers, on every backend, for any shapes, options and magnitudes. */

const headSize = fc.oneof(fc.integer({ min: 1, max: 256 }), fc.constantFrom(1, 8, 64, 128, 256))
const cases = {
  ...attentionCases,
  D: headSize,
  Dv: headSize,
  /** Of q and k: scores reach ±1e4. */
  amplitude: fc.constantFrom(1e-3, 0.1, 1, 10, 100),
  /** Of biases and sinks. */
  strength: fc.constantFrom(1, 1e4),
  /** The share of −∞ in a bias. */
  hidden: fc.constantFrom(0, 0.3, 1),
}
interface Case extends AttentionCase {
  amplitude: number
  strength: number
  hidden: number
}

/** One head, no options. */
const plain: Case = {
  B: 1,
  Tq: 1,
  Tk: 1,
  Hkv: 1,
  group: 1,
  D: 8,
  Dv: 1,
  seed: 1,
  causal: 'no',
  mask: 'no',
  bias: 'no',
  lengths: false,
  sink: false,
  scale: undefined,
  window: undefined,
  softcap: undefined,
  amplitude: 1,
  strength: 1,
  hidden: 0,
}

/** The tensors of a case, on the backend in use. */
const inputs = (given: Case): Record<string, Tensor> => {
  const { amplitude, strength, hidden, seed } = given
  const scales: Record<string, number> = { q: amplitude, k: amplitude, v: 1 }
  const draw = (name: string, shape: Shape, seed: number) => {
    const hides = name === 'bias' || name === 'table'
    const value = (_: unknown, i: number) =>
      hides && randomUnit(seed + 1, i) < hidden
        ? -Infinity
        : (scales[name] ?? strength) * (2 * randomUnit(seed, i) - 1)
    return tensor(Array.from({ length: sizeOf(shape) }, value), shape)
  }
  const shapes = Object.entries(attentionShapes(given))
  return Object.fromEntries(shapes.map(([name, shape], i) => [name, draw(name, shape, seed + 2 * i)]))
}

/** Runs `fn` on a backend and reads the tensors it gives; throws when others stay behind. */
async function read(backend: Backend, fn: () => Record<string, Tensor>): Promise<Record<string, TypedArray>> {
  const before = liveTensors()
  const made = Object.entries(withBackend(backend, () => scope(fn)))
  const data = await Promise.all(made.map(async ([name, t]) => [name, await t.data()] as const))
  for (const [, t] of made) t.dispose()
  expect(liveTensors()).toBe(before)
  return Object.fromEntries(data)
}

/** The key at which query 0 of a batch stands. */
function offsetOf({ causal }: AttentionOptions, batch: number, otherwise: number): number {
  const offset = typeof causal === 'object' ? causal.offset : undefined
  return typeof offset === 'object' ? offset[batch] : (offset ?? otherwise)
}

/** Forward and probes of one head of a case. */
async function probed(backend: Backend, given: Case) {
  const { B, Tq, Tk, Hkv, group, seed } = given
  const H = Hkv * group
  const [batch, head] = [seed % B, (seed >> 4) % H]
  const [rows, cols] = [Tq, Tk].map((n) => [Math.floor(n / 3), n - (seed % 2 && n > 3 ? 1 : 0)] as const)
  let offset = 0
  const data = await read(backend, () => {
    const { q, k, v, ...rest } = inputs(given)
    const options = attentionOptions(given, rest)
    offset = offsetOf(options, batch, Tk - Tq)
    const { out, m, l } = attentionWithStats(q, k, v, options)
    const probe = { q, k, m, l, options, batch, head }
    const scores = attentionTile({ ...probe, what: 'scores' })
    const part = attentionTile({ ...probe, rows, cols })
    const partScores = attentionTile({ ...probe, rows, cols, what: 'scores' })
    return { q, k, ...rest, out, m, l, scores, weights: attentionTile(probe), part, partScores }
  })
  const list = Array.from({ length: Tq }, (_, i) => ({
    i,
    scores: data.scores.subarray(i * Tk, (i + 1) * Tk),
    weights: data.weights.subarray(i * Tk, (i + 1) * Tk),
    m: data.m[(batch * H + head) * Tq + i],
    l: data.l[(batch * H + head) * Tq + i],
  }))
  const sink = data.sink ? data.sink[head] : -Infinity
  return { data, H, batch, head, offset, rows, cols, sink, list }
}

describe.each([
  { name: 'reference', start: (): Backend => new ReferenceBackend(), runs: 15 },
  ...comparedBackends.map((b) => ({ ...b, runs: 30 })),
])('$name', ({ start, runs }) => {
  const backend = start()
  afterAll(() => backend.dispose())

  it('rows sum to 1 within 1e-6, with a sink to what it leaves', () =>
    holds<Case>(
      cases,
      async (given) => {
        const { list, sink } = await probed(backend, given)
        for (const { scores, weights, m, l } of list) {
          const left = maxOf(scores) > -Infinity ? 1 - Math.exp(sink - m) / l : 0
          expect(Math.abs(sumOf(weights) - left)).toBeLessThanOrEqual(1e-6)
        }
      },
      runs,
    ))

  it.each([
    [4096, 1e-6],
    [8192, 4e-6],
  ])('rows of %i keys sum to 1 within %f', async (Tk, bound) => {
    for (const amplitude of [1e-3, 1, 3, 100]) {
      const { list } = await probed(backend, { ...plain, Tq: 2, Tk, amplitude })
      for (const { weights } of list) expect(Math.abs(sumOf(weights) - 1)).toBeLessThanOrEqual(bound)
    }
  })

  it('m is the largest of the scores and the sink, and a part is the whole, bit for bit', () =>
    holds<Case>(
      cases,
      async (given) => {
        const { data, list, sink, rows, cols } = await probed(backend, given)
        for (const { scores, m } of list) {
          const max = Math.max(maxOf(scores), sink)
          expect(m === (max === -Infinity ? 0 : max)).toBe(true)
        }
        const inside = list.slice(...rows)
        const cut = (of: 'scores' | 'weights') => inside.flatMap((row) => [...row[of].subarray(...cols)])
        expect([...data.partScores]).toEqual(cut('scores'))
        expect([...data.part]).toEqual(cut('weights'))
      },
      runs,
    ))

  it('what sees nothing is zero, forward and backward, and all numbers are finite', async () => {
    let [blind, unseen] = [0, 0]
    await holds<Case>(
      cases,
      async (given) => {
        const { B, Tq, Tk, Hkv, group, D, Dv } = given
        const H = Hkv * group
        const data = await read(backend, () => {
          const params = inputs(given)
          const { q, k, v, ...rest } = params
          const options = attentionOptions(given, rest)
          const { value, grads } = valueAndGrad(params, () => weightedSum(attention(q, k, v, options)))
          const { out, m, l } = attentionWithStats(q, k, v, options)
          const maps = Array.from({ length: B * H }, (_, at) => {
            const probe = { q, k, m, l, options, batch: Math.floor(at / H), head: at % H }
            return [
              [`scores${at}`, attentionTile({ ...probe, what: 'scores' })],
              [`weights${at}`, attentionTile(probe)],
            ]
          })
          return {
            value,
            ...grads,
            out,
            m,
            l,
            ...(Object.fromEntries(maps.flat()) as Record<string, Tensor>),
          }
        })
        for (const [name, values] of Object.entries(data))
          if (!name.startsWith('scores')) expect(values.every(Number.isFinite), name).toBe(true)

        const nonzero = new Set<string>()
        const zero = (name: string, at: number, size = 1) => {
          for (let x = at * size; x < (at + 1) * size; x++) if (data[name][x] !== 0) nonzero.add(name)
        }
        const seen = new Set<number>()
        for (let at = 0; at < B * H; at++) {
          const [b, h, scores] = [Math.floor(at / H), at % H, data[`scores${at}`]]
          scores.forEach((s, cell) => {
            if (s > -Infinity) seen.add((b * Tk + (cell % Tk)) * Hkv + Math.floor(h / group))
            else {
              zero(`weights${at}`, cell)
              if (given.bias === 'cells') zero('bias', at * Tq * Tk + cell)
            }
          })
          for (let i = 0; i < Tq; i++)
            if (maxOf(scores.subarray(i * Tk, (i + 1) * Tk)) === -Infinity) {
              blind++
              zero('out', (b * Tq + i) * H + h, Dv)
              zero('q', (b * Tq + i) * H + h, D)
            }
        }
        for (let key = 0; key < B * Tk * Hkv; key++)
          if (!seen.has(key)) {
            unseen++
            zero('k', key, D)
            zero('v', key, Dv)
          }
        expect([...nonzero]).toEqual([])
      },
      runs,
    )
    expect(Math.min(blind, unseen)).toBeGreaterThan(0)
  })

  it('cells agree with float64 computed from the same float32 numbers', () =>
    holds<Case>(
      cases,
      async (given) => {
        const found = await probed(backend, given)
        for (const { i, scores, weights } of found.list) {
          const { exact, delta } = exactRow(given, found, i, scores)
          const excess = exact.map((w, j) => Math.abs(weights[j] - w) - 1e-6 - w * Math.expm1(2 * delta))
          expect(maxOf(excess)).toBeLessThanOrEqual(0)
        }
      },
      runs,
    ))
})

/**
 * Row i in float64, and the δ that its weights may be off by: (D + 8) · 2⁻²⁴ · scale · max_j Σ_d |q_d · k_jd|, and
 * 2⁻²³ · max_j |bias_j| where there is a bias, keys j being those that the query sees.
 */
function exactRow(given: Case, found: Awaited<ReturnType<typeof probed>>, i: number, seen: TypedArray) {
  const { Tk, Hkv, group, D, softcap: c, scale = 1 / Math.sqrt(D) } = given
  const { H, batch, head, sink } = found
  const { q, k } = found.data
  const q0 = ((batch * given.Tq + i) * H + head) * D
  let [size, biases] = [0, 0]
  const s = Float64Array.from({ length: Tk }, (_, j) => {
    if (seen[j] === -Infinity) return -Infinity
    const k0 = ((batch * Tk + j) * Hkv + Math.floor(head / group)) * D
    let [product, absolute] = [0, 0]
    for (let d = 0; d < D; d++) {
      const x = q[q0 + d] * k[k0 + d]
      product += x
      absolute += Math.abs(x)
    }
    const bias = biasOf(given, found, i, j)
    size = Math.max(size, scale * absolute)
    biases = Math.max(biases, Math.abs(bias))
    return (c ? c * Math.tanh((scale * product) / c) : scale * product) + bias
  })
  const max = Math.max(maxOf(s), sink)
  const e = s.map((x) => (x === -Infinity ? 0 : Math.exp(x - max)))
  const total = sumOf(e) + (sink > -Infinity ? Math.exp(sink - max) : 0)
  return {
    exact: e.map((x) => (total ? x / total : 0)),
    delta: (D + 8) * 2 ** -24 * size + 2 ** -23 * biases,
  }
}

/** Cell i, j of the probed head's bias. */
function biasOf(given: Case, found: Awaited<ReturnType<typeof probed>>, i: number, j: number): number {
  const { Tq, Tk, bias } = given
  const { H, batch, head, data } = found
  if (bias === 'no') return 0
  if (data.table) {
    const bucket = relativeBucket(j - i - found.offset, 8, bias === 'relative', 20)
    return data.table[bucket * H + head]
  }
  const at = { keys: batch, heads: head, queries: i, cells: (batch * H + head) * Tq + i }
  return data.bias[at[bias as keyof typeof at] * Tk + j]
}
