import { beforeEach, expect, test } from 'vitest'
import { backendOf, setBackend } from '../backends/current.js'
import { ReferenceBackend } from '../backends/reference/index.js'
import { initTransformer, type Transformer, translationBatch } from '../models/index.js'
import { full } from '../ops/create.js'
import { scale } from '../ops/arithmetic.js'
import { held } from '../testing/index.js'
import { nonFiniteWords, whereItBegan } from './non-finite.js'
import type { Batch } from './task.js'

beforeEach(() => {
  setBackend(new ReferenceBackend())
})

const shape = { vocab_size: 12, d_model: 8, num_heads: 2, encoder_layers: 1, decoder_layers: 1, d_ff: 8 }
const model = () => initTransformer({ ...shape, dropout: 0.5 }, 3)
const batch: Batch<Transformer> = {
  tokens: 3,
  loss: (model, run) =>
    model.loss(run, translationBatch([{ source: [4, 5, 2], target: [6, 7, 2] }], model.config)),
}
const spoil = (model: Transformer, name: string, value: number) => {
  const t = model.weights[name]
  backendOf(t).kernels.fill(t, value)
}

test('a weight is named', async () => {
  using m = model()
  spoil(m, 'decoder.0.cross.key.bias', NaN)
  spoil(m, 'encoder.0.norm2.weight', Infinity)
  const found = await whereItBegan(m, batch, { seed: 1 }, {})
  expect(nonFiniteWords(found)).toBe('the weight encoder.0.norm2.weight (8 of 8 values)')
})

test('where weights are finite, the activation that overflows first is named', async () => {
  using m = model()
  spoil(m, 'encoder.0.feed_forward.out.weight', 3e38)
  const found = await whereItBegan(m, batch, { seed: 1 }, {})
  expect(found).toMatchObject({ kind: 'activation', name: 'encoder.0.mlp' })
})

test('else the loss, else the gradient that the backward pass makes first, else the norm', async () => {
  using m = model()
  const infinite: Batch<Transformer> = {
    tokens: 3,
    loss: (model, run) => scale(batch.loss(model, run), 3e38),
  }
  expect(nonFiniteWords(await whereItBegan(m, infinite, { seed: 1 }, {}))).toBe('the loss itself')
  const [good, bad] = [held(full([2], 1)), held(full([2], NaN))]
  const found = await whereItBegan(m, batch, { seed: 1 }, { a: bad, b: bad, c: good })
  expect(nonFiniteWords(found)).toBe('the gradient of b (2 of 2 values)')
  expect(await whereItBegan(m, batch, { seed: 1 }, { a: good })).toMatchObject({ kind: 'norm' })
})
