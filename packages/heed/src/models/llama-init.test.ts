import { beforeAll, expect, it } from 'vitest'
import { setBackend } from '../backends/current.js'
import { ReferenceBackend } from '../backends/reference/index.js'
import { coded } from '../testing/index.js'
import { CausalModel, initLlama } from './index.js'

const json = (more: Record<string, unknown> = {}) => ({
  model_type: 'llama',
  architectures: ['LlamaForCausalLM'],
  vocab_size: 50,
  hidden_size: 64,
  num_hidden_layers: 8,
  num_attention_heads: 4,
  intermediate_size: 96,
  max_position_embeddings: 8,
  ...more,
})

const deviation = (values: ArrayLike<number>) =>
  Math.sqrt(Array.from(values).reduce((sum, x) => sum + x * x, 0) / values.length)

beforeAll(() => void setBackend(new ReferenceBackend()))

it('draws matrices from N(0, 0.02), those into the residual stream narrower; norms are 1, biases 0', async () => {
  using model = initLlama(json({ attention_bias: true }), 3)
  expect(model).toBeInstanceOf(CausalModel)
  expect(Object.keys(model.weights)).toContain('lm_head.weight')
  for (const [name, weight] of Object.entries(model.weights)) {
    const values = await weight.data()
    if (weight.rank === 1) {
      expect([name, ...new Set(values)]).toEqual([name, name.endsWith('bias') ? 0 : 1])
      continue
    }
    const std = deviation(values)
    const expected = /o_proj|down_proj/.test(name) ? 0.02 / 4 : 0.02
    expect([name, std / expected]).toEqual([name, expect.closeTo(1, 1)])
  }
})

it('is as wide as initializer_range says, and may be one of its kin', async () => {
  const kin = { model_type: 'qwen2', num_key_value_heads: 4, initializer_range: 0.3 }
  using model = initLlama(json(kin), 3)
  expect(Object.keys(model.weights)).toContain('model.layers.0.self_attn.q_proj.bias')
  const values = await model.weights['model.layers.0.self_attn.q_proj.weight'].data()
  expect(deviation(values) / 0.3).toBeCloseTo(1, 1)
})

it('is a pure function of the seed, and refuses what the family refuses', async () => {
  using one = initLlama(json({ tie_word_embeddings: true }), 1)
  using same = initLlama(json({ tie_word_embeddings: true }), 1)
  using other = initLlama(json({ tie_word_embeddings: true }), 2)
  expect(Object.keys(one.weights)).not.toContain('lm_head.weight')
  for (const name of Object.keys(one.weights).filter((name) => !name.includes('norm'))) {
    const [a, b, c] = await Promise.all([one, same, other].map((model) => model.weights[name].data()))
    expect(b).toEqual(a)
    expect(c).not.toEqual(a)
  }
  expect(() => initLlama(json({ dropout: 0.1 }), 1)).toThrow(coded('unsupported', 'dropout'))
  expect(() => initLlama(json({ model_type: 'gpt2' }), 1)).toThrow(coded('unsupported', '"gpt2"', 'qwen3'))
  for (const initializer_range of [0, -1, 'wide'])
    expect(() => initLlama(json({ initializer_range }), 1)).toThrow(coded('format', 'initializer_range'))
})
