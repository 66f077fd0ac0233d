import { afterAll, expect, test } from 'vitest'
import { valueAndGrad } from '../autograd/index.js'
import { attention, gated, linear, randn, relu, rmsNorm, slice } from '../ops/index.js'
import { scope, type Tensor } from '../tensor/index.js'
import { coded, expectWithin, held, weightedSum } from '../testing/index.js'
import {
  attentionBlock,
  type AttentionRun,
  feedForward,
  gatedFeedForward,
  normalize,
  optionalWeight,
  project,
  rmsNormalize,
  splitHeads,
  unembed,
  weight,
} from './index.js'

const D = 6
const weights: Record<string, Tensor> = {}
let seed = 1
for (const name of ['query', 'key', 'value', 'output']) {
  weights[`site.${name}.weight`] = randn([D, D], { seed: seed++ })
  weights[`site.${name}.bias`] = randn([D], { seed: seed++ })
}
afterAll(() => Object.values(weights).forEach((w) => w.dispose()))

const run: AttentionRun = {
  attend: (_, q, k, v, options) => attention(q, k, v, options),
  once: (_, make) => make(),
}

const rows = async (t: Tensor) => {
  const [data, width] = [await t.data(), t.shape.at(-1)!]
  return Array.from({ length: t.size / width }, (_, r) => Array.from(data.slice(r * width, (r + 1) * width)))
}

test('the attention block is the formula, head by head', async () => {
  const [x, source] = held([randn([1, 3, D], { seed: 90 }), randn([1, 4, D], { seed: 91 })])
  using out = attentionBlock(run, weights, 'site', x, source, { heads: 2 })

  const [q, k, v] = await Promise.all(
    [
      ['query', x],
      ['key', source],
      ['value', source],
    ].map(([name, t]) => rows(held(project(weights, `site.${name as string}`, t as Tensor)))),
  )
  const joined = q.map(() => Array<number>(D).fill(0))
  for (let h = 0; h < 2; h++)
    q.forEach((qi, i) => {
      const scores = k.map(
        (kj) => [0, 1, 2].reduce((s, d) => s + qi[3 * h + d] * kj[3 * h + d], 0) / Math.sqrt(3),
      )
      const sum = scores.reduce((s, x) => s + Math.exp(x), 0)
      v.forEach((vj, j) => {
        for (let d = 0; d < 3; d++) joined[i][3 * h + d] += (Math.exp(scores[j]) / sum) * vj[3 * h + d]
      })
    })
  const W = await rows(weights['site.output.weight'])
  const b = await weights['site.output.bias'].data()
  const expected = joined.flatMap((z) => W.map((w, o) => w.reduce((s, x, c) => s + x * z[c], b[o])))
  await expectWithin(out, Float64Array.from(expected), 1e-12)
})

test('rows that share a source row read it as if it were theirs', async () => {
  const [x, source] = held([randn([4, 2, D], { seed: 92 }), randn([2, 3, D], { seed: 93 })])
  const lengths = [2, 3]
  using shared = attentionBlock(run, weights, 'site', x, source, { heads: 3, lengths })
  for (let r = 0; r < 4; r++) {
    const b = Math.floor(r / 2)
    const own = { heads: 3, lengths: [lengths[b]] }
    const row = held({ x: slice(x, 0, r, r + 1), source: slice(source, 0, b, b + 1) })
    using alone = attentionBlock(run, weights, 'site', row.x, row.source, own)
    await expectWithin(held(slice(shared, 0, r, r + 1)), alone, 1e-14)
  }
})

test('only keys and values of another source are made once', () => {
  const made: string[] = []
  const counting: AttentionRun = { ...run, once: (site, make) => (made.push(site), make()) }
  const [x, source] = held([randn([1, 2, D]), randn([1, 2, D])])
  held(attentionBlock(counting, weights, 'site', x, x, { heads: 1 }))
  expect(made).toEqual([])
  held(attentionBlock(counting, weights, 'site', x, source, { heads: 1 }))
  expect(made).toEqual(['site'])
})

test('a source that several rows share gathers the gradients of all', async () => {
  const [x, source] = held([randn([4, 1, D], { seed: 94 }), randn([2, 3, D], { seed: 95 })])
  const loss = () => weightedSum(attentionBlock(run, weights, 'site', x, source, { heads: 2 }))
  const shared = held(valueAndGrad({ source }, loss))
  const step = 1e-5
  const values = await source.data()
  const analytic = await shared.grads.source.data()
  for (const i of [0, 7, 20, 35]) {
    const at = async (delta: number) => {
      source.device.write(source.storage, 0, values.with(i, values[i] + delta))
      return held(scope(loss)).item()
    }
    expect(analytic[i]).toBeCloseTo(((await at(step)) - (await at(-step))) / (2 * step), 6)
  }
})

test('layers look their weights up by name', async () => {
  const w = held({
    'ffn.in.weight': randn([5, D], { seed: 40 }),
    'ffn.in.bias': randn([5], { seed: 41 }),
    'ffn.out.weight': randn([D, 5], { seed: 42 }),
    'ffn.out.bias': randn([D], { seed: 43 }),
    'norm.weight': randn([D], { seed: 44 }),
    'norm.bias': randn([D], { seed: 45 }),
    'embedding.weight': randn([9, D], { seed: 46 }),
  })
  using x = randn([2, 3, D], { seed: 47 })
  using hidden = scope(() => relu(linear(x, w['ffn.in.weight'], w['ffn.in.bias'])))
  using expected = linear(hidden, w['ffn.out.weight'], w['ffn.out.bias'])
  await expectWithin(held(feedForward(w, 'ffn', x)), expected, 1e-14)
  expect(held(unembed(w, 'embedding', x)).shape).toEqual([2, 3, 9])
  const [first] = await rows(held(normalize(w, 'norm', x, 0)))
  const [gamma, beta] = [await w['norm.weight'].data(), await w['norm.bias'].data()]
  const standard = first.map((y, c) => (y - beta[c]) / gamma[c])
  expect(standard.reduce((a, b) => a + b, 0)).toBeCloseTo(0, 10)
  expect(standard.reduce((a, b) => a + b * b, 0) / D).toBeCloseTo(1, 10)
  expect(() => weight(w, 'toString')).toThrow(coded('not-found', "'toString'"))
  expect(held(splitHeads(x, 2)).shape).toEqual([2, 3, 2, 3])
})

test('layers of the Llama family, with biases where the model has them', async () => {
  const w: Record<string, Tensor> = held({
    'mlp.gate_proj.weight': randn([5, D], { seed: 50 }),
    'mlp.up_proj.weight': randn([5, D], { seed: 51 }),
    'mlp.down_proj.weight': randn([D, 5], { seed: 52 }),
    'norm.weight': randn([D], { seed: 53 }),
  })
  const [x, bias] = held([randn([2, 3, D], { seed: 54 }), randn([5], { seed: 55 })])
  for (const up of [undefined, bias]) {
    if (up) w['mlp.up_proj.bias'] = up
    using expected = scope(() => {
      const [gate, linearUp] = [linear(x, w['mlp.gate_proj.weight']), linear(x, w['mlp.up_proj.weight'], up)]
      return linear(gated(gate, linearUp, 'geluTanh'), w['mlp.down_proj.weight'])
    })
    await expectWithin(held(gatedFeedForward(w, 'mlp', x, 'geluTanh')), expected, 1e-14)
  }
  await expectWithin(held(rmsNormalize(w, 'norm', x, 0.1)), held(rmsNorm(x, w['norm.weight'], 0.1)), 0)
  expect(optionalWeight(w, 'toString')).toBeUndefined()
  expect(() => rmsNormalize(w, 'other', x, 0.1)).toThrow(coded('not-found', "'other.weight'"))
})
