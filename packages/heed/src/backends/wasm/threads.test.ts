import * as fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { TypedArray } from '../../tensor/dtype.js'
import { sizeOf } from '../../tensor/shape.js'
import type { Tensor } from '../../tensor/tensor.js'
import { dataOf, difference, distance, held } from '../../testing/index.js'
import { Maker } from '../../testing/maker.js'
import { activations, type Kernels } from '../backend.js'
import { WasmBackend } from './index.js'
import { bindKernels, kernels } from './kernels/index.js'

/** Times that a product of few rows runs: a weight then lies in panels. */
const often = 8

/** Runs a kernel and returns what it wrote. */
type Case = (kernels: Kernels, make: Maker) => Tensor[]

const elementwise = { small: [5, 3], chunk: [4, 4097], large: [300, 517] }
const matrices = { 'one row': [1, 37], tall: [1500, 65], wide: [40, 3001] }

const over = (
  shapes: Record<string, number[]>,
  run: (k: Kernels, make: Maker, shape: number[]) => Tensor[],
) =>
  Object.fromEntries(
    Object.entries(shapes).map(([name, shape]) => [name, (k: Kernels, make: Maker) => run(k, make, shape)]),
  )

const products: Record<string, [rows: number, columns: number, k: number]> = {
  tiny: [1, 3, 5],
  'hardly any rows': [3, 1283, 270],
  'few rows': [13, 1283, 272],
  'a few tiles': [97, 130, 300],
  'many tiles': [401, 1031, 257],
}

interface Attention {
  B?: number
  H?: number
  group?: number
  Tq: number
  Tk?: number
  D?: number
  Dv?: number
  causal?: boolean
  lengths?: boolean
  mask?: boolean
  /** Window, softcap, sink and bias. */
  window?: [number, number]
  softcap?: number
  sink?: boolean
  bias?: 'of each cell' | 'shared' | 'by distance'
}
const attentions: Record<string, Attention> = {
  tiny: { Tq: 1, Tk: 3, D: 5, Dv: 3 },
  'many blocks, causal': { B: 2, H: 4, Tq: 401, D: 64, causal: true },
  'shared key heads, lengths, mask': {
    B: 2,
    H: 6,
    group: 3,
    Tq: 130,
    Tk: 390,
    D: 20,
    Dv: 12,
    lengths: true,
    mask: true,
  },
  'window, softcap, sink, a bias of each cell': {
    B: 2,
    H: 6,
    group: 2,
    Tq: 200,
    Tk: 410,
    window: [70, 9],
    softcap: 2,
    sink: true,
    bias: 'of each cell',
  },
  'one bias for all batches, heads and queries': { B: 3, H: 2, Tq: 210, Tk: 390, bias: 'shared', mask: true },
  'a bias by distance': { B: 2, H: 3, Tq: 310, D: 33, bias: 'by distance', softcap: 3 },
  'one query': {
    B: 2,
    H: 6,
    group: 2,
    Tq: 1,
    Tk: 410,
    D: 20,
    Dv: 52,
    window: [300, 0],
    softcap: 2,
    sink: true,
    bias: 'of each cell',
    mask: true,
  },
  'the widest heads': { H: 3, Tq: 110, Tk: 210, D: 512 },
}

type MapShape = [B: number, H: number, Tq: number, Tk: number]
/** Biases as the op spreads them. */
const biases: Record<
  NonNullable<Attention['bias']>,
  (floats: (n: number) => Tensor, map: MapShape) => Tensor
> = {
  'of each cell': (floats, map) => floats(sizeOf(map)).view(map),
  shared: (floats, map) => floats(map[3]).view(map, [0, 0, 0, 1]),
  'by distance': (floats, [B, H, Tq, Tk]) =>
    floats(H * (Tq + Tk - 1)).view([B, H, Tq, Tk], [0, Tq + Tk - 1, -1, 1], Tq - 1),
}

function attentionInputs(make: Maker, a: Attention) {
  const { B = 1, H = 1, group = 1, Tq, Tk = Tq, D = 16, Dv = D } = a
  const rules = {
    scale: 1 / Math.sqrt(D),
    first: a.window && new Int32Array(B).fill(Tk - Tq - a.window[0]),
    last: a.causal || a.window ? new Int32Array(B).fill(Tk - Tq + (a.window?.[1] ?? 0)) : undefined,
    softcap: a.softcap,
    sink: a.sink ? make.floats(H) : undefined,
    bias: a.bias && held(biases[a.bias]((n) => make.floats(n), [B, H, Tq, Tk])),
    lengths: a.lengths ? Int32Array.from({ length: B }, (_, b) => Tk - 100 * b) : undefined,
    mask: a.mask ? held(make.bools(B, 1, Tq, Tk).view([B, H, Tq, Tk], [Tq * Tk, 0, Tk, 1])) : undefined,
  }
  const [q, k] = [make.floats(B, Tq, H, D), make.floats(B, Tk, H / group, D)]
  const v = make.floats(B, Tk, H / group, Dv)
  return { q, k, v, out: make.out(B, Tq, H, Dv), m: make.out(B, H, Tq), l: make.out(B, H, Tq), ...rules }
}

const attentionCases = (
  run: (k: Kernels, make: Maker, inputs: ReturnType<typeof attentionInputs>) => Tensor[],
) =>
  Object.fromEntries(
    Object.entries(attentions).map(([name, a]): [string, Case] => [
      name,
      (kernels, make) => {
        const inputs = attentionInputs(make, a)
        kernels.attention(inputs)
        return run(kernels, make, inputs)
      },
    ]),
  )

/** Every kernel: a new one does not compile here without its cases. */
const table: Record<keyof Kernels, Record<string, Case>> = {
  fill: over(elementwise, (k, make, shape) => {
    const out = make.out(...shape)
    k.fill(out, 1.5)
    return [out]
  }),
  copy: over({ small: [5, 3], large: [300, 517] }, (k, make, [rows, columns]) => {
    const [x, prefix, turned] = [
      make.floats(rows, columns),
      make.out(rows, columns - 1),
      make.out(columns, rows),
    ]
    k.copy(held(x.view([rows, columns - 1], [columns, 1])), prefix)
    k.copy(held(x.view([columns, rows], [1, columns])), turned)
    return [prefix, turned]
  }),
  add: over(elementwise, (k, make, shape) => {
    const [x, y, out] = [make.floats(...shape), make.floats(shape[1]), make.out(...shape)]
    k.add(x, y, out)
    return [out]
  }),
  sumLeading: over(matrices, (k, make, [rows, columns]) => {
    const out = make.out(columns)
    k.sumLeading(make.floats(rows, columns), out)
    return [out]
  }),
  scale: over(elementwise, (k, make, shape) => {
    const out = make.out(...shape)
    k.scale(make.floats(...shape), 0.3, out)
    return [out]
  }),
  activation: over(elementwise, (k, make, shape) => {
    const x = make.floats(...shape)
    return activations.map((kind) => {
      const out = make.out(...shape)
      k.activation(kind, x, out)
      return out
    })
  }),
  activationGrad: over(elementwise, (k, make, shape) => {
    const [x, dy] = [make.floats(...shape), make.floats(...shape)]
    return activations.map((kind) => {
      const dx = make.out(...shape)
      k.activationGrad(kind, x, dy, dx)
      return dx
    })
  }),
  gated: over(elementwise, (k, make, shape) => {
    const [gate, up] = [make.floats(...shape), make.floats(...shape)]
    return activations.map((kind) => {
      const out = make.out(...shape)
      k.gated(kind, gate, up, out)
      return out
    })
  }),
  gatedGrad: over(elementwise, (k, make, shape) => {
    const inputs = { gate: make.floats(...shape), up: make.floats(...shape), dy: make.floats(...shape) }
    return activations.flatMap((kind) => {
      const outputs = { dGate: make.out(...shape), dUp: make.out(...shape) }
      k.gatedGrad({ kind, ...inputs, ...outputs })
      return Object.values(outputs)
    })
  }),
  dropout: over(elementwise, (k, make, shape) => {
    const out = make.out(...shape)
    k.dropout(make.floats(...shape), 0.3, 7, out)
    return [out]
  }),
  softmax: over(matrices, (k, make, shape) => {
    const out = make.out(...shape)
    k.softmax(make.floats(...shape), out)
    return [out]
  }),
  softmaxGrad: over(matrices, (k, make, shape) => {
    const dx = make.out(...shape)
    k.softmaxGrad(make.floats(...shape), make.floats(...shape), dx)
    return [dx]
  }),
  layerNorm: over(matrices, (k, make, [rows, width]) => {
    const [x, out, mean, rstd] = [
      make.floats(rows, width),
      make.out(rows, width),
      make.out(rows),
      make.out(rows),
    ]
    k.layerNorm(x, make.floats(width), make.floats(width), 1e-5, out, mean, rstd)
    return [out, mean, rstd]
  }),
  layerNormGrad: over(matrices, (k, make, [rows, width]) => {
    const inputs = { x: make.floats(rows, width), gamma: make.floats(width), dy: make.floats(rows, width) }
    const kept = { mean: make.floats(rows), rstd: make.floats(rows) }
    const outputs = { dx: make.out(rows, width), dGamma: make.out(width), dBeta: make.out(width) }
    k.layerNormGrad({ ...inputs, ...kept, ...outputs })
    return Object.values(outputs)
  }),
  rmsNorm: over(matrices, (k, make, [rows, width]) => {
    const [out, rstd] = [make.out(rows, width), make.out(rows)]
    k.rmsNorm(make.floats(rows, width), make.floats(width), 1e-6, out, rstd)
    return [out, rstd]
  }),
  rmsNormGrad: over(matrices, (k, make, [rows, width]) => {
    const inputs = { x: make.floats(rows, width), gamma: make.floats(width), dy: make.floats(rows, width) }
    const outputs = { dx: make.out(rows, width), dGamma: make.out(width) }
    k.rmsNormGrad({ ...inputs, rstd: make.floats(rows), ...outputs })
    return Object.values(outputs)
  }),
  matmul: over(products, (k, make, [rows, columns, depth]) => {
    const bias = make.floats(columns)
    const narrow = (['float16', 'int8'] as const).flatMap((dtype) =>
      [false, true].map((transposeB) => {
        const shape = transposeB ? [columns, depth] : [depth, columns]
        const [a, b] = [make.floats(rows, depth), make.weights(dtype, transposeB ? 0 : 1, ...shape)]
        const outs = Array.from({ length: rows > 4 ? 1 : often }, () => make.out(rows, columns))
        for (const out of outs) k.matmul({ a, b, out, transposeB, bias: transposeB ? bias : undefined })
        return outs
      }),
    )
    const wide = [false, true].flatMap((transposeA) =>
      [false, true].map((transposeB) => {
        const a = transposeA ? make.floats(depth, rows) : make.floats(rows, depth)
        const b = transposeB ? make.floats(columns, depth) : make.floats(depth, columns)
        const outs = Array.from({ length: rows > 4 ? 1 : often }, () => make.out(rows, columns))
        for (const out of outs)
          k.matmul({ a, b, out, transposeA, transposeB, bias: transposeA ? undefined : bias })
        return outs
      }),
    )
    return [...wide, ...narrow].flat()
  }),
  embedding: over(matrices, (k, make, [rows, width]) =>
    (['float32', 'float16', 'int8'] as const).map((dtype) => {
      const out = make.out(rows, width)
      k.embedding(make.ids(50, rows), make.weights(dtype, 0, 50, width), 2, out)
      return out
    }),
  ),
  embeddingGrad: over(matrices, (k, make, [rows, width]) => {
    const dTable = make.out(50, width)
    k.embeddingGrad(make.ids(50, rows), make.floats(rows, width), 2, dTable)
    return [dTable]
  }),
  rotary: over({ tiny: [1, 1, 1, 3], small: [2, 5, 3, 13], large: [2, 300, 7, 80] }, (k, make, shape) => {
    const [B, T, , D] = shape
    const half = Math.floor(D / 3)
    const x = make.floats(...shape)
    const [shared, own] = [
      [T, half],
      [B, T, half],
    ].map((s) => ({ cos: make.floats(...s), sin: make.floats(...s) }))
    return [shared, own].flatMap((angles) =>
      [false, true].map((flag) => {
        const out = make.out(...shape)
        k.rotary({ x, ...angles, interleaved: flag, inverse: flag, out })
        return out
      }),
    )
  }),
  attention: attentionCases((_k, _make, { out, m, l }) => [out, m, l]),
  attentionGrad: attentionCases((k, make, inputs) => {
    const { q, k: keys, v, out, sink, bias } = inputs
    const [dq, dk, dv] = [q, keys, v].map((t) => make.out(...t.shape))
    const dSink = sink && make.out(...sink.shape)
    const dBias = bias && make.out(bias.storage.length)
    if (dBias) k.fill(dBias, 0)
    const spread = bias && dBias && held(dBias.view(bias.shape, bias.strides, bias.offset))
    k.attentionGrad({ ...inputs, dOut: make.floats(...out.shape), dq, dk, dv, dBias: spread, dSink })
    return [dq, dk, dv, dBias, dSink].filter((t) => t !== undefined)
  }),
  attentionTile: attentionCases((k, make, inputs) => {
    const [B, Tq, H] = inputs.q.shape
    const cols: [number, number] = [1, inputs.k.shape[1]]
    const out = make.out(Tq, cols[1] - cols[0])
    k.attentionTile({ ...inputs, batch: B - 1, head: H - 1, rows: [0, Tq], cols, what: 'weights', out })
    return [out]
  }),
  crossEntropy: over(matrices, (k, make, [rows, classes]) => crossEntropy(k, make, rows, classes).outputs),
  crossEntropyGrad: over(matrices, (k, make, [rows, classes]) => {
    const { args } = crossEntropy(k, make, rows, classes)
    const dLogits = make.out(rows, classes)
    k.crossEntropyGrad({ ...args, dLoss: make.floats(1), dLogits })
    return [dLogits]
  }),
  sumSquares: over(elementwise, (k, make, shape) => {
    const out = make.out(1)
    k.sumSquares(make.floats(...shape), out, 0)
    return [out]
  }),
  adamw: over(elementwise, (k, make, shape) => {
    const [param, grad, m, v] = [
      make.floats(...shape),
      make.floats(...shape),
      make.floats(...shape),
      make.positive(...shape),
    ]
    const rates = { rate: 0.01, beta1: 0.9, beta2: 0.98, eps: 1e-8, weightDecay: 0.01 }
    k.adamw({ param, grad, m, v, gradScale: 0.5, ...rates, correction1: 0.3, correction2: 0.2 })
    return [param, m, v]
  }),
}

function crossEntropy(k: Kernels, make: Maker, rows: number, classes: number) {
  const args = {
    logits: make.floats(rows, classes),
    targets: make.ids(classes, rows),
    smoothing: 0.1,
    ignore: 0,
  }
  const outputs = { losses: make.out(rows), lse: make.out(rows), loss: make.out(1), count: make.out(1) }
  k.crossEntropy({ ...args, ...outputs })
  return { args: { ...args, ...outputs }, outputs: Object.values(outputs) }
}

async function results(backend: WasmBackend, run: Case, seed = 0): Promise<TypedArray[]> {
  using make = new Maker(backend, seed)
  return dataOf(run(backend.kernels, make))
}

describe('threads and instruction sets', () => {
  const one = new WasmBackend({ threads: 1, relaxed: true })
  const several = [2, 4].map((threads) => new WasmBackend({ threads, relaxed: true }))
  const plain = new WasmBackend({ threads: 1, relaxed: false })
  const all = [one, ...several, plain]
  beforeAll(async () => void (await Promise.all(all.map((backend) => backend.ready()))))
  afterAll(() => all.forEach((backend) => backend.dispose()))

  for (const [kernel, cases] of Object.entries(table))
    for (const [name, run] of Object.entries(cases))
      test(`${kernel}, ${name}: the same bits with any number of threads`, async () => {
        const expected = await results(one, run)
        for (const backend of several)
          expect(difference(await results(backend, run), expected)).toBeUndefined()
      })

  test('every kernel has a case of more items than threads', () => {
    const most = new Map<string, number>()
    const count = bindKernels(({ name }, items) => {
      most.set(name, Math.max(most.get(name) ?? 0, items))
    }, one)
    using make = new Maker(one)
    for (const cases of Object.values(table)) for (const run of Object.values(cases)) run(count, make)
    expect(kernels.filter(({ name }) => !(most.get(name)! > 4)).map(({ name }) => name)).toEqual([])
  })

  /**
   * With fused multiply-adds a product is not rounded before it is added: the two builds differ by rounding and by
   * nothing else. A sum of n products may then be off by γ_n = n · 2⁻²⁴ of Σ|a·b|, though roundings mostly cancel to
   * √n · 2⁻²⁴; the longest sums here have 1,500 terms (√n · 2⁻²⁴ = 2.3e-6). So every output agrees within 1e-5 of its
   * largest element, or of 1, the largest an input can be: where a sum cancels, its terms say how far it may be off.
   */
  const bound = 1e-5
  test('the builds that are compared are two', () =>
    expect([one.relaxed, plain.relaxed]).toEqual([true, false]))
  for (const [kernel, cases] of Object.entries(table))
    test(`${kernel}: plain and relaxed SIMD agree within ${bound}`, () =>
      fc.assert(
        fc.asyncProperty(
          fc.constantFrom(...Object.entries(cases)),
          fc.nat(1e6),
          async ([name, run], seed) => {
            const expected = await results(one, run, seed)
            for (const [i, x] of (await results(plain, run, seed)).entries()) {
              const { worst } = distance([...x, 1], [...expected[i], 1])
              expect(worst, `${name}, output ${i}`).toBeLessThanOrEqual(bound)
            }
          },
        ),
        { numRuns: 5 },
      ))

  test('two interleaved users of one backend get what each gets alone', async () => {
    const [backend] = several
    const user = async (seed: number) => {
      using make = new Maker(backend)
      for (let i = 0; i < seed; i++) make.floats(1) // another user, other numbers
      const read: TypedArray[] = []
      for (const kernel of ['matmul', 'softmax', 'attention', 'attentionGrad', 'layerNormGrad'] as const)
        for (const run of Object.values(table[kernel]))
          read.push(...(await dataOf(run(backend.kernels, make))))
      return read
    }
    const alone = [await user(0), await user(5)]
    expect(difference(alone[0], alone[1])).toBeDefined()
    const together = await Promise.all([user(0), user(5)])
    expect(together.map((read, i) => difference(read, alone[i]))).toEqual([undefined, undefined])
  })
})
