import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { afterEach, beforeEach, describe, expect, it, test } from 'vitest'
import { setBackend } from '../backends/current.js'
import { ReferenceBackend } from '../backends/reference/index.js'
import { WasmBackend } from '../backends/wasm/index.js'
import { readModelFolder } from '../io/index.js'
import { type CausalModel, loadModel, Run } from '../models/index.js'
import { llama } from '../models/llama.js'
import { randn } from '../ops/index.js'
import { scope, type Tensor } from '../tensor/index.js'
import { coded, gradcheck, held } from '../testing/index.js'
import { leftBy } from '../testing/training-run.js'
import { byteTokenizer, Tokenizer } from '../text/index.js'
import { predicted, Windows } from './language-data.js'
import { languageConfig, languageLoss } from './language-task.js'
import { repeatedSequences } from './sequences.js'
import type { TrainingEvent, TrainLanguageOptions } from './settings.js'
import { trainLanguage } from './train-language.js'

let dir: string
beforeEach(async () => {
  setBackend(new ReferenceBackend())
  dir = await mkdtemp(`${tmpdir()}/heed-train-`)
})
afterEach(async () => {
  await rm(dir, { recursive: true })
})

const shape = {
  hidden_size: 8,
  num_hidden_layers: 2,
  num_attention_heads: 2,
  num_key_value_heads: 1,
  intermediate_size: 6,
}
const lines = ['the dog sees the cat', 'the cat sees the dog', 'a dog', 'ein Hund und eine Katze', 'é']

const tiny = (more: Partial<TrainLanguageOptions> = {}): TrainLanguageOptions => ({
  train: lines,
  valid: ['the dog sees a cat', 'é'],
  out: `${dir}/run`,
  config: shape,
  tokenizer: byteTokenizer(),
  contextLength: 16,
  steps: 10,
  batchTokens: 40,
  schedule: { peak: 3e-3, warmup: 4 },
  evaluateEvery: 5,
  checkpointEvery: 4,
  reportEvery: 1,
  averageDecay: 0.9,
  seed: 7,
  ...more,
})

test.each([
  ['texts', {}],
  ['documents without end', { train: repeatedSequences({ length: 16 }) }],
  ['texts, with heads that are dropped,', { dropHeads: 0.3 }],
])('a run on %s that was stopped and resumed gives the bits of one that was not', async (_, more) => {
  await trainLanguage(tiny({ ...more, out: `${dir}/whole` }))
  const out = `${dir}/parts`
  const stop = new AbortController()
  const onProgress = ({ step }: { step: number }) => step === 5 && stop.abort()
  const first = await trainLanguage(tiny({ ...more, out, signal: stop.signal, onProgress }))
  expect(first).toMatchObject({ finished: false, state: { step: 5 } })
  const last = await trainLanguage(tiny({ ...more, out, resume: true }))
  expect(last).toMatchObject({ finished: true, state: { step: 10 } })
  expect(await leftBy(out)).toEqual(await leftBy(`${dir}/whole`))
})

test('a run goes on from a model: its loss is the first, and stopped and resumed it has the bits of one that was not', async () => {
  await trainLanguage(tiny({ out: `${dir}/base`, averageDecay: 0, steps: 3, valid: undefined }))
  const further = (more: Partial<TrainLanguageOptions>) =>
    tiny({ config: undefined, tokenizer: undefined, from: `${dir}/base`, averageDecay: 0, ...more })
  await trainLanguage(further({ out: `${dir}/whole`, train: ['a dog'] }))
  const { rows } = await leftBy(`${dir}/whole`)
  using model = await loadModel<CausalModel>(`${dir}/base`)
  const windows = [await new Windows(model.tokenizer!, 16).ofAll(['a dog'])].flat()
  using loss = languageLoss(model, new Run(model), windows).keep()
  expect(rows[0].loss).toBe(await loss.item())

  const stop = new AbortController()
  const onProgress = ({ step }: { step: number }) => step === 5 && stop.abort()
  await trainLanguage(further({ train: ['a dog'], signal: stop.signal, onProgress }))
  await trainLanguage(further({ train: ['a dog'], resume: true }))
  expect(await leftBy(`${dir}/run`)).toEqual(await leftBy(`${dir}/whole`))
  await expect(trainLanguage(further({ out: `${dir}/long`, contextLength: 17 }))).rejects.toThrow(
    coded('input', "beyond the model's 16 positions; lower it"),
  )
})

describe.each([
  ['tied', true],
  ['its own', false],
])('with an output that is %s', (_, tied) => {
  it('the loss has the gradients of central differences, for every weight', async () => {
    const backend = setBackend(new ReferenceBackend({ dtype: 'float64' }))
    const json = {
      ...languageConfig,
      ...shape,
      hidden_size: 4,
      intermediate_size: 3,
      vocab_size: 5,
      max_position_embeddings: 8,
      tie_word_embeddings: tied,
    }
    const config = llama.config(json)
    const make = (seed: number) => {
      const made: Record<string, Tensor> = {}
      for (const [n, [name, shape]] of [...llama.shapes(config)].entries())
        made[name] = randn(shape, { seed: seed + n, std: 0.7, dtype: 'float64', backend })
      return made
    }
    using model = scope(() => llama.create(config, make(1), {}))
    const params = held(scope(() => make(100)))
    const windows = [Int32Array.of(1, 3, 4, 2, 0), Int32Array.of(1, 4, 2)]
    const own = { ...model.weights }
    const weights = model.weights as Record<string, Tensor>
    await gradcheck((params) => {
      // The model reads its weights by name at every pass.
      Object.assign(weights, params)
      return languageLoss(model, new Run(model, { mode: 'train' }), windows)
    }, params)
    Object.assign(weights, own)
    expect(Object.keys(params).includes('lm_head.weight')).toBe(!tied)
  })
})

test('the folder is a Llama that generates, and the loss is of the tokens and in bits of the bytes', async () => {
  const events: TrainingEvent[] = []
  const { state } = await trainLanguage(tiny({ onEvent: (event) => events.push(event) }))
  // Five lines of 20, 20, 5, 23 and 2 bytes, each with an end token, cut after 16.
  expect(events).toContainEqual({
    type: 'text',
    name: 'train',
    documents: 5,
    windows: 8,
    tokens: 75,
    leftOut: [],
  })
  expect(events).toContainEqual({
    type: 'text',
    name: 'valid',
    documents: 2,
    windows: 3,
    tokens: 22,
    leftOut: [],
  })
  const { loss, perplexity, bitsPerByte } = state.last!
  expect(perplexity).toBeCloseTo(Math.exp(loss), 12)
  expect(bitsPerByte).toBeCloseTo((loss * 22) / 20 / Math.log(2), 12)

  const { config } = await readModelFolder(`${dir}/run`)
  expect(config).toMatchObject({
    ...languageConfig,
    ...shape,
    vocab_size: 259,
    max_position_embeddings: 16,
    bos_token_id: 1,
    eos_token_id: 2,
    pad_token_id: 0,
  })
  using model = await loadModel<CausalModel>(`${dir}/run`)
  expect(model.endIds).toEqual([2])
  const ids: number[] = []
  for await (const { id } of model.generate('the ', { maxTokens: 3 })) ids.push(id)
  expect(ids).toHaveLength(3)
})

test('bits per byte are of whole documents where training makes them without end', async () => {
  const events: TrainingEvent[] = []
  const onEvent = (event: TrainingEvent) => void events.push(event)
  const { state } = await trainLanguage(tiny({ train: repeatedSequences({ length: 16 }), onEvent }))
  const texts = events.filter(({ type }) => type === 'text')
  expect(texts).toEqual([{ type: 'text', name: 'valid', documents: 2, windows: 3, tokens: 22, leftOut: [] }])
  const { loss, bitsPerByte } = state.last!
  expect(bitsPerByte).toBeCloseTo((loss * 22) / 20 / Math.log(2), 12)
})

test('kin of Llama are trained too: Qwen2 with a window', async () => {
  const config = {
    ...shape,
    model_type: 'qwen2',
    architectures: ['Qwen2ForCausalLM'],
    use_sliding_window: true,
    sliding_window: 3,
    layer_types: ['sliding_attention', 'full_attention'],
  }
  await trainLanguage(tiny({ config, steps: 2, valid: undefined }))
  using model = await loadModel<CausalModel>(`${dir}/run`)
  expect(model.config).toMatchObject(config)
})

test('heads that are dropped change what is learned, and not what is measured of a model', async () => {
  await trainLanguage(tiny({ steps: 1, evaluateEvery: 1, out: `${dir}/none` }))
  const { state } = await trainLanguage(tiny({ steps: 1, evaluateEvery: 1, dropHeads: 0.6 }))
  const [dropped, none] = [await leftBy(`${dir}/run`), await leftBy(`${dir}/none`)]
  expect(dropped.rows[0].loss).not.toBe(none.rows[0].loss)
  expect(dropped.model).not.toEqual(none.model)
  expect(dropped.training).not.toEqual(none.training)

  // The model that was left, in inference, has the loss that was measured.
  using model = await loadModel<CausalModel>(`${dir}/run`)
  const windows = new Windows(model.tokenizer!, 16)
  const [a, b, c] = ['the dog sees a cat', 'é'].flatMap((text) => windows.of(text))
  using loss = languageLoss(model, new Run(model), [a, b, c])
  expect(await loss.item()).toBeCloseTo(state.last!.loss, 5)
})

test('any number of threads gives the same bits, with heads that are dropped', async () => {
  const runs = []
  for (const threads of [1, 2, 4]) {
    const backend = setBackend(new WasmBackend({ threads }))
    await trainLanguage(tiny({ dropHeads: 0.3, steps: 4, out: `${dir}/${threads}` }))
    backend.dispose()
    runs.push(await leftBy(`${dir}/${threads}`))
  }
  expect(runs[1]).toEqual(runs[0])
  expect(runs[2]).toEqual(runs[0])
})

test('a text is learned: the model then says it', async () => {
  const text = 'abcdefgh'
  await trainLanguage(
    tiny({
      train: [text],
      valid: undefined,
      config: { ...shape, hidden_size: 16 },
      steps: 120,
      averageDecay: 0,
      schedule: { peak: 2e-2, warmup: 10 },
      evaluateEvery: 1000,
      checkpointEvery: 1000,
      reportEvery: 1000,
    }),
  )
  using model = await loadModel<CausalModel>(`${dir}/run`)
  expect(await model.complete('abc')).toBe('defgh')
})

test('a window starts as a prompt does, and every token is predicted once', () => {
  const windows = new Windows(Tokenizer.fromJson(byteTokenizer()), 4)
  const ids = (text: string) => windows.of(text).map((window) => [...window])
  const [a, b, c, d, e] = [...'abcde'].map((letter) => letter.charCodeAt(0) + 3)
  expect(ids('abcde')).toEqual([
    [1, a, b, c, d],
    [1, e, 2],
  ])
  expect(ids('abc')).toEqual([[1, a, b, c, 2]])
  expect(ids('<s>')[0]).toHaveLength(5) // a special token that is written is text
  expect(windows.of([7, 8]).map(predicted)).toEqual([3])
})

test('a file has a document a line, or is one; a vocabulary is learned where none is given', async () => {
  const file = `${dir}/text.txt`
  await writeFile(file, `${lines.join('\n')}\r\n\n  \n`)
  const events: TrainingEvent[] = []
  const learned = { train: file, valid: undefined, tokenizer: undefined, vocabSize: 262, steps: 1 }
  await trainLanguage(tiny({ ...learned, onEvent: (event) => events.push(event) }))
  await trainLanguage(
    tiny({ ...learned, documents: 'file', out: `${dir}/b`, onEvent: (e) => events.push(e) }),
  )
  const documents = events.flatMap((e) => (e.type === 'text' && e.name === 'train' ? [e.documents] : []))
  expect(documents).toEqual([5, 1])
  const { tokenizerJson, config } = await readModelFolder(`${dir}/run`)
  const tokenizer = Tokenizer.fromJson(tokenizerJson)
  expect([config.vocab_size, tokenizer.vocabSize]).toEqual([262, 262])
  const [first, ...rest] = tokenizer.encodeIds('the dog')
  expect(first).toBe(tokenizer.bosId)
  expect(rest).not.toContain(tokenizer.eosId)
  expect(rest.length).toBeLessThan(7)
})

test('what cannot be is refused', async () => {
  const refused = (more: Partial<TrainLanguageOptions>, ...says: Parameters<typeof coded>) =>
    expect(trainLanguage(tiny(more))).rejects.toThrow(coded(...says))
  await refused({ train: [] }, 'input', 'no text')
  await refused({ train: [[3, 4]], tokenizer: undefined }, 'input', 'learned from texts')
  await refused({ contextLength: 1 }, 'option', 'trainLanguage: contextLength')
  await refused({ documents: 'words' as 'lines' }, 'option', '"words"')
  await refused({ dropHeads: 1 }, 'option', 'trainLanguage: dropHeads', 'got 1')
  await refused(
    { config: { ...shape, max_position_embeddings: 8 } },
    'input',
    'contextLength 16',
    '8 positions',
  )
  await refused({ config: { ...shape, dropout: 0.1 } }, 'unsupported', '"dropout"')
  await refused({ config: { ...shape, model_type: 'bert' } }, 'unsupported', '"bert"')
  await refused({ train: [[3, 400]] }, 'input', '400 is outside the vocabulary')
  await refused({ tokenizer: byteTokenizer({ specials: ['<pad>'] }) }, 'unsupported', 'start or an end token')

  await trainLanguage(tiny({ out: `${dir}/one`, steps: 1 }))
  const again = { out: `${dir}/one`, resume: true }
  await refused({ ...again, contextLength: 8 }, 'input', 'another contextLength (16, now 8)')
  await refused({ ...again, train: lines.slice(1) }, 'input', 'another data')
  await refused({ ...again, train: repeatedSequences({ length: 16 }) }, 'input', 'another data')
})
