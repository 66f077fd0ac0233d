import { describe, expect, it, test } from 'vitest'
import { type CausalModel, padIds, Run } from '../models/index.js'
import { scope } from '../tensor/index.js'
import { coded, comparedBackends, withBackend } from '../testing/index.js'
import { tinyBert, tinyLlama, tinyQwen2 } from '../testing/tiny-families.js'
import { tinyGpt2 } from '../testing/tiny-gpt2.js'
import { tinyTransformer } from '../testing/tiny-transformer.js'
import { attributeLogit, type Attribution, capture } from './index.js'

const text = 'the dog sees'
const sum = ({ parts }: Attribution) => parts.reduce((total, { value }) => total + value, 0)
const near = (got: number, expected: number, eps = 1e-4) =>
  expect(Math.abs(got - expected)).toBeLessThan(eps * Math.max(1, Math.abs(expected)))

/** The model's own logits of a text, [T][V]. */
async function logitsOf(model: CausalModel): Promise<number[][]> {
  const { ids } = model.encode(text)
  using all = scope(() => model.logits(new Run(model), padIds([ids], 0)))
  const [values, V] = [await all.data(), all.shape[2]]
  return Array.from(ids, (_, t) => Array.from(values.subarray(t * V, (t + 1) * V)))
}

describe.each([
  { name: 'gpt2', make: tinyGpt2 },
  { name: 'llama', make: tinyLlama },
  { name: 'qwen2', make: tinyQwen2 },
])('$name', ({ make }) => {
  it.each([undefined, comparedBackends[0]])(
    'the parts add up to the logit that the model gives',
    async (start) => {
      const backend = start?.start()
      await (backend ? withBackend(backend, check) : check())
      backend?.dispose()
    },
  )

  async function check() {
    using model: CausalModel = make()
    const logits = await logitsOf(model)
    const last = logits.length - 1
    for (const [token, position] of [
      [5, -1],
      [264, 0],
      [100, 2],
    ]) {
      const got = await attributeLogit(model, text, { token, position })
      const at = position < 0 ? last : position
      expect(got.position).toBe(at)
      near(got.logit, logits[at][token])
      near(sum(got), logits[at][token])
      expect(got.parts.filter(({ part }) => part === 'head')).toHaveLength(2 * model.heads)
      expect(got.parts.filter(({ part }) => part === 'mlp')).toHaveLength(2)
    }
    const difference = await attributeLogit(model, text, { token: 5, versus: 9 })
    near(difference.logit, logits[last][5] - logits[last][9])
    near(sum(difference), logits[last][5] - logits[last][9])
    const [one, other] = [
      await attributeLogit(model, text, { token: 5 }),
      await attributeLogit(model, text, { token: 9 }),
    ]
    difference.parts.forEach(({ value }, n) => near(value, one.parts[n].value - other.parts[n].value))
  }
})

test('a head of GPT-2, step by step', async () => {
  using model = tinyGpt2()
  const [D, Dv, head, token, t] = [8, 4, 1, 17, 3]
  const { parts } = await attributeLogit(model, text, { token, position: t })
  using captured = await capture(model, text, { sites: ['layers.0.heads', 'layers.1.output'] })
  const numbers = async (name: string) => [...(await model.weights[name].data())]
  const x = [...(await captured.activation('layers.1.output').data())].slice(t * D, (t + 1) * D)
  const out = [...(await captured.activation('layers.0.heads').data())].slice(t * D + head * Dv, t * D + D)
  const W = await numbers('transformer.h.0.attn.c_proj.weight')
  const added = Array.from({ length: D }, (_, c) =>
    out.reduce((total, v, d) => total + v * W[(head * Dv + d) * D + c], 0),
  )
  const mean = (v: number[]) => v.reduce((a, b) => a + b) / v.length
  const sigma = Math.sqrt(mean(x.map((v) => (v - mean(x)) ** 2)) + 1e-5)
  const gain = await numbers('transformer.ln_f.weight')
  const U = (await numbers('transformer.wte.weight')).slice(token * D, (token + 1) * D)
  const expected = added.reduce((total, c, d) => total + ((c - mean(added)) / sigma) * gain[d] * U[d], 0)
  const part = parts.find((one) => one.part === 'head' && one.site === 'layers.0.self' && one.head === head)
  near(part!.value, expected, 1e-9)
  expect(parts.map(({ part }) => part)).toEqual([
    'embedding',
    'head',
    'head',
    'bias',
    'mlp',
    'head',
    'head',
    'bias',
    'mlp',
    'norm',
  ])
})

test('the decoder of a pre-norm Transformer: cross-attention counts too', async () => {
  using model = tinyTransformer()
  const target = 'der Hund'
  const { logits } = await model.run(text, { target })
  const got = await attributeLogit(model, text, { token: 40, target })
  near(sum(got), logits[got.position * 270 + 40], 1e-6)
  near(got.logit, logits[got.position * 270 + 40], 1e-6)
  expect(got.parts.map(({ part, site, head = '' }) => `${part} ${site} ${head}`.trim()).slice(0, 8)).toEqual([
    'embedding decoder.embedding',
    'head decoder.0.self 0',
    'head decoder.0.self 1',
    'bias decoder.0.self',
    'head decoder.0.cross 0',
    'head decoder.0.cross 1',
    'bias decoder.0.cross',
    'mlp decoder.0.mlp',
  ])
})

test('refuses post-norm models with the reason, and tokens that there are not', async () => {
  using bert = tinyBert()
  await expect(attributeLogit(bert, text, { token: 5 })).rejects.toThrow(
    coded('unsupported', 'post-norm', 'logitLens()'),
  )
  using post = tinyTransformer({ norm: 'post' })
  await expect(attributeLogit(post, text, { token: 5, target: 'x' })).rejects.toThrow(
    coded('unsupported', 'post-norm'),
  )
  using model = tinyGpt2()
  await expect(attributeLogit(model, text, { token: 280 })).rejects.toThrow(
    coded('not-found', 'no token 280'),
  )
  await expect(attributeLogit(model, text, { token: 1, versus: -1 })).rejects.toThrow(
    coded('not-found', 'no token -1'),
  )
  await expect(attributeLogit(model, text, { token: 1, position: 99 })).rejects.toThrow(
    coded('not-found', 'no position 99'),
  )
})
