import { mkdir, mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { coded } from '../testing/index.js'
import { claimRun, findRuns, readRun, recordedSettings, writeInfo, writeStatus } from './run-folder.js'

let dir: string
beforeEach(async () => {
  dir = await mkdtemp(`${tmpdir()}/heed-run-`)
})
afterEach(() => rm(dir, { recursive: true }))

const info = {
  task: 'language',
  steps: 60,
  parameters: 7,
  vocabSize: 5,
  settings: { seed: 1 },
  config: { a: 1 },
}
const metrics = [
  { step: 20, tokens: 1000, loss: 5, smoothedLoss: 5.5, rate: 0.1, tokensPerSecond: 100 },
  { step: 30, tokens: 1500, validLoss: 4, perplexity: 54.6 },
  { step: 40, tokens: 2000, loss: 3, smoothedLoss: 4.5, rate: 0.2, tokensPerSecond: 50 },
]

test('a run is what its folder says', async () => {
  await writeInfo(dir, info)
  await writeFile(`${dir}/metrics.jsonl`, metrics.map((row) => `${JSON.stringify(row)}\n`).join(''))
  await mkdir(`${dir}/checkpoints`)
  const index = { latest: 'step-000040', earlier: ['step-000035'], best: 'step-000030' }
  await writeFile(`${dir}/checkpoints/index.json`, JSON.stringify(index))
  await writeStatus(dir, 'failed', 'the disk is full')
  const { vocabSize: _, ...known } = info
  expect(await readRun(dir)).toEqual({
    ...known,
    folder: dir,
    state: 'failed',
    message: 'the disk is full',
    step: 40,
    tokens: 2000,
    loss: 4.5,
    rate: 0.2,
    last: { step: 30, loss: 4, perplexity: 54.6 },
    best: { step: 30, loss: 4, perplexity: 54.6 },
    tokensPerSecond: 50,
    seconds: 1000 / 100 + 1000 / 50,
    checkpoints: ['step-000040', 'step-000035'],
    bestCheckpoint: 'step-000030',
    metrics,
  })
})

test('a process that is gone does not run; one that lives keeps others out', async () => {
  await claimRun(dir)
  await writeInfo(dir, info)
  expect((await readRun(dir)).state).toBe('running')
  await claimRun(dir) // this very process may go on
  const file = `${dir}/status.json`
  const status = JSON.parse(await readFile(file, 'utf8')) as object
  const by = (change: object) => writeFile(file, JSON.stringify({ ...status, ...change }))
  await by({ pid: process.ppid })
  await expect(claimRun(dir)).rejects.toThrow(coded('input', `process ${process.ppid} trains in it`))
  // Also of a run that has just been resumed, whose metrics are old.
  const long = Date.now() / 1000 - 48 * 3600
  await writeFile(`${dir}/metrics.jsonl`, '')
  await utimes(`${dir}/metrics.jsonl`, long, long)
  await expect(claimRun(dir)).rejects.toThrow(coded('input', 'trains in it'))
  await utimes(file, long, long)
  expect((await readRun(dir)).state).toBe('stopped')
  await by({ pid: 2 ** 30 })
  expect(await readRun(dir)).toMatchObject({ state: 'stopped', message: 'its process is gone; resume it' })
  await by({ host: 'elsewhere' })
  expect(await readRun(dir)).toMatchObject({ state: 'stopped' })
  await claimRun(dir)
})

test('a claim that is taken back leaves the folder as it was', async () => {
  await (
    await claimRun(dir)
  )()
  expect(await readdir(dir)).toEqual([])
  await writeStatus(dir, 'failed', 'the disk is full')
  const before = await readFile(`${dir}/status.json`)
  const release = await claimRun(dir)
  expect(await readFile(`${dir}/status.json`, 'utf8')).toContain('running')
  await release()
  expect(await readFile(`${dir}/status.json`)).toEqual(before)
})

test('runs are found in a folder, or are the folder', async () => {
  for (const name of ['b', 'a', 'no-run']) await mkdir(`${dir}/${name}`)
  await writeInfo(`${dir}/b`, info)
  await writeFile(`${dir}/a/metrics.jsonl`, '')
  expect(await findRuns(`${dir}/`)).toEqual([`${dir}/a`, `${dir}/b`])
  expect(await findRuns(`${dir}/b`)).toEqual([`${dir}/b`])
  expect(await findRuns(`${dir}/no-run`)).toEqual([])
  await expect(findRuns(`${dir}/nowhere`)).rejects.toThrow(coded('not-found', 'nowhere'))
  await expect(readRun(`${dir}/no-run`)).rejects.toThrow(coded('not-found', 'holds no run'))
  expect(await readRun(`${dir}/a`)).toMatchObject({ state: 'unknown', step: 0, seconds: 0, metrics: [] })
})

test('of the settings everything is recorded that JSON can say', () => {
  const schedule = { kind: 'cosine', peak: 1, floor: undefined }
  const settings = {
    steps: 3,
    train: ['a', 'b'],
    valid: 'v.tsv',
    schedule,
    onEvent: () => {},
    signal: 1,
    resume: true,
  }
  expect(JSON.parse(JSON.stringify(recordedSettings(settings)))).toEqual({
    steps: 3,
    train: 2,
    valid: 'v.tsv',
    schedule: { kind: 'cosine', peak: 1 },
  })
})
