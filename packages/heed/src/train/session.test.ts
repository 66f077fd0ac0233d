import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { beforeEach, expect, it } from 'vitest'
import { setBackend } from '../backends/current.js'
import { ReferenceBackend } from '../backends/reference/index.js'
import { readModelFolder, type SafeTensor } from '../io/index.js'
import type { EncoderModel, Intervention } from '../models/index.js'
import { attentionScores, normalizers } from '../ops/index.js'
import { coded } from '../testing/index.js'
import { toSafeTensors } from './checkpoint.js'
import { parseLabelled } from './describe-data.js'
import { readRun } from './run-folder.js'
import { describeSession, type DescribeSessionOptions, type SessionStep } from './session.js'
import { trainDescribe } from './train-describe.js'

beforeEach(() => void setBackend(new ReferenceBackend()))

const lines = ['The big dog sees the cat.\tdog=big', 'The cat is red.\tcat=red', 'The dog sees the cat.']
const sentences = parseLabelled(lines.join('\n'), 'lines')
const options: DescribeSessionOptions = {
  train: sentences,
  valid: sentences.slice(0, 2),
  vocabSize: 12,
  config: { hidden_size: 8, num_attention_heads: 2, intermediate_size: 6, max_position_embeddings: 8 },
  steps: 4,
  batchTokens: 20,
  others: 0.5,
  schedule: { peak: 1e-2, warmup: 2 },
  seed: 7,
}
const bitsOf = (tensors: ReadonlyMap<string, SafeTensor>) =>
  Object.fromEntries([...tensors].map(([name, { bytes }]) => [name, String(bytes)]))
const weightsOf = async ({ weights }: EncoderModel) => bitsOf(await toSafeTensors(weights))

/** No scale: every product as it stands. */
const unscaled: Intervention = { attention: (call) => ({ options: { ...call.options, scale: 1 } }) }

it('gives the bits of a run in a folder, step by step, and ends', async () => {
  const out = await mkdtemp(`${tmpdir()}/heed-session-`)
  try {
    await trainDescribe({ ...options, out: `${out}/run`, reportEvery: 1, evaluateEvery: 4 })
    const { metrics, last } = await readRun(`${out}/run`)
    using session = await describeSession(options)
    const steps: SessionStep[] = []
    while (!session.isFinished) steps.push(await session.step())
    const rows = metrics.filter(({ loss }) => loss !== undefined)
    expect(steps.map(({ loss, rate, norm, gradients }) => ({ loss, rate, norm, gradients }))).toEqual(
      rows.map(({ loss, rate, norm, gradients }) => ({ loss, rate, norm, gradients })),
    )
    expect(await session.evaluate()).toEqual(last)
    const { tensors } = await readModelFolder(`${out}/run`)
    expect(await weightsOf(session.model)).toEqual(bitsOf(tensors))
    await expect(session.step()).rejects.toThrow(coded('input', 'all 4 steps are taken'))
  } finally {
    await rm(out, { recursive: true })
  }
})

it('tells the gradients of W_Q, W_K and W_V apart: hard weights let none through to W_Q and W_K', async () => {
  using plain = await describeSession(options)
  const { gradients, norm } = await plain.step()
  const parts = Object.values(gradients!)
  expect(parts.every((part) => part > 0)).toBe(true)
  expect(Math.hypot(...parts)).toBeLessThan(norm)
  const hard: Intervention = {
    attention: ({ q, k, options }) => ({ weights: normalizers.hardmax(attentionScores(q, k, options)) }),
  }
  using changed = await describeSession({ ...options, with: [hard] })
  expect((await changed.step()).gradients).toMatchObject({ query: 0, key: 0 })
})

it('what changes the passes changes training and validation', async () => {
  using plain = await describeSession(options)
  using changed = await describeSession({ ...options, with: [unscaled] })
  expect(await weightsOf(changed.model)).toEqual(await weightsOf(plain.model))
  const before = [await plain.evaluate(), await changed.evaluate()]
  expect(before[0]!.loss).not.toBe(before[1]!.loss)
  const [a, b] = [await plain.step(), await changed.step()]
  expect(a.loss).not.toBe(b.loss)
})
