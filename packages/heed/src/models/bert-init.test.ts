import { beforeAll, expect, it } from 'vitest'
import { setBackend } from '../backends/current.js'
import { ReferenceBackend } from '../backends/reference/index.js'
import { coded } from '../testing/index.js'
import { EncoderModel, initBert, padIds, Run } from './index.js'
import { scope } from '../tensor/index.js'

const json = {
  model_type: 'bert',
  vocab_size: 50,
  hidden_size: 64,
  num_hidden_layers: 2,
  num_attention_heads: 4,
  intermediate_size: 96,
  max_position_embeddings: 16,
  type_vocab_size: 1,
  initializer_range: 0.1,
}
beforeAll(() => void setBackend(new ReferenceBackend()))

it('draws matrices from N(0, initializer_range), norms 1, biases 0, and has an output over the vocabulary', async () => {
  using model = initBert(json, 3)
  expect(model).toBeInstanceOf(EncoderModel)
  for (const [name, weight] of Object.entries(model.weights)) {
    const values = [...(await weight.data())]
    if (weight.rank === 1) {
      expect([name, ...new Set(values)]).toEqual([name, name.endsWith('bias') ? 0 : 1])
      continue
    }
    const std = Math.sqrt(values.reduce((sum, x) => sum + x * x, 0) / values.length)
    // 64 numbers at least: the deviation of a sample of 64 is within 0.35 of the true one nearly always
    expect([name, std / 0.1]).toEqual([name, expect.closeTo(1, values.length > 2000 ? 1 : 0)])
  }
  using logits = scope(() => model.logits(new Run(model), padIds([[1, 2, 3]], 0))).keep()
  expect(logits.shape).toEqual([1, 3, 50])
})

it('is a pure function of the seed, and refuses what the family refuses', async () => {
  using one = initBert(json, 1)
  using same = initBert(json, 1)
  using other = initBert(json, 2)
  const name = 'bert.encoder.layer.0.attention.self.query.weight'
  const [a, b, c] = await Promise.all([one, same, other].map((model) => model.weights[name].data()))
  expect(b).toEqual(a)
  expect(c).not.toEqual(a)
  expect(() => initBert({ ...json, dropout: 0.1 }, 1)).toThrow(coded('unsupported', 'dropout'))
  for (const initializer_range of [0, -1, 'wide'])
    expect(() => initBert({ ...json, initializer_range }, 1)).toThrow(coded('format', 'initializer_range'))
})
