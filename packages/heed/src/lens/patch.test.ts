import { expect, test } from 'vitest'
import { type Intervention, padIds, Run } from '../models/index.js'
import { randn } from '../ops/index.js'
import { coded, held, onBackends } from '../testing/index.js'
import { tinyGpt2 } from '../testing/tiny-gpt2.js'
import { tinyTransformer } from '../testing/tiny-transformer.js'
import { ablate, capture, patch } from './index.js'

const [clean, corrupt] = ['the dog sees', 'the cat sees']

onBackends('patch', () => {
  test('a run with its own activations is itself, bit for bit', async () => {
    using model = tinyTransformer()
    using own = await capture(model, clean, { sites: model.activations, target: 'der' })
    const { logits } = await model.run(clean, { target: 'der' })
    for (const name of model.activations) {
      const T = own.activation(name).shape[1]
      for (const options of [{}, { positions: [0, T - 1] }]) {
        const patched = await model.run(clean, { target: 'der', with: [patch(name, own, options)] })
        expect(patched.logits, name).toEqual(logits)
      }
      if (own.activation(name).rank < 4) continue
      const patched = await model.run(clean, {
        target: 'der',
        with: [patch(name, own, { heads: 1, positions: [1] })],
      })
      expect(patched.logits, name).toEqual(logits)
    }
  })

  test('all positions of the last layer give the clean outcome, some give some of it', async () => {
    using model = tinyGpt2()
    using own = await capture(model, clean, { sites: 'layers.*' })
    const [a, b] = [await model.run(clean), await model.run(corrupt)]
    expect(a.ids.length).toBe(b.ids.length)
    const [T, D] = [a.ids.length, 8]
    const after = async (...changes: Intervention[]) => (await model.run(corrupt, { with: changes })).hidden
    expect(await after(patch('layers.1.output', own))).toEqual(a.hidden)
    expect(await after(patch('layers.0.input', own))).toEqual(a.hidden)
    const all = Array.from({ length: T }, (_, t) => t)
    expect(await after(...all.map((t) => patch('layers.1.output', own, { positions: [t] })))).toEqual(
      a.hidden,
    )
    // Nothing comes after the last layer but a norm by position.
    const one = await after(patch('layers.1.output', own, { positions: [2, 2] }))
    all.forEach((t) => {
      const row = (of: Float32Array) => of.slice(t * D, (t + 1) * D)
      expect(row(one)).toEqual(row(t === 2 ? a.hidden : b.hidden))
    })
    // Both heads one after another are all heads.
    const heads = [0, 1].map((head) => patch('layers.0.heads', own, { heads: head }))
    expect(await after(...heads)).toEqual(await after(patch('layers.0.heads', own)))
    // The later of two changes of one thing has the last word.
    expect(await after(patch('layers.1.heads', own), ablate('layers.1.self'))).toEqual(
      await after(ablate('layers.1.self')),
    )
    expect(await after(ablate('layers.1.self'), patch('layers.1.heads', own))).toEqual(
      await after(patch('layers.1.heads', own)),
    )
  })

  test('runs of other lengths, and steps of a generation, are refused with both', async () => {
    using model = tinyGpt2()
    using own = await capture(model, clean, { sites: ['layers.1.output', 'layers.1.heads'] })
    const T = own.activation('layers.1.output').shape[1]
    const change = patch('layers.1.output', own)
    const longer = model.tokenizer!.encodeIds(`${clean} der`).length
    await expect(model.run(`${clean} der`, { with: [change] })).rejects.toThrow(
      coded('input', 'layers.1.output', `${longer} positions`, `${T} in the other`),
    )
    await expect(model.complete(clean, { with: [change], maxTokens: 3, endIds: [] })).rejects.toThrow(
      coded('input', '1 position in this run', `${T} in the other`),
    )
    await expect(model.embed([clean, corrupt], { with: [change] })).rejects.toThrow(coded('input', '[2, '))
  })

  test('what does not exist or fit is named', async () => {
    using model = tinyGpt2()
    using own = await capture(model, clean, { sites: ['layers.1.output', 'layers.1.heads'] })
    const run = (change: ReturnType<typeof patch>) => model.run(corrupt, { with: [change] })
    expect(() => patch('layers.0.output', own)).toThrow(
      coded('not-found', 'layers.0.output', 'layers.1.heads'),
    )
    expect(() => patch('layers.1.output', own, { heads: 0 })).toThrow(coded('option', 'by head', '.heads'))
    await expect(run(patch('layers.7.output', own.activation('layers.1.output')))).rejects.toThrow(
      coded('not-found', 'layers.7.output'),
    )
    await expect(run(patch('layers.1.heads', own, { heads: [2] }))).rejects.toThrow(
      coded('not-found', 'no head 2', '0 to 1'),
    )
    await expect(run(patch('layers.1.output', own, { positions: [99] }))).rejects.toThrow(
      coded('not-found', 'position 99'),
    )
    using other = randn([1, own.activation('layers.1.output').shape[1], 4])
    await expect(run(patch('layers.1.output', other))).rejects.toThrow(coded('input', ', 8]', ', 4]'))
    const gone = held(randn([1, 2, 8]))
    gone.dispose()
    await expect(run(patch('layers.1.output', gone))).rejects.toThrow(coded('disposed'))
  })

  test('logits of a batch can be patched too', async () => {
    using model = tinyGpt2()
    using logits = randn([1, 2, 280], { seed: 3 })
    const run = new Run(model, { with: [patch('logits', logits, { positions: [1] })] })
    using out = model.logits(run, padIds([[3, 4]], 0))
    expect((await out.data()).slice(280)).toEqual((await logits.data()).slice(280))
  })
})
