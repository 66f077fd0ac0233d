import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import * as fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { ReferenceBackend } from '../backends/reference/index.js'
import { WasmBackend } from '../backends/wasm/index.js'
import { HeedError } from '../errors.js'
import { parseSafetensors, type TensorToWrite, writeSafetensors } from '../io/index.js'
import { attentionWithStats } from '../ops/attention.js'
import { type AttentionOptions, randn, scale, tensor } from '../ops/index.js'
import { scope } from '../tensor/scope.js'
import { coded } from '../testing/index.js'
import { withBackend } from '../testing/backends.js'
import { difference } from '../testing/bits.js'
import { tinyGpt2 } from '../testing/tiny-gpt2.js'
import { tinyTransformer } from '../testing/tiny-transformer.js'
import { keepAttention } from './kept.js'
import { capture, Capture, openCapture, Recorder, saveCapture } from './index.js'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(`${tmpdir()}/heed-saved-`)
})
afterEach(() => rm(folder, { recursive: true }))

/** Every cell of every map, and all else that the capture holds. */
async function bitsOf(seen: Capture) {
  const bits = []
  for (const [site, { q, k, v, out, m, l }] of seen.attentions) {
    for (let batch = 0; batch < q.shape[0]; batch++)
      for (let head = 0; head < seen.heads; head++)
        for (const stage of ['weights', 'scores'] as const)
          bits.push(await seen.map(site, head, { batch }).tile({ stage }))
    for (const t of [q, k, m, l, v, out]) if (t) bits.push(await t.data())
  }
  for (const t of seen.activations.values()) bits.push(await t.data())
  return bits
}

async function expectSame(opened: Capture, saved: Capture): Promise<void> {
  expect(opened.heads).toBe(saved.heads)
  expect(opened.of).toEqual(saved.of)
  expect(opened.sites).toEqual(saved.sites)
  expect([...opened.activations.keys()]).toEqual([...saved.activations.keys()])
  const bits = await bitsOf(saved)
  expect(bits.length).toBeGreaterThan(0)
  expect(difference(await bitsOf(opened), bits)).toBeUndefined()
}

async function throughFolder(saved: Capture): Promise<void> {
  await saveCapture(saved, folder)
  expect((await readdir(folder)).sort()).toEqual(['capture.json', 'capture.safetensors'])
  using opened = await openCapture(folder)
  await expectSame(opened, saved)
}

const backends = {
  reference: () => new ReferenceBackend(),
  'reference, float64': () => new ReferenceBackend({ dtype: 'float64' }),
  wasm: () => new WasmBackend({ threads: 1 }),
}

describe.each(Object.entries(backends))('%s', (_, start) => {
  const onBackend = async (fn: () => Promise<void>) => {
    const backend = start()
    try {
      await withBackend(backend, fn)
    } finally {
      backend.dispose()
    }
  }

  test('a capture comes back, every cell the same bits', () =>
    onBackend(async () => {
      using model = tinyTransformer({ max_positions: 48 })
      using seen = await capture(model, 'the dog \ud83d 👩‍👩‍👧', {
        values: true,
        outputs: true,
        target: 'der Hund',
        sites: ['*.self', '*.cross', 'decoder.0.cross.q', 'encoder.1.output'],
      })
      expect(seen.of!.tokens.target).toBeDefined()
      await throughFolder(seen)
    }))

  test('rules of every kind come back', () =>
    onBackend(async () => {
      using model = tinyTransformer({ max_positions: 48 })
      using bias = randn([1, 2, 1, 3], { seed: 3 })
      using table = randn([4, 2], { seed: 4 })
      using sink = tensor([0.5, -0.25])
      using mask = tensor([true, false, true], [1, 1, 1, 3])
      using weights = randn([1, 2, 3, 3], { seed: 5 })
      // Made in the pass, as a model does: what an option holds may live no longer.
      const changes: (() => { options?: AttentionOptions; weights?: typeof weights })[] = [
        () => ({ options: { causal: true, window: [1, Infinity], softcap: 3, sink: scale(sink, 1) } }),
        () => ({ options: { bias: scale(bias, 1), causal: { offset: 1 }, scale: 0.1 } }),
        () => ({ options: { bias: { relative: scale(table, 1), bidirectional: false, maxDistance: 4 } } }),
        () => ({ options: { mask, window: [Infinity, 0] } }),
        () => ({ weights: scale(weights, 1) }),
      ]
      for (const attention of changes) {
        using seen = await capture(model, 'ab', {
          target: 'x',
          with: [{ sites: 'encoder.*.self', attention }],
        })
        expect(seen.attention('encoder.0.self').q.shape[1]).toBe(3)
        await throughFolder(seen)
      }
    }))

  test('batches with offsets and lengths of their own, and grouped heads', () =>
    onBackend(async () => {
      const of = { causal: { offset: Int32Array.of(1, -1) }, lengths: Int32Array.of(5, 3) }
      const kept = scope(() => {
        const [q, k, v] = [4, 2, 2].map((heads, seed) => randn([2, 5, heads, 4], { seed }))
        const stats = attentionWithStats(q, k, v, of)
        return keepAttention({ site: 'layers.0.self', q, k, v, options: of, ...stats }, {})
      })
      using seen = new Capture(4, new Map([['layers.0.self', kept]]), new Map())
      await throughFolder(seen)
      using opened = await openCapture(folder)
      expect(opened.attention('layers.0.self').options).toEqual({
        causal: { offset: [1, -1] },
        lengths: [5, 3],
      })
    }))

  test('a generation comes back', () =>
    onBackend(async () => {
      using model = tinyGpt2()
      using recorder = new Recorder(model)
      await model.complete('the dog', { maxTokens: 4, observers: [recorder] })
      using seen = recorder.capture()
      await throughFolder(seen)
    }))
})

test('float64 opens where there is float64, and is refused elsewhere; float32 opens everywhere', async () => {
  const [double, single, wasm] = Object.values(backends)
    .map((start) => start())
    .toSorted((a, b) => b.floats[0].localeCompare(a.floats[0]) || a.name.localeCompare(b.name))
  for (const [backend, word] of [[double, 'F64'] as const, [single, ''] as const]) {
    await withBackend(backend, async () => {
      using model = tinyGpt2()
      using seen = await capture(model, 'the dog')
      await saveCapture(seen, folder)
    })
    const opening = openCapture(folder, { backend: wasm })
    if (word) await expect(opening).rejects.toThrow(coded('unsupported', word, 'reference'))
    else (await opening).dispose()
  }
  for (const backend of [double, single, wasm]) backend.dispose()
})

const save = async () => {
  using model = tinyGpt2()
  using seen = await capture(model, 'the dog', { values: true, sites: ['*.self', 'layers.0.output'] })
  await saveCapture(seen, folder)
}
const files = { json: () => `${folder}/capture.json`, tensors: () => `${folder}/capture.safetensors` }

test('what cannot be saved leaves what was there; no folder, no capture', async () => {
  await expect(openCapture(folder)).rejects.toThrow(coded('not-found', 'capture.json'))
  await save()
  const before = await readFile(files.json())
  using model = tinyGpt2()
  const gone = await capture(model, 'the cat')
  gone.dispose()
  await expect(saveCapture(gone, folder)).rejects.toThrow(coded('disposed'))
  expect((await readdir(folder)).sort()).toEqual(['capture.json', 'capture.safetensors'])
  expect(await readFile(files.json())).toEqual(before)
  ;(await openCapture(folder)).dispose()
  await expect(saveCapture(gone, files.json())).rejects.toThrow(coded('input', 'another folder'))
  await rm(files.tensors())
  await expect(openCapture(folder)).rejects.toThrow(coded('not-found', 'capture.safetensors'))
})

/** capture.json after `change`, a capture's that opens otherwise. */
async function expectRefused(change: (json: Json) => void, ...words: string[]): Promise<void> {
  const text = await readFile(files.json(), 'utf8')
  const json = JSON.parse(text) as Json
  change(json)
  await writeFile(files.json(), JSON.stringify(json))
  await expect(openCapture(folder)).rejects.toThrow(coded('format', ...words))
  await writeFile(files.json(), text)
}
// A document that tests bend at will.
type Json = Record<'format' | 'heads' | 'activations', unknown> & {
  version: unknown
  of: { text: unknown; output: unknown; tokens: { source: Record<string, unknown>[]; target?: unknown } }
  attentions: { site: unknown; options: Record<string, unknown> }[]
}

test('a damaged capture.json is refused with what is wrong', async () => {
  await save()
  await expectRefused((json) => (json.format = 'other'), 'format is "other"')
  for (const heads of [0, 3, 1.5, '2', 2 ** 40]) await expectRefused((json) => (json.heads = heads), 'heads')
  await expectRefused((json) => (json.attentions = 'x' as never), 'attentions', 'a list')
  await expectRefused((json) => json.attentions.pop(), 'layers.1.self', 'does not name')
  await expectRefused((json) => json.attentions.push(json.attentions[0]), 'named twice')
  await expectRefused((json) => (json.attentions[0].site = 'layers.7.self'), 'layers.7.self', 'its q is not')
  await expectRefused((json) => (json.attentions[0].site = 7), 'expected { site, options }')
  await expectRefused((json) => (json.activations = ['layers.1.output']), 'layers.1.output')
  await expectRefused((json) => (json.activations = []), 'layers.0.output', 'does not name')
  await expectRefused((json) => (json.of = 'x' as never), 'expected { text, output, tokens }')
  await expectRefused((json) => (json.of.output = 7), 'output')
  await expectRefused((json) => (json.of.tokens.source = {} as never), 'tokens.source', 'a list')
  for (const [field, value] of [
    ['start', -1],
    ['start', 5],
    ['end', 99],
    ['end', 0.5],
    ['end', null],
    ['id', -1],
    ['id', '7'],
    ['text', 7],
  ] as const)
    await expectRefused((json) => (json.of.tokens.source[0][field] = value), 'token 0', 'within 0 to 7')
  await expectRefused(
    (json) => json.of.tokens.source.pop(),
    'layers.0.self',
    'queries',
    'tokens of the source',
  )
  await expectRefused((json) => (json.of.tokens.target = json.of.tokens.source), 'tokens.target', '0 to 0')
  for (const [option, value] of [
    ['scale', null],
    ['scale', 'x'],
    ['causal', 'yes'],
    ['causal', { offset: 0.5 }],
    ['causal', { offset: [1, 2] }],
    ['window', [null]],
    ['window', [-1, 2]],
    ['lengths', [99]],
    ['softcap', 0],
    ['mask', [1]],
    ['bias', { relative: 7 }],
    ['sink', 1],
    ['temperature', 1],
  ] as const)
    await expectRefused((json) => (json.attentions[0].options[option] = value), 'layers.0.self', option)

  await writeFile(
    files.json(),
    (await readFile(files.json(), 'utf8')).replace('"version": 1', '"version": 2'),
  )
  await expect(openCapture(folder)).rejects.toThrow(coded('unsupported', 'version 2'))
})

test('tensors that do not belong together are refused with what is wrong', async () => {
  await save()
  const parsed = parseSafetensors(await readFile(files.tensors()), 'saved')
  const expectRefused = async (name: string, change: Partial<TensorToWrite>, ...words: string[]) => {
    const all = [...parsed].map(([own, { dtype, shape, bytes }]) => ({
      name: own,
      dtype,
      shape,
      data: bytes as TensorToWrite['data'],
      ...(own === name && change),
    }))
    if (!parsed.has(name)) all.push({ name, ...change } as TensorToWrite)
    await writeFile(files.tensors(), writeSafetensors(all as TensorToWrite[]))
    await expect(openCapture(folder)).rejects.toThrow(coded('format', ...words))
  }
  const numbers = (...shape: number[]) => ({
    dtype: 'F64' as const,
    shape,
    data: new Float64Array(shape.reduce((n, d) => n * d, 1)),
  })
  const of = (part: string) => `attentions/layers.0.self/${part}`
  const T = parsed.get(of('q'))!.shape[1]
  await expectRefused(of('q'), { name: of('r') }, 'q is not in')
  await expectRefused(of('q'), numbers(T, 2, 4), 'layers.0.self', 'q')
  await expectRefused(of('q'), numbers(1, T + 1, 2, 4), 'layers.0.self', 'm must be')
  await expectRefused(of('k'), numbers(1, T, 2, 8), 'layers.0.self', 'k')
  await expectRefused(of('k'), numbers(1, 0, 2, 4), 'layers.0.self', 'k is empty')
  await expectRefused(of('m'), numbers(1, 2, T + 1), 'layers.0.self', 'm must be')
  await expectRefused(of('v'), numbers(1, T + 1, 2, 4), 'layers.0.self', 'v must be')
  await expectRefused(of('out'), numbers(1, T, 2, 5), 'layers.0.self', 'out must be')
  await expectRefused(of('weights'), numbers(1, 2, T, T + 1), 'layers.0.self', 'weights must be')
  await expectRefused(of('sink'), numbers(3), 'layers.0.self', 'sink')
  await expectRefused(of('mask'), numbers(1, 1, 1, T), 'layers.0.self', 'mask must be bool')
  await expectRefused(of('bias'), numbers(1, 1, 1, T + 1), 'layers.0.self', 'bias')
  await expectRefused(of('relative'), numbers(4, 3), 'layers.0.self', 'relative')
  const bytes = { dtype: 'BOOL' as const, shape: [1, 1, 1, T], data: new Uint8Array(T).fill(2) }
  await expectRefused(of('mask'), bytes, 'neither 0 nor 1')
  await expectRefused('activations/layers.0.output', { ...bytes, data: new Uint8Array(T) }, 'layers.0.output')
  await expectRefused(of('v'), { dtype: 'I32', shape: [1], data: Int32Array.of(1) }, 'I32')
  await expectRefused('more', numbers(1), '"more"', 'does not name')
})

test('no damage brings anything but a capture or an error of ours', async () => {
  await save()
  const whole = { json: await readFile(files.json()), tensors: await readFile(files.tensors()) }
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom('json', 'tensors'),
      fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }),
      fc.option(fc.uint8Array({ minLength: 1, maxLength: 3 })),
      async (which, at, put) => {
        const bytes = Uint8Array.from(whole[which])
        // Headers hold what can go wrong: aim at them.
        const position = Math.floor(at * (which === 'json' ? bytes.length : 1500))
        if (put) bytes.set(put.subarray(0, bytes.length - position), position)
        await writeFile(files[which](), put ? bytes : bytes.subarray(0, position))
        try {
          using opened = await openCapture(folder)
          await bitsOf(opened)
        } catch (error) {
          expect(error).toBeInstanceOf(HeedError)
          expect((error as HeedError).code).toMatch(/^(format|unsupported)$/)
        }
        await writeFile(files[which](), whole[which])
      },
    ),
    { numRuns: 300 },
  )
})
