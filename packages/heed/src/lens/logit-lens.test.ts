import { describe, expect, it, test } from 'vitest'
import { padIds, Run, type SequenceModel } from '../models/index.js'
import { softmax } from '../ops/index.js'
import { scope } from '../tensor/index.js'
import { coded, comparedBackends, withBackend } from '../testing/index.js'
import { tinyBert, tinyLlama } from '../testing/tiny-families.js'
import { tinyGpt2 } from '../testing/tiny-gpt2.js'
import { tinyTransformer } from '../testing/tiny-transformer.js'
import { capture, logitLens } from './index.js'

const text = 'the dog sees'

/** Probabilities as the model itself gives them, [T][V]. */
async function said(model: SequenceModel): Promise<number[][]> {
  const { ids } = model.encode(text)
  using all = scope(() => softmax(model.logits(new Run(model), padIds([ids], 0))))
  const [values, V] = [await all.data(), all.shape[2]]
  return Array.from(ids, (_, t) => Array.from(values.subarray(t * V, (t + 1) * V)))
}

const order = (row: readonly number[]) =>
  row
    .map((probability, id) => ({ id, probability }))
    .sort((a, b) => b.probability - a.probability || a.id - b.id)

describe.each([
  { name: 'gpt2', make: tinyGpt2 },
  { name: 'llama', make: tinyLlama },
  { name: 'bert', make: tinyBert },
])('$name', ({ make }) => {
  it.each([undefined, comparedBackends[0]])('at the last layer it is what the model says', async (start) => {
    const backend = start?.start()
    await (backend ? withBackend(backend, check) : check())
    backend?.dispose()
  })

  async function check() {
    using model: SequenceModel = make()
    const { layers, positions, tokens } = await logitLens(model, text, { top: 3 })
    expect(layers.map(({ site }) => site)).toEqual(['embedding', 'layers.0.output', 'layers.1.output'])
    expect(positions).toEqual(tokens.source.map((_, t) => t))
    const expected = await said(model)
    for (const [t, likely] of layers[2].likely.entries()) {
      const best = order(expected[t]).slice(0, 3)
      expect(likely.map(({ id }) => id)).toEqual(best.map(({ id }) => id))
      likely.forEach(({ id, text, probability }, n) => {
        expect(probability).toBeCloseTo(best[n].probability, 5)
        if (model.tokenizer!.has(id))
          expect(text).toBe(model.tokenizer!.decode([id], { skipSpecials: false }))
      })
    }
  }
})

test('by hand: layer 0 of GPT-2, normed and multiplied with the table', async () => {
  using model = tinyGpt2()
  const { layers } = await logitLens(model, text, { positions: [2], top: 2 })
  using captured = await capture(model, text, { sites: 'layers.0.output' })
  const D = 8
  const x = [...(await captured.activation('layers.0.output').data())].slice(2 * D, 3 * D)
  const numbers = async (name: string) => [...(await model.weights[name].data())]
  const [gain, shift, table] = [
    await numbers('transformer.ln_f.weight'),
    await numbers('transformer.ln_f.bias'),
    await numbers('transformer.wte.weight'),
  ]
  const mean = x.reduce((a, b) => a + b) / D
  const sigma = Math.sqrt(x.reduce((sum, v) => sum + (v - mean) ** 2, 0) / D + 1e-5)
  const normed = x.map((v, d) => ((v - mean) / sigma) * gain[d] + shift[d])
  const scores = Array.from({ length: 280 }, (_, id) =>
    normed.reduce((sum, v, d) => sum + v * table[id * D + d], 0),
  )
  const all = scores.reduce((sum, s) => sum + Math.exp(s), 0)
  const best = order(scores.map((s) => Math.exp(s) / all)).slice(0, 2)
  expect(layers[1].likely).toHaveLength(1)
  layers[1].likely[0].forEach(({ id, probability }, n) => {
    expect(id).toBe(best[n].id)
    expect(probability).toBeCloseTo(best[n].probability, 8)
  })
})

test.each(['pre', 'post'] as const)('the decoder of a %s-norm Transformer, over its target', async (norm) => {
  using model = tinyTransformer({ norm })
  const target = 'der Hund'
  const { layers, tokens, positions } = await logitLens(model, text, { target, top: 1, positions: [-1, 0] })
  const { logits } = await model.run(text, { target })
  expect(layers.map(({ site }) => site)).toEqual([
    'decoder.embedding',
    'decoder.0.output',
    'decoder.1.output',
  ])
  const T = tokens.target.length
  expect(positions).toEqual([T - 1, 0])
  positions.forEach((t, n) => {
    const row = logits.subarray(t * 270, (t + 1) * 270)
    expect(layers[2].likely[n][0].id).toBe(row.indexOf(Math.max(...row)))
  })
})

test('refuses positions that there are not, and models without an output', async () => {
  using model = tinyGpt2()
  await expect(logitLens(model, 'the', { positions: [99] })).rejects.toThrow(
    coded('not-found', 'no position 99'),
  )
  await expect(logitLens(model, 'the', { top: 0 })).rejects.toThrow(coded('option', 'top'))
  await expect(logitLens(model, 'the', { tops: 3 } as object)).rejects.toThrow(coded('option', "'tops'"))
  using bare = tinyGpt2()
  Object.assign(bare.net, { logits: undefined })
  await expect(logitLens(bare, 'the')).rejects.toThrow(coded('unsupported', 'no output over the vocabulary'))
})
