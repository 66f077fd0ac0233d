import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Backend } from '../backends/backend.js'
import { coded, comparedBackends, withBackend } from '../testing/index.js'
import { expectGolden } from '../testing/family-goldens.js'
import { tinyGpt2 } from '../testing/tiny-gpt2.js'
import { gpt2Config } from './gpt2-config.js'
import { gpt2 } from './gpt2.js'
import { CausalModel, loadModel, padIds, Run, saveModel } from './index.js'

describe.each(comparedBackends)('$name gives what transformers gives', ({ start }) => {
  let backend: Backend
  beforeAll(() => void (backend = start()))
  afterAll(() => backend.dispose())

  it.each(['gpt2', 'gpt2-scaled', 'gpt2-unscaled', 'gpt2-old'])('%s', (name) =>
    withBackend(backend, () => expectGolden(name)),
  )
})

it('queries, keys and values are views of one projection', async () => {
  using model = tinyGpt2()
  const memories = new Set<object>()
  const observer = {
    sites: 'layers.0.self',
    attention: ({ q, k, v }: { q: { storage: object }; k: { storage: object }; v: { storage: object } }) =>
      void [q, k, v].forEach((t) => memories.add(t.storage)),
  }
  model.hidden(new Run(model, { observers: [observer] }), padIds([[1, 2, 3]], 0)).dispose()
  expect(memories.size).toBe(1)
})

it('takes names with and without the prefix, and leaves out masks and the copy of a tied table', () => {
  const config = gpt2Config({ model_type: 'gpt2' })
  const rename = (name: string) => gpt2.rename!(name, config)
  expect(rename('h.3.attn.c_attn.weight')).toBe('transformer.h.3.attn.c_attn.weight')
  expect(rename('transformer.wte.weight')).toBe('transformer.wte.weight')
  for (const name of ['h.0.attn.bias', 'transformer.h.11.attn.masked_bias', 'lm_head.weight'])
    expect(rename(name)).toBeUndefined()
  expect(rename('transformer.h.0.attn.c_attn.bias')).toBe('transformer.h.0.attn.c_attn.bias')
  expect(gpt2.rename!('lm_head.weight', { ...config, tied: false })).toBe('lm_head.weight')
})

it('is saved as it was stored', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'heed-gpt2-'))
  try {
    using model = tinyGpt2({ tie_word_embeddings: false }, { chatTemplate: '{{ messages }}' })
    await saveModel(model, folder)
    using loaded = await loadModel<CausalModel>(folder)
    expect(loaded).toBeInstanceOf(CausalModel)
    expect(loaded.files).toEqual(model.files)
    expect(Object.keys(loaded.weights).sort()).toEqual(Object.keys(model.weights).sort())
    const fused = 'transformer.h.0.attn.c_attn.weight'
    expect(loaded.weights[fused].shape).toEqual([8, 24])
    expect([...(await loaded.weights[fused].data())]).toEqual(
      [...(await model.weights[fused].data())].map(Math.fround),
    )
  } finally {
    await rm(folder, { recursive: true })
  }
})

describe('config.json', () => {
  const refused = (fields: Record<string, unknown>, code: 'format' | 'unsupported', ...words: string[]) =>
    expect(() => gpt2Config({ model_type: 'gpt2', ...fields })).toThrow(coded(code, ...words))

  it('has the defaults of transformers', () => {
    expect(gpt2Config({ model_type: 'gpt2' })).toEqual({
      json: { model_type: 'gpt2' },
      vocabSize: 50257,
      width: 768,
      layers: 12,
      heads: 12,
      inner: 3072,
      activation: 'geluTanh',
      maxPositions: 1024,
      normEps: 1e-5,
      scaled: true,
      scaledByLayer: false,
      tied: true,
    })
    expect(gpt2Config({ model_type: 'gpt2', n_embd: 24, n_inner: null }).inner).toBe(96)
  })

  it('is refused by name where it asks for something else', () => {
    refused({ add_cross_attention: true }, 'format', 'add_cross_attention')
    refused({ scale_attn_weights: 1 }, 'format', 'scale_attn_weights')
    refused({ activation_function: 'tanh' }, 'format', 'activation_function', 'tanh')
    refused({ n_head: 5 }, 'format', '5 heads', '768')
    refused({ n_ctx: 512 }, 'unsupported', 'n_ctx', '512', '1024')
    refused({ n_layers: 2 }, 'unsupported', 'n_layers')
    refused({ n_positions: 0 }, 'format', 'n_positions')
  })
})
