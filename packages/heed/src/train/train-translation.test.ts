import { readFileSync } from 'node:fs'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { setBackend } from '../backends/current.js'
import { randomBits } from '../backends/random.js'
import { ReferenceBackend } from '../backends/reference/index.js'
import { parseSafetensors, readModelFolder, writeSafetensors } from '../io/index.js'
import { loadModel, Run, type Transformer, translationBatch } from '../models/index.js'
import { scale } from '../ops/index.js'
import { breakDisk } from '../testing/disk.js'
import { coded } from '../testing/index.js'
import { leftBy } from '../testing/training-run.js'
import { learnBpe } from '../text/index.js'
import { withdrawCheckpoints } from './checkpoint.js'
import { encodePairs, epochBatches, type Pair } from './data.js'
import type { MetricsRow } from './metrics.js'
import { readRun, readSamples } from './run-folder.js'
import type { MapRow } from './samples.js'
import { parseRows } from './step-log.js'
import {
  trainingDefaults,
  type TrainingEvent,
  translationSettings,
  type TrainTranslationOptions,
} from './settings.js'
import { train } from './train.js'
import { trainLanguage } from './train-language.js'
import { trainTranslation } from './train-translation.js'
import { translationTask } from './translation-task.js'

let dir: string
beforeEach(async () => {
  setBackend(new ReferenceBackend())
  dir = await mkdtemp(`${tmpdir()}/heed-train-`)
})
afterEach(async () => {
  await rm(dir, { recursive: true })
})

/** Copying: words of two letters, three to five letters a text. */
const copyPairs = (count: number, seed: number): Pair[] =>
  Array.from({ length: count }, (_, i) => {
    const length = 2 + ((randomBits(seed, 100 * i) >>> 0) % 3)
    const text = Array.from({ length }, (_, j) => 'abcd'[(randomBits(seed, 100 * i + j + 1) >>> 0) % 4]).join(
      '',
    )
    return { source: text, targets: [text] }
  })

// No merges: a letter is a token.
const tokenizer = await learnBpe([], { vocabSize: 260 })

const tiny = (more: Partial<TrainTranslationOptions> = {}): TrainTranslationOptions => ({
  train: copyPairs(64, 1),
  valid: copyPairs(8, 2),
  out: `${dir}/run`,
  config: {
    d_model: 16,
    num_heads: 2,
    encoder_layers: 1,
    decoder_layers: 1,
    d_ff: 32,
    dropout: 0.1,
    max_positions: 16,
  },
  tokenizer,
  steps: 10,
  batchTokens: 48,
  schedule: { kind: 'inverse-sqrt', peak: 3e-3, warmup: 4 },
  evaluateEvery: 5,
  checkpointEvery: 4,
  reportEvery: 1,
  bleuSentences: 2,
  averageDecay: 0.9,
  seed: 7,
  ...more,
})

test('a run that was stopped and resumed gives the bits of one that was not', async () => {
  const whole = await trainTranslation(tiny({ out: `${dir}/whole` }))
  expect(whole.finished).toBe(true)

  const out = `${dir}/parts`
  const stop = new AbortController()
  const first = await trainTranslation(
    tiny({ out, signal: stop.signal, onProgress: ({ step }) => step === 5 && stop.abort() }),
  )
  expect(first).toMatchObject({ finished: false, state: { step: 5, last: null } })
  const events: TrainingEvent[] = []
  await trainTranslation(tiny({ out, resume: true, onEvent: (e) => events.push(e) }))
  expect(events).toContainEqual({ type: 'resumed', step: 5 })
  const [a, b] = [await leftBy(`${dir}/whole`), await leftBy(out)]
  expect(b.rows).toEqual(a.rows)
  expect(b).toEqual(a)
  expect(a.rows.filter((row) => row.validLoss !== undefined).map((row) => row.step)).toEqual([5, 10])
}, 30_000)

test('a run dies with a step done since the checkpoint: resuming drops what it wrote and goes on from there', async () => {
  await trainTranslation(tiny({ out: `${dir}/whole` }))
  const out = `${dir}/killed`
  const killed = trainTranslation(
    tiny({
      out,
      onProgress: ({ step }) => {
        if (step === 7) throw new Error('killed')
      },
    }),
  )
  await expect(killed).rejects.toThrow('killed')
  const { state } = await trainTranslation(tiny({ out, resume: true }))
  expect(state.step).toBe(10)
  expect(await leftBy(out)).toEqual(await leftBy(`${dir}/whole`))
}, 30_000)

test('two runs at the same time give the bits of one after the other', async () => {
  const runs = [
    { seed: 7, out: `${dir}/a` },
    { seed: 8, out: `${dir}/b`, steps: 7 },
  ]
  for (const run of runs) await trainTranslation(tiny(run))
  const order: number[] = []
  const beside = runs.map((run) => ({ ...run, out: `${run.out}2`, onProgress: () => order.push(run.seed) }))
  await Promise.all(beside.map((run) => trainTranslation(tiny(run))))
  for (const { out } of runs) expect(await leftBy(`${out}2`)).toEqual(await leftBy(out))
  expect(order.slice(0, 10)).not.toEqual(order.slice(0, 10).sort()) // they took turns
}, 30_000)

test('the run folder keeps the latest two and the best, each a model folder', async () => {
  await trainTranslation(tiny({ checkpointEvery: 1, evaluateEvery: 2, steps: 8 }))
  const { latest, earlier, best } = JSON.parse(
    await readFile(`${dir}/run/checkpoints/index.json`, 'utf8'),
  ) as { latest: string; earlier: string[]; best: string }
  expect([latest, ...earlier]).toEqual(['step-000008', 'step-000007'])
  const names = (await readdir(`${dir}/run/checkpoints`)).filter((name) => name !== 'index.json')
  expect(names.sort()).toEqual([...new Set([best, latest, ...earlier])].sort())
  const saved = await readModelFolder(`${dir}/run/checkpoints/${best}`)
  const final = await readModelFolder(`${dir}/run`)
  expect(final.tensors).toEqual(saved.tensors)
  expect(final.config).toMatchObject({ model_type: 'heed-transformer', vocab_size: 260 })
}, 30_000)

test('another run in the folder, or another seed, is refused', async () => {
  await trainTranslation(tiny({ steps: 1, valid: undefined }))
  await expect(trainTranslation(tiny())).rejects.toThrow('holds a run already; resume it')
  await expect(trainTranslation(tiny({ resume: true, seed: 8 }))).rejects.toThrow('another seed (7, now 8)')
  await expect(trainTranslation(tiny({ resume: true, batchTokens: 50 }))).rejects.toThrow(
    'another batchTokens',
  )
  await expect(trainTranslation(tiny({ resume: true, train: copyPairs(64, 9) }))).rejects.toThrow(
    'another data',
  )
})

test('another tokenizer or vocabulary for a resumed run is refused', async () => {
  const learned = { tokenizer: undefined, vocabSize: 262, steps: 1, valid: undefined }
  await trainTranslation(tiny(learned))
  await expect(trainTranslation(tiny({ ...learned, resume: true, vocabSize: 264 }))).rejects.toThrow(
    'another vocabSize (262, now 264)',
  )
  await expect(trainTranslation(tiny({ ...learned, resume: true, tokenizer }))).rejects.toThrow(
    'another tokenizer',
  )
  const { tokenizerJson } = await readModelFolder(`${dir}/run`)
  const again = await trainTranslation(tiny({ ...learned, resume: true, tokenizer: tokenizerJson }))
  expect(again.finished).toBe(true)
})

/** A model of three steps in `dir/base`. */
const base = async () => {
  await trainTranslation(tiny({ out: `${dir}/base`, steps: 3, valid: undefined, averageDecay: 0 }))
  return `${dir}/base`
}
/** What goes on from it: shape and tokenizer are its own. */
const further = (more: Partial<TrainTranslationOptions> = {}) =>
  tiny({ tokenizer: undefined, config: undefined, from: `${dir}/base`, seed: 8, ...more })

test('a run that goes on from a model begins with its weights, its shape and its tokenizer', async () => {
  const from = await base()
  const plain = { config: { dropout: 0 }, labelSmoothing: 0, averageDecay: 0 }
  await trainTranslation(further({ ...plain, steps: 1, train: copyPairs(12, 3), valid: undefined }))
  const [row] = parseRows<MetricsRow>(await readFile(`${dir}/run/metrics.jsonl`, 'utf8'))

  using model = await loadModel<Transformer>(from)
  const { encoded } = await encodePairs(copyPairs(12, 3), model.tokenizer!, { maxLength: 16 })
  const [first] = epochBatches(encoded, { batchTokens: 48, seed: 8, epoch: 0 })
  const batch = translationBatch(
    first.map((i) => encoded[i]),
    model.config,
  )
  using loss = model.loss(new Run(model), batch).keep()
  expect(row.loss).toBe(await loss.item())
  const after = await readModelFolder(`${dir}/run`)
  expect(after.config).toEqual({ ...model.config, dropout: 0 })
  expect(after.tokenizerJson).toEqual(model.files.tokenizerJson)
})

test('a run that goes on from a model, stopped and resumed, gives the bits of one that was not, though the model is gone', async () => {
  await base()
  await trainTranslation(further({ out: `${dir}/whole` }))
  const stop = new AbortController()
  const onProgress = ({ step }: { step: number }) => step === 5 && stop.abort()
  await trainTranslation(further({ signal: stop.signal, onProgress }))
  await rm(`${dir}/base`, { recursive: true })
  await trainTranslation(further({ resume: true }))
  expect(await leftBy(`${dir}/run`)).toEqual(await leftBy(`${dir}/whole`))
  const other = trainTranslation(further({ resume: true, from: undefined, config: tiny().config }))
  await expect(other).rejects.toThrow(coded('input', 'another from', 'base', 'now ""'))
}, 30_000)

test('what cannot be gone on from, or be given with it, is refused', async () => {
  await base()
  const shape = { d_model: 16, dropout: 0 }
  await expect(trainTranslation(further({ config: shape, vocabSize: 260 }))).rejects.toThrow(
    coded('option', 'trainTranslation: vocabSize, d_model cannot be given with from'),
  )
  const other = await learnBpe(['aa', 'aa'], { vocabSize: 261 })
  await expect(trainTranslation(further({ tokenizer: other }))).rejects.toThrow(
    coded('input', 'base: has another tokenizer than the one that is given'),
  )
  await expect(trainTranslation(further({ from: `${dir}/none` }))).rejects.toThrow(coded('not-found'))
  await expect(trainTranslation(further({ train: [] }))).rejects.toThrow('no pair to train on')
  const text = { train: ['abc'], out: `${dir}/text`, from: `${dir}/base`, steps: 1 }
  await expect(trainLanguage(text)).rejects.toThrow(
    coded('unsupported', 'base: a "heed-transformer" model', 'llama, mistral, qwen2, qwen3'),
  )
  await rm(`${dir}/base/tokenizer.json`)
  await expect(trainTranslation(further())).rejects.toThrow(coded('unsupported', 'no tokenizer.json'))
})

test('a run that cannot start leaves no tensor behind', async () => {
  // The check of every test (testing/setup.ts) counts them.
  await expect(trainTranslation(tiny({ optimizer: { clip: -1 } }))).rejects.toThrow(coded('option', 'clip'))
  await trainTranslation(tiny({ steps: 1, valid: undefined }))
  const index = await readFile(`${dir}/run/checkpoints/index.json`, 'utf8')
  const file = `${dir}/run/checkpoints/${(JSON.parse(index) as { latest: string }).latest}/training.safetensors`
  const stored = parseSafetensors(await readFile(file), file)
  const last = [...stored.keys()].filter((name) => name.startsWith('weights.')).at(-1)!
  for (const lost of [last, 'exp_avg.embedding.weight']) {
    const kept = [...stored].filter(([name]) => name !== lost)
    await writeFile(
      file,
      writeSafetensors(kept.map(([name, { dtype, shape, bytes }]) => ({ name, dtype, shape, data: bytes }))),
    )
    await expect(trainTranslation(tiny({ resume: true }))).rejects.toThrow(coded('format'))
  }
})

test('what is not given is the recipe', () => {
  const { optimizer, schedule, ...flat } = trainingDefaults
  const given = { train: [], out: 'x', seed: undefined, optimizer: { clip: 2 }, schedule: { peak: 1 } }
  expect(translationSettings(given)).toMatchObject({ ...flat, optimizer: { ...optimizer, clip: 2 } })
  expect(translationSettings(given).schedule).toEqual({ ...schedule, peak: 1 })
  expect(translationSettings({ ...given, steps: 500 }).schedule.warmup).toBe(100)
  expect(translationSettings({ ...given, steps: 1 }).schedule.warmup).toBe(1)
})

test('options out of range are named', async () => {
  await expect(trainTranslation(tiny({ keep: 0 }))).rejects.toThrow('keep must be a whole number from 1 up')
  await expect(trainTranslation(tiny({ samples: 0.5 }))).rejects.toThrow('samples must be a count')
  await expect(trainTranslation(tiny({ steps: 0 }))).rejects.toThrow(
    'steps must be a whole number from 1 up, got 0',
  )
  await expect(trainTranslation(tiny({ averageDecay: 1 }))).rejects.toThrow('averageDecay must be')
  await expect(trainTranslation(tiny({ train: [] }))).rejects.toThrow('no pair to train on')
})

test('an evaluation that was cut short is made by the resumed run, and kept if it is the best', async () => {
  const stop = new AbortController()
  const onProgress = ({ step }: { step: number }) => step === 5 && stop.abort()
  const cut = await trainTranslation(tiny({ steps: 5, signal: stop.signal, onProgress }))
  expect([cut.finished, cut.state.step, cut.state.last]).toEqual([false, 5, null])
  expect((await readRun(`${dir}/run`)).state).toBe('stopped')
  expect(await readdir(`${dir}/run`)).not.toContain('model.safetensors')
  const { finished, state } = await trainTranslation(tiny({ steps: 5, resume: true }))
  expect([finished, state.best?.step]).toEqual([true, 5])
  expect((await leftBy(`${dir}/run`)).index.best).toBe('step-000005-2')
})

test('a run whose best checkpoint was withdrawn comes to its end', async () => {
  const out = `${dir}/run`
  await trainTranslation(tiny({ steps: 6, evaluateEvery: 2, checkpointEvery: 1, keep: 4 }))
  expect((await leftBy(out)).index.best).toBe('step-000006')
  await withdrawCheckpoints(out, 6)
  // The checkpoint before it knows of a best that is not kept, and that nothing beats.
  const file = `${out}/checkpoints/step-000005/state.json`
  const saved = JSON.parse(await readFile(file, 'utf8')) as { best: { step: number; loss: number } }
  expect(saved.best.step).toBeLessThan(6)
  await writeFile(file, JSON.stringify({ ...saved, best: { ...saved.best, loss: 0, bleu: 101 } }))
  const { finished, state } = await trainTranslation(tiny({ steps: 7, resume: true, evaluateEvery: 7 }))
  expect([finished, state.best?.step]).toEqual([true, 7])
  expect((await leftBy(out)).index.best).toBe('step-000007')
})

test('the folder is taken before data are read, and let go when they are not there', async () => {
  const states: unknown[] = []
  const onEvent = ({ type }: TrainingEvent) =>
    type === 'data' &&
    states.push((JSON.parse(readFileSync(`${dir}/run/status.json`, 'utf8')) as { state: string }).state)
  await trainTranslation(tiny({ steps: 1, valid: undefined, onEvent }))
  expect(states).toEqual(['running'])
  const none = trainTranslation(tiny({ resume: true, train: `${dir}/none.tsv` }))
  await expect(none).rejects.toThrow(coded('not-found', 'none.tsv'))
  expect((await readRun(`${dir}/run`)).state).toBe('finished')
  await expect(trainTranslation(tiny({ out: `${dir}/new`, train: [] }))).rejects.toThrow('no pair')
  expect(await readdir(`${dir}/new`)).toEqual([])
})

test('files are read, and a tokenizer is learned where none is given', async () => {
  await writeFile(`${dir}/train.tsv`, 'a b\tc d\n\tempty\nthe cat\tdie Katze\nthe dog\tder Hund\n')
  const events: TrainingEvent[] = []
  const onEvent = (event: TrainingEvent) => events.push(event)
  const more = {
    train: `${dir}/train.tsv`,
    valid: undefined,
    tokenizer: undefined,
    vocabSize: 264,
    steps: 1,
    onEvent,
  }
  await trainTranslation(tiny(more))
  expect(events).toContainEqual(
    expect.objectContaining({
      type: 'data',
      name: 'train',
      pairs: 3,
      leftOut: [{ flaw: 'empty', count: 1, first: 2 }],
    }),
  )
  const { tokenizerJson, config } = await readModelFolder(`${dir}/run`)
  const vocabSize = Object.keys((tokenizerJson!.model as { vocab: object }).vocab).length
  expect(config.vocab_size).toBe(vocabSize)
  expect(vocabSize).toBeGreaterThan(260)
})

test('a loss that is no number stops the run: it says where it began, and the last good checkpoint is kept', async () => {
  const whole = { steps: 10, averageDecay: 0 }
  await trainTranslation(tiny({ ...whole, out: `${dir}/whole` }))
  const stop = new AbortController()
  const onProgress = ({ step }: { step: number }) => step === 6 && stop.abort()
  await trainTranslation(tiny({ ...whole, signal: stop.signal, onProgress }))
  const schedule = { kind: 'inverse-sqrt', peak: 1e30, warmup: 1 } as const
  // Step 7 throws every weight far away; its checkpoint is whole, and nothing to go on from.
  const diverging = trainTranslation(
    tiny({ ...whole, schedule, resume: true, checkpointEvery: 7, evaluateEvery: 99 }),
  )
  await expect(diverging).rejects.toThrow(
    /run: step 8: the loss is NaN; it began in the activation encoder\.0\.\S+ \(\d+ of \d+ values\); lower the peak rate; the checkpoint of step 6 is kept, and --resume/,
  )
  expect(await readRun(`${dir}/run`)).toMatchObject({
    state: 'diverged',
    message: expect.stringContaining('step 8: the loss is NaN'),
    checkpoints: ['step-000006'],
  })
  await trainTranslation(tiny({ ...whole, resume: true }))
  expect(await leftBy(`${dir}/run`)).toEqual(await leftBy(`${dir}/whole`))
})

test('steps without a finite gradient are skipped, and twenty in a row are the end', async () => {
  const events: TrainingEvent[] = []
  const settings = translationSettings(tiny({ steps: 40, onEvent: (event) => events.push(event) }))
  const steep = train(settings, async (given) => {
    const task = await translationTask(settings, given)
    // The loss stays finite in float32, the squares of its gradient do not.
    const epoch = (n: number) => {
      const { count, batch: batchOf } = task.epoch(n)
      const batch = (i: number) => {
        const { tokens, loss } = batchOf(i)
        const steepLoss = (model: Transformer, run: Run) => scale(loss(model, run), 1e37)
        return { tokens, loss: steepLoss }
      }
      return { count, batch }
    }
    return { ...task, epoch }
  })
  await expect(steep).rejects.toThrow(
    /step 20: 20 steps in a row had no finite gradient; it began in the norm of the gradient, whose values are finite/,
  )
  expect(events.filter((event) => event.type === 'skipped')).toHaveLength(19)
})

test('a disk that is full stops the run with the last good checkpoint; with space again it goes on to the same bits', async () => {
  await trainTranslation(tiny({ out: `${dir}/whole` }))
  for (const calls of [1, 9]) {
    const out = `${dir}/full-${calls}`
    const onEvent = ({ type }: TrainingEvent) => type === 'checkpoint' && breakDisk(calls, 'full')
    const full = trainTranslation(tiny({ out, onEvent }))
    await expect(full).rejects.toThrow(
      /stopped at step \d: .*: the disk is full; free some space and try again; the checkpoint of step 4 is kept, and --resume goes on/,
    )
    vi.restoreAllMocks()
    await trainTranslation(tiny({ out, resume: true }))
    expect(await leftBy(out)).toEqual(await leftBy(`${dir}/whole`))
  }
}, 30_000)

test('samples and maps are of the same texts at every evaluation, once each', async () => {
  const out = `${dir}/run`
  const stop = new AbortController()
  const onProgress = ({ step }: { step: number }) => step === 5 && stop.abort()
  await trainTranslation(tiny({ signal: stop.signal, onProgress, samples: 2 }))
  await trainTranslation(tiny({ resume: true, samples: 2 }))
  const samples = await readSamples(out)
  expect(samples.map(({ step }) => step)).toEqual([5, 10])
  const [a, b] = samples.map(({ samples }) => samples.map(({ source, reference }) => [source, reference]))
  expect(a).toEqual(
    copyPairs(8, 2)
      .slice(0, 2)
      .map(({ source, targets }) => [source, targets[0]]),
  )
  expect(b).toEqual(a)
  const maps = parseRows<MapRow>(await readFile(`${out}/attention.jsonl`, 'utf8'))
  expect(maps.map(({ step, site }) => [step, site])).toEqual([
    [5, 'decoder.0.cross'],
    [10, 'decoder.0.cross'],
  ])
  const [{ queries, keys, weights }] = maps
  expect([queries, keys]).toEqual([
    ['<s>', ...a[0][1]],
    [...a[0][0], '</s>'],
  ])
  expect([weights.length, weights[0].length, weights[0][0].length]).toEqual([2, queries.length, keys.length])
  for (const row of weights.flat()) expect(row.reduce((sum, w) => sum + w)).toBeCloseTo(1, 2)
})

test('copying is learned', async () => {
  const losses: number[] = []
  const { state } = await trainTranslation(
    tiny({
      steps: 250,
      train: copyPairs(300, 1),
      batchTokens: 64,
      schedule: { kind: 'inverse-sqrt-cooldown', peak: 1e-2, warmup: 20 },
      labelSmoothing: 0,
      config: { ...tiny().config, dropout: 0 },
      averageDecay: 0,
      evaluateEvery: 250,
      checkpointEvery: 250,
      bleuSentences: 0,
      onProgress: ({ loss }) => losses.push(loss),
    }),
  )
  expect(losses[0]).toBeGreaterThan(4)
  expect(state.last!.loss).toBeLessThan(0.7)
}, 30_000)
