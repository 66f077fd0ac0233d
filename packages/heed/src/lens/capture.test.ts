import { expect, test } from 'vitest'
import { valueAndGrad } from '../autograd/index.js'
import { padIds, Run } from '../models/index.js'
import { weightedSum } from '../testing/gradcheck.js'
import { coded, onBackends } from '../testing/index.js'
import { tinyGpt2 } from '../testing/tiny-gpt2.js'
import { tinyTransformer } from '../testing/tiny-transformer.js'
import { capture, type Capture } from './capture.js'
import { Recorder } from './recorder.js'
import { see } from './see.js'

const text = 'the dog sees the cat'
const mapsOf = async (captured: Capture, site: string) =>
  Promise.all(
    Array.from({ length: captured.heads }, async (_, head) => [...(await captured.map(site, head).tile())]),
  )

onBackends('capture', () => {
  test('keeps what the maps of a text follow from', async () => {
    using model = tinyTransformer()
    const seen = await see(model, text)
    using captured = await capture(model, text)
    expect(captured.sites).toEqual(model.sites)
    expect(captured.of).toEqual({ text, output: seen.output, tokens: seen.tokens })
    for (const { site, head, weights } of seen.maps)
      expect([...(await captured.map(site, head).tile())].map((w) => Number(w.toPrecision(9)))).toEqual(
        weights.flat(),
      )
    const mean = captured.mean({ sites: 'encoder.*.self' })
    expect(mean.parts).toHaveLength(4)
    expect((await mean.row(0)).reduce((a, b) => a + b)).toBeCloseTo(1, 6)
  })

  test('ends after the last wanted site, and goes on when told', async () => {
    using model = tinyGpt2()
    const passed: string[] = []
    const watch = {
      activation: (site: string, x: typeof import('../tensor/index.js').Tensor.prototype) => (
        passed.push(site),
        x
      ),
    }
    using one = await capture(model, text, { sites: ['layers.0.self', 'layers.0.q'], with: [watch] })
    expect([one.sites, [...one.activations.keys()]]).toEqual([['layers.0.self'], ['layers.0.q']])
    expect(passed.at(-1)).toBe('layers.0.v')
    using whole = await capture(model, text, { sites: 'layers.0.self', whole: true, with: [watch] })
    expect(passed.at(-1)).toBe('layers.1.output')
    expect(whole.sites).toEqual(['layers.0.self'])
    expect(await one.activation('layers.0.q').data()).toEqual(await one.attention('layers.0.self').q.data())
  })

  test('values and outputs are kept where asked for', async () => {
    using model = tinyGpt2()
    using plain = await capture(model, text)
    expect(plain.attention('layers.1.self').v).toBeUndefined()
    using all = await capture(model, text, {
      sites: ['layers.1.self', 'layers.1.heads'],
      values: true,
      outputs: true,
    })
    const { v, out } = all.attention('layers.1.self')
    expect(v!.shape).toEqual(out!.shape)
    expect(await out!.data()).toEqual(await all.activation('layers.1.heads').data())
  })

  test('rows are appended as tokens come, and are those of one pass', async () => {
    using model = tinyGpt2()
    for (const cache of [true, false]) {
      using recorder = new Recorder(model, { outputs: true })
      let generated = ''
      for await (const token of model.generate(text, {
        maxTokens: 6,
        endIds: [],
        cache,
        observers: [recorder],
      }))
        generated += token.text
      void generated
      using steps = recorder.capture()
      const { q, out } = steps.attention('layers.1.self')
      using again = new Recorder(model)
      const ids = model.tokenizer!.encodeIds(text, { addSpecials: false })
      expect(out!.shape).toEqual(q.shape)
      // The last token is chosen, but never passes through the model.
      expect(q.shape[1]).toBe(ids.length + 5)
      const all: number[] = []
      for await (const { id } of model.generate(text, { maxTokens: 5, endIds: [] })) all.push(id)
      const hidden = model.hidden(new Run(model, { observers: [again] }), padIds([[...ids, ...all]], 0))
      hidden.dispose()
      using whole = again.capture()
      for (const site of model.sites) {
        const [got, expected] = [await mapsOf(steps, site), await mapsOf(whole, site)]
        for (const [head, map] of got.entries())
          map.forEach((w, at) => expect(w).toBeCloseTo(expected[head][at], 5))
      }
    }
  })

  test('a training run is watched like any other', async () => {
    using model = tinyGpt2()
    const ids = [...model.tokenizer!.encodeIds(text, { addSpecials: false })]
    using recorder = new Recorder(model, { sites: ['layers.*.self', 'logits'] })
    const run = new Run(model, { mode: 'train', observers: [recorder] })
    const { value, grads } = valueAndGrad(model.weights, () => {
      const logits = model.logits(run, padIds([ids, ids.slice(2)], 0))
      return weightedSum(logits)
    })
    for (const t of [value, ...Object.values(grads)]) t.dispose()
    using captured = recorder.capture()
    expect(captured.of).toBeUndefined()
    expect(captured.activation('logits').shape).toEqual([2, ids.length, 280])
    const second = captured.map('layers.1.self', 1, { batch: 1 })
    using alone = await capture(model, model.tokenizer!.decode(ids.slice(2)))
    const [got, expected] = [
      await second.tile({ rows: [0, 3], cols: [0, 3] }),
      await alone.map('layers.1.self', 1).tile({ rows: [0, 3], cols: [0, 3] }),
    ]
    got.forEach((w, at) => expect(w).toBeCloseTo(expected[at], 5))
  })

  test('what is not there is named with what is', async () => {
    using model = tinyGpt2()
    await expect(capture(model, text, { sites: 'layers.7.self' })).rejects.toThrow(
      coded('not-found', "'layers.7.self'", 'layers.0.self', 'layers.1.mlp'),
    )
    await expect(capture(model, ' ')).rejects.toThrow(coded('input', 'empty'))
    using captured = await capture(model, text, { sites: 'layers.1.self' })
    expect(() => captured.map('layers.0.self', 0)).toThrow(
      coded('not-found', 'layers.0.self', 'layers.1.self'),
    )
    expect(() => captured.map('layers.1.self', 2)).toThrow(coded('not-found', 'head 2', '0 to 1'))
    expect(() => captured.map('layers.1.self', 0, { batch: 1 })).toThrow(coded('not-found', 'batch row 1'))
    expect(() => captured.activation('layers.1.q')).toThrow(coded('not-found', 'layers.1.q', 'none'))
  })
})
