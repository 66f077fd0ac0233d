import { expect, it } from 'vitest'
import type { Model } from '../models/index.js'
import { dense } from '../ops/check.js'
import { linear } from '../ops/linear.js'
import { scope, type Tensor } from '../tensor/index.js'
import { coded, expectWithin, held } from '../testing/index.js'
import { tinyBert, tinyLlama, tinyQwen2 } from '../testing/tiny-families.js'
import { tinyGpt2 } from '../testing/tiny-gpt2.js'
import { tinyTransformer } from '../testing/tiny-transformer.js'
import { capture, type Capture } from './capture.js'
import { attentionInputs, headProjections, inputActivations } from './projections.js'

const text = 'a dog, a cat'

/** x W + b of one head, [T, d]. */
const projected = (x: Tensor, weight: Tensor, bias?: Tensor): Tensor =>
  scope(() =>
    linear(x.view(x.shape.slice(1), x.strides.slice(1)), dense(weight), bias && dense(bias), {
      transposed: true,
    }),
  )

/** [T, d] of one head of [1, T, H, d]. */
const headOf = (t: Tensor, head: number): Tensor => {
  const [, T, , d] = t.shape
  return scope(() => dense(t.view([T, d], [t.strides[1], 1], t.offset + head * d)))
}

async function captured(model: Model, site: string): Promise<Capture> {
  return capture(model, text, { sites: [site, ...inputActivations(model, site)], values: true })
}

const exact: [string, () => Model, string][] = [
  ['gpt2: one matrix for three', tinyGpt2, 'layers.1.self'],
  ['bert: norms come last', tinyBert, 'layers.1.self'],
  ['the Transformer reads itself', () => tinyTransformer({ norm: 'pre' }), 'encoder.0.self'],
  ['the decoder reads itself', () => tinyTransformer({ norm: 'pre' }), 'decoder.0.self'],
  ['the decoder reads the source', () => tinyTransformer({ norm: 'pre' }), 'decoder.0.cross'],
  ['the same with norms last', () => tinyTransformer({ norm: 'post' }), 'decoder.0.cross'],
]

it.each(exact)('%s: x W + b is q, k and v', async (_, make, site) => {
  using model = make()
  using seen = await captured(model, site)
  const { queries, keys } = attentionInputs(model, seen, site)
  const { q, k, v } = seen.attention(site)
  for (const head of [0, model.heads - 1]) {
    const W = headProjections(model, seen, site, head)
    for (const [x, { weight, bias }, seenAs] of [
      [queries.read, W.q, q],
      [keys.read, W.k, k],
      [keys.read, W.v, v!],
    ] as const) {
      await expectWithin(held(projected(x, weight, bias)), held(headOf(seenAs, head)), 1e-5)
      held(weight)
      if (bias) held(bias)
    }
  }
  for (const side of [queries, keys]) for (const t of [side.stream, side.read]) held(t)
})

it.each([
  ['llama, four heads on two', tinyLlama],
  ['qwen2, with biases', tinyQwen2],
] as const)('%s: values are x W + b, queries are turned but as long', async (_, make) => {
  using model = make()
  const site = 'layers.1.self'
  using seen = await captured(model, site)
  expect(model.inputProjections!(site)).toMatchObject({ rotary: true })
  const { queries, keys } = attentionInputs(model, seen, site)
  const { q, v } = seen.attention(site)
  const W = headProjections(model, seen, site, 3)
  await expectWithin(held(projected(keys.read, W.v.weight, W.v.bias)), held(headOf(v!, 1)), 1e-5)
  const before = await held(projected(queries.read, W.q.weight, W.q.bias)).data()
  const after = await held(headOf(q, 3)).data()
  const length = (x: ArrayLike<number>) => Array.from(x).reduce((sum, n) => sum + n * n, 0)
  expect(length(after)).toBeCloseTo(length(before), 3)
  expect(Array.from(after)).not.toEqual(Array.from(before))
  for (const side of [queries, keys]) for (const t of [side.stream, side.read]) held(t)
  for (const { weight, bias } of Object.values(W)) {
    held(weight)
    if (bias) held(bias)
  }
})

it('says what is missing', async () => {
  using model = tinyBert()
  const site = 'layers.0.self'
  using without = await capture(model, text, { sites: [site] })
  expect(() => headProjections(model, without, site, 0)).toThrow(coded('input', 'values: true'))
  expect(() => attentionInputs(model, without, site)).toThrow(coded('not-found', 'layers.0.input'))
  const silent = { weights: model.weights, heads: model.heads }
  expect(() => inputActivations(silent, site)).toThrow(coded('unsupported', 'inputProjections'))
  using seen = await captured(model, site)
  expect(() => headProjections(model, seen, site, 9)).toThrow(coded('not-found', 'head 9'))
})
