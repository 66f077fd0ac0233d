import { expect, test } from 'vitest'
import { coded, onBackends } from '../testing/index.js'
import { tinyGpt2 } from '../testing/tiny-gpt2.js'
import { tinyTransformer } from '../testing/tiny-transformer.js'
import { capture, patch, patchSweep } from './index.js'

const [clean, corrupt] = ['the dog sees', 'the cat sees']

onBackends('patchSweep', () => {
  test('each cell is the corrupt run with one activation of the clean one', async () => {
    using model = tinyGpt2()
    const progress: number[] = []
    const sweep = await patchSweep(model, clean, corrupt, {
      answer: 40,
      wrong: 41,
      onProgress: ({ done, total }) => progress.push(done / total),
    })
    const { tokens } = sweep.clean
    const T = tokens.length
    expect(sweep).toMatchObject({ over: 'positions', activations: ['layers.0.output', 'layers.1.output'] })
    expect(sweep.metric).toMatchObject({ answer: { id: 40 }, wrong: { id: 41 }, position: T - 1 })
    expect(sweep.columns!.map(({ corrupt }) => corrupt)).toEqual(sweep.corrupt.tokens)
    expect(progress).toHaveLength(2 * T)
    expect(progress.at(-1)).toBe(1)
    // After the last layer a position is alone: the last one is all, and no other is anything.
    expect(sweep.values[1]).toEqual(Array.from({ length: T }, (_, t) => (t === T - 1 ? 1 : 0)))
    // Where the texts have been the same so far, so is the activation.
    const same = tokens.findIndex(({ id }, t) => id !== sweep.corrupt.tokens[t].id)
    expect(same).toBeGreaterThan(0)
    expect(sweep.values[0].slice(0, same)).toEqual(Array<number>(same).fill(0))
    using own = await capture(model, clean, { sites: 'layers.0.output' })
    for (let t = same; t < T; t++) {
      const { hidden } = await model.run(corrupt, {
        with: [patch('layers.0.output', own, { positions: [t] })],
      })
      const table = await model.weights['transformer.wte.weight'].data()
      const logit = (id: number) => hidden.slice(-8).reduce((sum, x, d) => sum + x * table[id * 8 + d], 0)
      const { measured } = sweep.corrupt
      expect(sweep.values[0][t]).toBeCloseTo(
        (logit(40) - logit(41) - measured) / (sweep.clean.measured - measured),
        3,
      )
    }
  })

  test('over heads, and all heads of the only layer that mixes are the clean outcome where the rest is the same', async () => {
    using model = tinyGpt2({ n_layer: 1 })
    // The last token is the same in both texts: all that it knows of the others comes through the heads.
    const sweep = await patchSweep(model, clean, corrupt, { over: 'heads', answer: 40 })
    expect(sweep).toMatchObject({ activations: ['layers.0.heads'], columns: null })
    expect(sweep.metric.wrong).toBeNull()
    expect(sweep.values[0]).toHaveLength(2)
    const whole = await patchSweep(model, clean, corrupt, { activations: 'layers.0.attention', answer: 40 })
    expect(whole.values[0].at(-1)).toBeCloseTo(1, 4)
    expect(whole.values[0].slice(0, -1).every((x) => Math.abs(x) < 1e-6)).toBe(true)
  })

  test('a translator is measured where the translations part, on the clean one', async () => {
    using model = tinyTransformer()
    const [clean, corrupt] = ['a cat', 'b cat']
    const sweep = await patchSweep(model, clean, corrupt, { beam: 1 })
    const [a, b] = [await model.run(clean, { beam: 1 }), await model.run(corrupt, { beam: 1 })]
    expect([sweep.clean.output, sweep.corrupt.output]).toEqual([a.output, b.output])
    const parted = a.target.findIndex((id, t) => id !== b.target[t]) - 1
    expect(sweep.metric).toMatchObject({
      position: parted,
      answer: { id: a.target[parted + 1] },
      wrong: { id: b.target[parted + 1] },
    })
    expect(sweep.activations).toEqual(['encoder.0.output', 'encoder.1.output'])
    const logit = ({ logits }: typeof a, id: number) => logits[parted * 270 + id]
    expect(sweep.clean.measured).toBeCloseTo(
      logit(a, a.target[parted + 1]) - logit(a, b.target[parted + 1]),
      4,
    )
    const decoder = await patchSweep(model, clean, corrupt, { beam: 1, activations: 'decoder.*.output' })
    expect(decoder.values[1]).toEqual(decoder.columns!.map((_, t) => (t === parted ? 1 : 0)))
    expect(decoder.columns![0].clean).toEqual(a.tokens.target[0])
  })

  test('what does not fit is named', async () => {
    using model = tinyGpt2()
    const sweep = (from: string, to: string, options?: Parameters<typeof patchSweep>[3]) =>
      patchSweep(model, from, to, options)
    await expect(sweep(clean, 'the cat')).rejects.toThrow(
      coded('input', 'clean text has', 'corrupt one', 'dog'),
    )
    await expect(sweep(clean, clean)).rejects.toThrow(coded('input', 'nothing to restore'))
    await expect(sweep(clean, corrupt, { answer: 'the dog sees' })).rejects.toThrow(
      coded('input', 'tokens', 'single token'),
    )
    await expect(sweep(clean, corrupt, { answer: 999 })).rejects.toThrow(coded('not-found', '999', '279'))
    await expect(sweep(clean, corrupt, { position: 99 })).rejects.toThrow(coded('not-found', 'position 99'))
    await expect(sweep(clean, corrupt, { activations: 'layers.9.output' })).rejects.toThrow(
      coded('not-found', 'layers.9'),
    )
    await expect(sweep(clean, corrupt, { over: 'heads', activations: 'layers.0.output' })).rejects.toThrow(
      coded('option', 'by head'),
    )
    await expect(sweep(clean, corrupt, { over: 'layers' as 'heads' })).rejects.toThrow(
      coded('option', 'layers'),
    )
    await expect(sweep(clean, corrupt, { activations: [] })).rejects.toThrow(coded('option', 'activations'))
    await expect(sweep(clean, corrupt, { head: 1 } as object)).rejects.toThrow(coded('option', "'head'"))
    await expect(sweep(clean, corrupt, { signal: AbortSignal.abort() })).rejects.toThrow(coded('aborted'))
  })
})
