import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { valueAndGrad } from '../autograd/index.js'
import type { Backend } from '../backends/backend.js'
import { toFloat32 } from '../io/index.js'
import { liveTensors, scope, type Shape, sizeOf, type Tensor } from '../tensor/index.js'
import { goldenBackends, readGoldens } from '../testing/goldens.js'
import { expectWithin, withBackend } from '../testing/index.js'
import {
  attention,
  type AttentionOptions,
  attentionTile,
  attentionWithStats,
  linear,
  reshape,
  slice,
  tensor,
  zeros,
} from './index.js'

/** A case as tools/goldens/attention.py describes it: options as heed's, tensors by their shapes. */
interface Case {
  name: string
  B: number
  Tq: number
  Tk: number
  H: number
  Hkv: number
  D: number
  Dv: number
  options: {
    scale?: number
    causal?: AttentionOptions['causal']
    window?: [left: number | null, right: number | null]
    lengths?: number[]
    softcap?: number
    mask?: Shape
    bias?: Shape
    relative?: { buckets: number; bidirectional?: boolean; maxDistance?: number }
    sink?: true
  }
}

type Arrays = Record<string, { data: Float32Array | Uint8Array; shape: Shape }>

const { tensors, goldens } = readGoldens<{ cases: Case[] }>(
  new URL('./goldens/attention.safetensors', import.meta.url),
)
const flat = new Map([...tensors].map(([kind, t]) => [kind, t.dtype === 'BOOL' ? t.bytes : toFloat32(t)]))

/** Every case with its pieces of the flat tensors, which lie there in the order of the cases. */
const cases = goldens.cases.map((given) => {
  const { B, Tq, Tk, H, Hkv, D, Dv, options } = given
  const { mask, bias, relative, sink } = options
  const take = (shapes: Record<string, Shape | undefined>): Arrays =>
    Object.fromEntries(
      Object.entries(shapes).flatMap(([kind, shape]) => {
        if (!shape) return []
        const from = flat.get(kind)!
        const size = sizeOf(shape)
        flat.set(kind, from.subarray(size))
        return [[kind, { data: from.subarray(0, size), shape }]]
      }),
    )
  const params = {
    q: [B, Tq, H, D],
    k: [B, Tk, Hkv, D],
    v: [B, Tk, Hkv, Dv],
    bias,
    table: relative && [relative.buckets, H],
    sink: sink && [H],
  }
  const gradients = Object.entries(params).map(([name, shape]) => [`d${name}`, shape] as const)
  return {
    ...given,
    params: take(params),
    fixed: take({ r: [B, Tq, H, Dv], mask }),
    expected: take({
      out: [B, Tq, H, Dv],
      m: [B, H, Tq],
      l: [B, H, Tq],
      ...Object.fromEntries(gradients),
    }),
  }
})

const upload = (arrays: Arrays): Record<string, Tensor> =>
  Object.fromEntries(Object.entries(arrays).map(([name, { data, shape }]) => [name, tensor(data, shape)]))

function optionsOf({ options }: Case, t: Record<string, Tensor | undefined>): AttentionOptions {
  const { scale, causal, window, lengths, softcap, relative } = options
  const { bidirectional, maxDistance } = relative ?? {}
  return {
    scale,
    causal,
    lengths,
    softcap,
    window: window && [window[0] ?? Infinity, window[1] ?? Infinity],
    mask: t.mask,
    bias: t.table ? { relative: t.table, bidirectional, maxDistance } : t.bias,
    sink: t.sink,
  }
}

/** The output from the map: `attentionTile`'s weights times the values, head by head. */
function throughMap(
  { q, k, v, m, l, out }: Record<string, Tensor>,
  options: AttentionOptions,
  backend: Backend,
): Tensor {
  const [B, Tq, H, Dv] = out.shape
  const [Tk, Hkv] = [k.shape[1], k.shape[2]]
  const all = zeros(out.shape)
  for (let batch = 0; batch < B; batch++)
    for (let head = 0; head < H; head++) {
      const weights = attentionTile({ q, k, m, l, options, batch, head })
      const kvHead = Math.floor((head * Hkv) / H)
      const values = v.view([Dv, Tk], [1, v.strides[1]], batch * v.strides[0] + kvHead * Dv)
      const part = slice(slice(all, 0, batch, batch + 1), 2, head, head + 1)
      backend.kernels.copy(reshape(linear(weights, values), [1, Tq, 1, Dv]), part)
    }
  return all
}

function run(given: (typeof cases)[number], backend: Backend): Record<string, Tensor> {
  const params = upload(given.params)
  const { q, k, v } = params
  const { r, mask } = upload(given.fixed)
  const options = optionsOf(given, { ...params, mask })
  const { out, m, l } = attentionWithStats(q, k, v, options)
  const loss = (y: Tensor) => linear(reshape(y, [1, y.size]), reshape(r, [1, y.size]))
  const { grads } = valueAndGrad(params, () => loss(attention(q, k, v, options)))
  const map = throughMap({ q, k, v, m, l, out }, options, backend)
  return {
    out,
    m,
    l,
    ...Object.fromEntries(Object.entries(grads).map(([name, g]) => [`d${name}`, g])),
    'out through the map': map,
  }
}

it('reads all of the file', () => {
  expect(cases.length).toBe(658)
  expect([...flat].filter(([, rest]) => rest.length > 0)).toEqual([])
})

describe.each(goldenBackends)('$name agrees with PyTorch', ({ start, eps }) => {
  let backend: Backend
  beforeAll(() => {
    backend = start()
  })
  afterAll(() => backend.dispose())

  it.each(cases)('$name', async (given) => {
    const before = liveTensors()
    const got = withBackend(backend, () => scope(() => run(given, backend)))
    const expected = { ...given.expected, 'out through the map': given.expected.out }
    for (const [name, { data, shape }] of Object.entries(expected)) {
      expect(got[name].shape, name).toEqual(shape)
      await expectWithin(got[name], data, eps, name)
    }
    for (const t of Object.values(got)) t.dispose()
    expect(liveTensors()).toBe(before)
  })
})
