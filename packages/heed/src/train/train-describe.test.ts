import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { afterEach, beforeEach, expect, it, test } from 'vitest'
import { setBackend } from '../backends/current.js'
import { ReferenceBackend } from '../backends/reference/index.js'
import { readModelFolder } from '../io/index.js'
import { bert } from '../models/bert.js'
import { bertShapes } from '../models/bert-init.js'
import { type EncoderModel, loadModel, padIds, Run } from '../models/index.js'
import { crossEntropy, randn, tensor } from '../ops/index.js'
import { scope, type Tensor } from '../tensor/index.js'
import { coded, gradcheck, held } from '../testing/index.js'
import { leftBy } from '../testing/training-run.js'
import { byteTokenizer, learnWords, Tokenizer } from '../text/index.js'
import { encodeLabelled, type LabelledSentence, parseLabelled } from './describe-data.js'
import type { TrainDescribeOptions } from './describe-settings.js'
import { describeLoss } from './describe-loss.js'
import { describeConfig } from './describe-task.js'
import type { TrainingEvent } from './settings.js'
import { trainDescribe } from './train-describe.js'

let dir: string
beforeEach(async () => {
  setBackend(new ReferenceBackend())
  dir = await mkdtemp(`${tmpdir()}/heed-describe-`)
})
afterEach(async () => {
  await rm(dir, { recursive: true })
})

const lines = [
  'The big dog sees the cat.\tdog=big',
  'The dog sees the small cat.\tcat=small',
  'The cat is red.\tcat=red',
  'The dog is big.\tdog=big',
  'The dog sees the cat.',
]
const sentences = parseLabelled(lines.join('\n'), 'lines')
const shape = {
  hidden_size: 8,
  num_attention_heads: 2,
  intermediate_size: 6,
  max_position_embeddings: 8,
}
const tiny = (more: Partial<TrainDescribeOptions> = {}): TrainDescribeOptions => ({
  train: sentences,
  valid: sentences.slice(0, 2),
  out: `${dir}/run`,
  config: shape,
  vocabSize: 12,
  steps: 10,
  batchTokens: 20,
  schedule: { peak: 1e-2, warmup: 4 },
  evaluateEvery: 5,
  checkpointEvery: 4,
  reportEvery: 1,
  seed: 7,
  ...more,
})

test('a run that was stopped and resumed gives the bits of one that was not', async () => {
  await trainDescribe(tiny({ out: `${dir}/whole` }))
  const out = `${dir}/parts`
  const stop = new AbortController()
  const onProgress = ({ step }: { step: number }) => step === 5 && stop.abort()
  const first = await trainDescribe(tiny({ out, signal: stop.signal, onProgress }))
  expect(first).toMatchObject({ finished: false, state: { step: 5 } })
  await trainDescribe(tiny({ out, resume: true }))
  expect(await leftBy(out)).toEqual(await leftBy(`${dir}/whole`))
})

test('a run goes on from a model, with its words and its weights', async () => {
  await trainDescribe(tiny({ out: `${dir}/base` }))
  const own = { config: undefined, vocabSize: undefined, from: `${dir}/base` }
  // A rate of next to nothing: what is evaluated is the model as it was.
  const { state } = await trainDescribe(tiny({ ...own, steps: 1, schedule: { peak: 1e-12 } }))
  const base = await leftBy(`${dir}/base`)
  expect(state.last!.loss).toBeCloseTo(base.rows.at(-1)!.validLoss!, 6)
  await expect(trainDescribe(tiny({ ...own, out: `${dir}/other`, config: shape }))).rejects.toThrow(
    coded('option', 'hidden_size, num_attention_heads, intermediate_size, max_position_embeddings cannot be'),
  )
})

test.each([1, 0.5])(
  'the loss, looking at a share of %d, has the gradients of central differences',
  async (others) => {
    const backend = setBackend(new ReferenceBackend({ dtype: 'float64' }))
    const small = { hidden_size: 4, intermediate_size: 3, num_hidden_layers: 2, num_attention_heads: 2 }
    const json = { ...describeConfig, ...small, vocab_size: 5, max_position_embeddings: 4 }
    const make = (seed: number) => {
      const made: Record<string, Tensor> = {}
      for (const [n, [name, shape]] of [...bertShapes(json)].entries())
        made[name] = randn(shape, { seed: seed + n, std: 0.7, dtype: 'float64', backend })
      return made
    }
    using model = scope(() => bert.create(bert.config(json), make(1), {}))
    const params = held(scope(() => make(100)))
    const batch = [
      { ids: Int32Array.of(3, 4, 1, 3), targets: Int32Array.of(2, 3, 2, 2) },
      { ids: Int32Array.of(4, 3), targets: Int32Array.of(3, 2) },
    ]
    const own = { ...model.weights }
    const weights = model.weights as Record<string, Tensor>
    await gradcheck((params) => {
      Object.assign(weights, params)
      return describeLoss(model, new Run(model, { mode: 'train' }), batch, {
        none: 2,
        others,
        seed: 5,
        padId: 0,
      })
    }, params)
    Object.assign(weights, own)
  },
)

test('the loss is the mean over all words, padding left out; shares of them have it as their mean', async () => {
  await trainDescribe(tiny({ steps: 1 }))
  using model = await loadModel<EncoderModel>(`${dir}/run`)
  const none = model.tokenizer!.idOf('[NONE]')!
  const { encoded } = await encodeLabelled(sentences, model.tokenizer!, { none, maxLength: 8 })
  const lossOf = async (batch: typeof encoded, others = 1, seed = 1) => {
    const options = { none, others, seed, padId: 0 }
    using loss = scope(() => describeLoss(model, new Run(model), batch, options)).keep()
    return loss.item()
  }
  const [long, short] = [encoded[0], encoded[2]]
  expect([long.ids.length, short.ids.length]).toEqual([7, 5])
  const apart = (7 * (await lossOf([long])) + 5 * (await lossOf([short]))) / 12
  const whole = await lossOf([long, short])
  expect(whole).toBeCloseTo(apart, 6)

  using all = scope(() => model.logits(new Run(model), padIds([long.ids], 0))).keep()
  using wanted = tensor(long.targets, [1, 7]).keep()
  using plain = scope(() => crossEntropy(all, wanted)).keep()
  expect(await lossOf([long])).toBeCloseTo(await plain.item(), 6)

  const drawn: number[] = []
  for (let seed = 0; seed < 200; seed++) drawn.push(await lossOf([long, short], 0.5, seed))
  expect(new Set(drawn).size).toBeGreaterThan(50)
  expect(drawn.reduce((a, b) => a + b) / drawn.length).toBeCloseTo(whole, 1)
})

test('sentences become ids and, for every word, what describes it', async () => {
  const tokenizer = Tokenizer.fromJson(
    await learnWords(['a T-shirt is red', 'a'], { vocabSize: 20, specials: ['[PAD]', '[UNK]', '[NONE]'] }),
  )
  const labelled = parseLabelled('A T-shirt is red.\tT-shirt=red\nA b is red.\tb=red\na a a a a a', 'x')
  const { encoded, ...counts } = await encodeLabelled(labelled, tokenizer, { none: 2, maxLength: 7 })
  const texts = (ids: Int32Array) => tokenizer.decode([...ids], { skipSpecials: false })
  expect(encoded.map(({ ids }) => texts(ids))).toEqual([
    'a t - shirt is red [UNK]',
    'a [UNK] is red [UNK]',
    'a a a a a a',
  ])
  const red = tokenizer.idOf('red')!
  expect(encoded.map(({ targets }) => [...targets])).toEqual([
    [2, 2, 2, red, 2, 2, 2], // the last token of T-shirt
    [2, red, 2, 2, 2],
    [2, 2, 2, 2, 2, 2],
  ])
  expect(counts).toEqual({ long: 0, labels: 2, unknown: 1 })
  const cut = await encodeLabelled(labelled, tokenizer, { none: 2, maxLength: 5 })
  expect([cut.encoded.length, cut.long]).toEqual([1, 2])
  const beyond: LabelledSentence = {
    text: 'a b',
    labels: [{ word: { start: 1, end: 2 }, by: { start: 0, end: 1 } }],
  }
  await expect(encodeLabelled([beyond], tokenizer, { none: 2, maxLength: 7 })).rejects.toThrow(
    coded('format', 'no word from 1 to 2 in "a b"'),
  )
})

test('lines of labels are read, and what is malformed is named with its line', () => {
  const [one, two] = parseLabelled(
    'The big dog saw the small dog.\tdog=big\tdog#2=small\r\n\nThe bigger dog is big.\tdog=big',
    'labels.tsv',
  )
  const words = ({ text, labels }: LabelledSentence) =>
    labels.map(({ word, by }) => [word.start, text.slice(word.start, word.end), by.start])
  expect(words(one)).toEqual([
    [8, 'dog', 4],
    [26, 'dog', 20],
  ])
  expect(words(two)).toEqual([[11, 'dog', 18]]) // not the big of bigger
  const wrong = (line: string, ...says: string[]) =>
    expect(() => parseLabelled(`A dog.\n${line}`, 'labels.tsv')).toThrow(
      coded('format', 'labels.tsv: line 2', ...says),
    )
  wrong('The dog is big.\tdog', '"dog"', 'word=describing word')
  wrong('The dog is big.\tdog=big=red', '"dog=big=red"')
  wrong('The dog is big.\tcat=big', '"cat" does not stand')
  wrong('The dog is big.\tdog#2=big', '"dog#2" does not stand')
  wrong('The dog is big.\tdog=bi', '"bi" does not stand')
  wrong('The dog is big.\t=big', 'does not stand')
  wrong('The dog is big.\tdog=big\tdog=The', '"dog" twice')
  wrong('\tdog=big', 'no sentence')
})

test('the folder is a BERT that says which word describes which, in the words of its training', async () => {
  const events: TrainingEvent[] = []
  const { state } = await trainDescribe(
    tiny({
      steps: 150,
      vocabSize: 40,
      batchTokens: 100,
      schedule: { peak: 2e-2, warmup: 10 },
      config: { ...shape, hidden_size: 16 },
      evaluateEvery: 150,
      checkpointEvery: 150,
      reportEvery: 150,
      onEvent: (event) => void events.push(event),
    }),
  )
  expect(events).toContainEqual({
    type: 'labelled',
    name: 'train',
    sentences: 5,
    labels: 4,
    unknown: 0,
    long: 0,
  })
  expect(state.last).toMatchObject({ described: 1, undescribed: 1 })
  const { config } = await readModelFolder(`${dir}/run`)
  expect(config).toMatchObject({ ...describeConfig, ...shape, hidden_size: 16, pad_token_id: 0 })
  using model = await loadModel<EncoderModel>(`${dir}/run`)
  const [only, ...others] = await model.describe('The big dog sees the cat.')
  expect(others).toEqual([])
  expect(only).toMatchObject({ position: 2, start: 8, end: 11, text: 'dog', by: { text: 'big' } })
  expect(only.by.probability).toBeGreaterThan(0.5)
  expect(await model.describe('The dog sees the cat.')).toEqual([])
})

it('takes a file, and refuses what cannot be', async () => {
  const file = `${dir}/labels.tsv`
  await writeFile(file, `${lines.join('\n')}\n`)
  await trainDescribe(tiny({ train: file, valid: undefined, steps: 1 }))
  const refused = (more: Partial<TrainDescribeOptions>, ...says: Parameters<typeof coded>) =>
    expect(trainDescribe(tiny({ out: `${dir}/no`, ...more }))).rejects.toThrow(coded(...says))
  await refused({ train: [] }, 'input', 'no sentence to train on')
  await refused({ config: { ...shape, max_position_embeddings: 4 } }, 'input', 'more than 4 tokens')
  await refused({ config: { ...shape, dropout: 0.1 } }, 'unsupported', '"dropout"')
  await refused({ config: { ...shape, model_type: 'llama' } }, 'format', 'model_type')
  await refused({ tokenizer: byteTokenizer() }, 'unsupported', '[NONE]')
  await refused({ vocabSize: 3 }, 'option', 'vocabSize')
  for (const others of [0, -1, 1.5, NaN]) await refused({ others }, 'option', 'trainDescribe: others')
  await refused({ steps: 0 }, 'option', 'trainDescribe: steps')
  const again = { out: `${dir}/run`, resume: true }
  await refused({ ...again, train: sentences.slice(1) }, 'input', 'another data')
  await refused({ ...again, seed: 8 }, 'input', 'another seed')
})
