import { readFile } from 'node:fs/promises'
import * as fc from 'fast-check'
import { capture } from 'heed/lens'
import { describeSession } from 'heed/train'
import { afterEach, describe, expect, it, vi } from 'vitest'
import type { Context } from './rpc'
import { runLog, runs } from './train-log'
import type { Shot } from './train-probe'
import { Gate, interventionsOf, runTraining, type TrainEvent, type TrainRequest } from './train-run'
import { Moments } from './train-shots'
import { LETTERS, sequenceProbe, sequences, taskSettings } from './train-tasks'

afterEach(() => void vi.unstubAllGlobals())

const plain = { scale: true, normalizer: 'softmax' } as const
const request = (more: Partial<TrainRequest> = {}): TrainRequest => ({
  task: 'copy',
  ...plain,
  seed: 3,
  text: sequenceProbe('copy'),
  data: 'http://studio/describe/',
  steps: 3,
  ...more,
})

async function told(wanted: TrainRequest): Promise<TrainEvent[]> {
  const events: TrainEvent[] = []
  await runTraining(wanted, (event) => events.push(event), new Gate())
  return events
}
const of = <T extends TrainEvent['type']>(events: readonly TrainEvent[], type: T) =>
  events.filter((event): event is Extract<TrainEvent, { type: T }> => event.type === type)

describe('sequences', () => {
  it('ask at each place for the letter that belongs there', () => {
    const sorted = (letters: string[]) => [...letters].sort()
    const expected = { copy: (x: string[]) => x, reverse: (x: string[]) => [...x].reverse(), sort: sorted }
    for (const task of ['copy', 'reverse', 'sort'] as const)
      for (const { text, labels } of sequences(task).valid) {
        const letters = text.split(' ').slice(0, LETTERS)
        expect(labels.map(({ by }) => text.slice(by.start, by.end))).toEqual(expected[task](letters))
        expect(labels.map(({ word }) => text.slice(word.start, word.end))).toEqual(letters.map(() => '?'))
        expect(labels.map(({ word }) => word.start)).toEqual(letters.map((_, i) => 2 * (LETTERS + i)))
      }
  })

  it('are the same each time, and none is tested that is trained on', () => {
    const { train, valid } = sequences('sort')
    expect(sequences('sort')).toEqual({ train, valid })
    const texts = [...train, ...valid].map(({ text }) => text)
    expect(new Set(texts).size).toBe(texts.length)
  })
})

it('moments of a run: bounded, in order, the first and the last always there, those in between evenly far apart', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 900 }), fc.integer({ min: 3, max: 40 }), (last, most) => {
      const moments = new Moments<{ step: number }>(most)
      for (let step = 0; step <= last; step++) if (moments.isDue(step) || step === last) moments.add({ step })
      const steps = moments.all.map(({ step }) => step)
      expect(steps.length).toBeLessThanOrEqual(most)
      expect([steps[0], steps.at(-1)]).toEqual([0, last])
      const gaps = steps.slice(1, -1).map((step, n) => step - steps[n])
      expect(new Set(gaps).size).toBeLessThanOrEqual(1)
      // Not thinned out further than needed.
      if (gaps.length > 0 && gaps[0] > 1) expect(2 * steps.length).toBeGreaterThanOrEqual(most)
    }),
  )
})

describe('a run', () => {
  it('tells the steps, scores and maps of the library’s own session', async () => {
    const events = await told(request())
    const { heads, headSize, steps, tokens } = of(events, 'started')[0].start
    expect(tokens.map(({ text }) => text).join(' ')).toBe(sequenceProbe('copy'))
    expect([heads * headSize, steps]).toEqual([64, 3])
    const { peak, warmup, batchTokens, vocabSize } = taskSettings('copy')
    using session = await describeSession({
      ...sequences('copy'),
      seed: 3,
      vocabSize,
      config: { hidden_size: 64, intermediate_size: 128, num_attention_heads: 2 },
      steps: 3,
      batchTokens,
      schedule: { peak, warmup },
    })
    const first = await session.evaluate()
    const own = [await session.step(), await session.step(), await session.step()]
    const untimed = (step: object) => ({ ...step, tokensPerSecond: 0 })
    expect(of(events, 'step').map(({ step }) => untimed(step))).toEqual(own.map(untimed))
    expect(of(events, 'evaluation').map(({ validation }) => validation)).toEqual([
      first,
      await session.evaluate(),
    ])
    const shots = of(events, 'shot').map(({ shot }) => shot)
    expect(shots.map(({ step }) => step)).toEqual([0, 1, 2, 3])
    using seen = await capture(session.model, sequenceProbe('copy'))
    const last = await seen.map('layers.0.self', 1).tile()
    expect(shots[3].weights.slice(last.length)).toEqual(last)
    expect(events.at(-1)).toEqual({ type: 'finished' })
  })

  it('without the scale, or with another normaliser, from the same first weights', async () => {
    const lossOf = (events: readonly TrainEvent[]) => of(events, 'step')[0].step.loss
    const rowsOf = ({ weights }: Shot, width = 2 * LETTERS) =>
      Array.from({ length: weights.length / width }, (_, i) =>
        weights.subarray(i * width, (i + 1) * width).reduce((a, b) => a + b, 0),
      )
    const [own, unscaled, sigmoid, hardmax] = [
      await told(request({ steps: 1 })),
      await told(request({ steps: 1, scale: false })),
      await told(request({ steps: 1, normalizer: 'sigmoid' })),
      await told(request({ steps: 1, normalizer: 'hardmax' })),
    ]
    expect(new Set([own, unscaled, sigmoid, hardmax].map(lossOf)).size).toBe(4)
    for (const [events, isShare] of [
      [own, true],
      [unscaled, true],
      [sigmoid, false],
      [hardmax, true],
    ] as const)
      for (const sum of rowsOf(of(events, 'shot')[0].shot)) expect(Math.abs(sum - 1) < 1e-5).toBe(isShare)
    expect(of(hardmax, 'step')[0].step.gradients).toMatchObject({ query: 0, key: 0 })
    expect(interventionsOf(plain, 16)).toEqual([])
  })

  it('rests while the gate is closed, and goes on where it was', async () => {
    const gate = new Gate()
    const steps: number[] = []
    const run = runTraining(
      request(),
      (event) => {
        if (event.type !== 'step') return
        steps.push(event.step.step)
        if (event.step.step === 2) gate.close()
      },
      gate,
    )
    while (steps.length < 2) await new Promise((next) => setImmediate(next))
    for (let turn = 0; turn < 20; turn++) await new Promise((next) => setImmediate(next))
    expect(steps).toEqual([1, 2])
    gate.open()
    await run
    expect(steps).toEqual([1, 2, 3])
  })

  it('of describe: its sentences, the probe as it is written, and what it has never seen', async () => {
    vi.stubGlobal('fetch', async (address: string) => {
      const path = new URL(`../../public/describe/${address.split('/').at(-1)}`, import.meta.url)
      return new Response(await readFile(path))
    })
    const text = 'The zebra is very large.'
    const events = await told(request({ task: 'describe', text, steps: 1 }))
    const { start } = of(events, 'started')[0]
    expect(start.sentences).toEqual({ train: 9000, valid: 500 })
    expect(start.tokens.map(({ text }) => text)).toEqual(['The', 'zebra', 'is', 'very', 'large', '.'])
    expect(start.unknown).toEqual(['zebra'])
    const { shot } = of(events, 'shot')[0]
    expect([shot.weights.length, shot.said.length]).toEqual([4 * 36, 6])
  })

  it('whose data do not come says where they should be', async () => {
    vi.stubGlobal('fetch', async () => new Response(null, { status: 404 }))
    await expect(told(request({ task: 'describe' }))).rejects.toThrow(
      'http://studio/describe/train.tsv: the server answers 404',
    )
  })
})

describe('runs of heed train', () => {
  const context: Context = { signal: new AbortController().signal, onProgress: () => undefined }
  const serve = (files: Record<string, string>) =>
    vi.stubGlobal('fetch', async (address: string) => {
      const file = files[address.split('/').at(-1)!]
      return file === undefined ? new Response(null, { status: 404 }) : new Response(file)
    })
  const line = (row: object) => `${JSON.stringify(row)}\n`

  it('as far as they are written: a line that is not whole is left out', async () => {
    serve({
      'run.json': JSON.stringify({ task: 'translation', steps: 40, parameters: 12 }),
      'status.json': JSON.stringify({ state: 'running' }),
      'metrics.jsonl':
        line({ step: 20, tokens: 90, loss: 3, norm: 2, gradients: { query: 1, key: 2, value: 3 } }) +
        line({ step: 20, tokens: 90, validLoss: 2.5, bleu: 4 }) +
        '{"step":40,"lo',
      'attention.jsonl': line({
        step: 20,
        site: 'decoder.1.cross',
        queries: ['a', 'b'],
        keys: ['c'],
        weights: [
          [[1], [1]],
          [[0.5], [0.25]],
        ],
      }),
    })
    const log = await runLog({ name: 'a', address: 'http://studio/runs/a/' }, context)
    expect(log).toMatchObject({ task: 'translation', state: 'running', steps: 40, samples: [] })
    expect(log.metrics.map(({ step, gradients }) => [step, gradients?.value])).toEqual([[20, 3]])
    expect(log.evaluations).toEqual([{ step: 20, loss: 2.5, bleu: 4 }])
    expect(log.maps[0]).toMatchObject({ heads: 2, weights: Float32Array.of(1, 1, 0.5, 0.25) })
  })

  it('that are gone, and a server that gives none', async () => {
    serve({})
    await expect(runLog({ name: 'a', address: 'http://studio/runs/a/' }, context)).rejects.toThrow(
      'there is no run a any more',
    )
    expect(await runs('http://studio/runs.json', context)).toBeUndefined()
    serve({ 'runs.json': '<!doctype html>' })
    expect(await runs('http://studio/runs.json', context)).toBeUndefined()
    serve({ 'runs.json': '[]' })
    expect(await runs('http://studio/runs.json', context)).toEqual([])
  })
})
