import { expect, test } from 'vitest'
import { valueAndGrad } from '../autograd/index.js'
import { Cache } from '../models/cache.js'
import { type Model, padIds, Run } from '../models/index.js'
import { type Net, SequenceModel } from '../models/sequence.js'
import { randn, scale, slice } from '../ops/index.js'
import { scope } from '../tensor/scope.js'
import { weightedSum } from '../testing/gradcheck.js'
import { coded, expectWithin, held, onBackends } from '../testing/index.js'
import { tinyGpt2 } from '../testing/tiny-gpt2.js'
import { tinyTransformer } from '../testing/tiny-transformer.js'
import { capture, type Capture } from './capture.js'
import { Recorder } from './recorder.js'
import { forbid } from './interventions.js'
import { rollout } from './rollout.js'
import { see, seenIn } from './see.js'

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
    // An intervention on all activations asks for the logits too.
    expect(passed.slice(-2)).toEqual(['layers.1.output', 'logits'])
    expect(whole.sites).toEqual(['layers.0.self'])
    const layers: string[] = []
    const onProgress = ({ done, total }: { done: number; total: number }) =>
      layers.push(`${done} of ${total}`)
    using counted = await capture(model, text, { sites: 'layers.1.self', onProgress })
    expect(counted.sites).toEqual(['layers.1.self'])
    using last = await capture(model, text, { whole: true, onProgress })
    expect([last.sites.length, layers]).toEqual([2, ['1 of 2', '1 of 2', '2 of 2']])
    expect(await one.activation('layers.0.q').data()).toEqual(await one.attention('layers.0.self').q.data())
  })

  test('logits are computed where they are asked for, and named where there are any', async () => {
    for (const make of [tinyGpt2, tinyTransformer]) {
      using model: Model = make()
      using captured = await capture(model, text, { sites: 'logits' })
      expect([...captured.activations.keys()]).toEqual(['logits'])
      const { source, target = source } = captured.of!.tokens
      expect(captured.activation('logits').shape.slice(0, 2)).toEqual([1, target.length])
    }
    using model = tinyGpt2()
    using captured = await capture(model, text, { sites: 'logits' })
    const run = new Run(model)
    using logits = model.logits(run, padIds([model.encode(text).ids], 0))
    expect(await captured.activation('logits').data()).toEqual(await logits.data())
    // With the hidden states of an ordinary pass, and changed by an intervention.
    const { hidden } = await model.run(text)
    using half = new Recorder(model, { sites: 'logits' })
    const halve = { sites: 'logits', activation: (_: string, x: typeof logits) => scale(x, 0.5) }
    expect((await model.run(text, { with: [halve], observers: [half] })).hidden).toEqual(hidden)
    using halved = half.capture()
    expect(await halved.activation('logits').data()).toEqual((await logits.data()).map((x) => x / 2))

    const silent = Object.create(model.net, { logits: { value: undefined } }) as Net
    const mute = new SequenceModel(model.config, silent, {})
    expect(mute.activations).toEqual(model.activations.filter((name) => name !== 'logits'))
    await expect(capture(mute, text, { sites: 'logits' })).rejects.toThrow(coded('not-found', "'logits'"))
  })

  test('a site that never passes is no empty capture', async () => {
    using model = tinyGpt2()
    const extra = { ...model, sites: model.sites, activations: [...model.activations, 'layers.9.output'] }
    const quiet = Object.assign(extra, { run: (text: string) => model.run(text) })
    await expect(capture(quiet, text, { sites: 'layers.9.output' })).rejects.toThrow(
      coded('not-found', 'layers.9.output'),
    )
  })

  test('rows join under an offset that the model gives', async () => {
    const run = (cache?: Cache) => {
      const recorder = new Recorder({ sites: ['layers.0.self'], activations: [], heads: 2 })
      const names = { sites: recorder.sites, activations: [] }
      return { recorder, run: new Run(names, { cache, observers: [recorder] }) }
    }
    const [q, k, v] = held([1, 2, 3].map((seed) => randn([2, 6, 2, 4], { seed })))
    const rules = { window: [3, 0] as const, softcap: 5 }
    using cache = new Cache()
    const steps = run(cache)
    for (const [from, to] of [
      [0, 3],
      [3, 4],
      [4, 6],
    ])
      scope(() => {
        const [a, b, c] = [q, k, v].map((x) => slice(x, 1, from, to))
        // One row of the batch sees a key less.
        steps.run.attend('layers.0.self', a, b, c, { ...rules, causal: { offset: [from, from - 1] } })
      })
    const whole = run()
    scope(() => void whole.run.attend('layers.0.self', q, k, v, { ...rules, causal: { offset: [0, -1] } }))
    using joined = steps.recorder.capture()
    using once = whole.recorder.capture()
    for (const batch of [0, 1]) {
      const of = (captured: Capture) => captured.map('layers.0.self', 1, { batch }).tile()
      await expectWithin(await of(joined), await of(once), 1e-6)
    }
    for (const { recorder } of [steps, whole]) recorder.dispose()
  })

  test('maps of some positions only are not shown as those of a text, nor followed back', async () => {
    using model = tinyGpt2()
    using recorder = new Recorder(model)
    const observers = [recorder]
    // What a mask has made cannot be joined: the rows of the prompt are lost.
    const changes = [forbid('layers.*.self', [[1, 0]])]
    await model.complete('the dog', { maxTokens: 4, endIds: [], observers, with: changes })
    const { tokens } = await model.run('the dog')
    using part = recorder.capture({ text: 'the dog', output: null, tokens })
    const { rows, cols } = part.map('layers.0.self', 0)
    expect(rows).toBeLessThan(cols)
    await expect(seenIn(part)).rejects.toThrow(
      coded('input', `${rows} queries for ${tokens.source.length} tokens`, 'one pass'),
    )
    await expect(rollout(part, { queries: [0] })).rejects.toThrow(coded('input', `${rows} of ${cols}`))
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
    await expect(capture(model, text, { site: 'layers.0.self' } as object)).rejects.toThrow(
      coded('option', "'site'"),
    )
    using translator = tinyTransformer()
    await expect(capture(translator, text, { beams: 2 } as object)).rejects.toThrow(
      coded('option', "'beams'"),
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
