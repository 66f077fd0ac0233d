import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { ReferenceBackend } from '../backends/reference/index.js'
import { safeTensor } from '../io/index.js'
import { tensor } from '../ops/create.js'
import {
  type Checkpoint,
  fromSafeTensors,
  readCheckpoint,
  readCheckpointIndex,
  toSafeTensors,
  withdrawCheckpoints,
  writeCheckpoint,
} from './checkpoint.js'

let run: string
beforeEach(async () => {
  run = await mkdtemp(`${tmpdir()}/heed-checkpoint-`)
})
afterEach(() => rm(run, { recursive: true }))

const stored = (x: number) =>
  new Map([['w', safeTensor({ name: 'w', dtype: 'F32', shape: [1], data: Float32Array.of(x) })]])
const checkpoint = (step: number): Checkpoint<{ step: number }> => ({
  model: { config: { model_type: 'x', step }, tensors: stored(step) },
  training: stored(-step),
  state: { step },
})
const folders = async () =>
  (await readdir(`${run}/checkpoints`)).filter((name) => name !== 'index.json').sort()

test('a checkpoint comes back, and only the latest two and the best are kept', async () => {
  expect(await readCheckpointIndex(run)).toBeUndefined()
  await expect(readCheckpoint(run)).rejects.toThrow('no latest checkpoint')
  for (const step of [1, 2, 3, 4]) await writeCheckpoint(run, step, checkpoint(step), { best: step === 1 })
  expect(await folders()).toEqual(['step-000001', 'step-000003', 'step-000004'])
  expect(await readCheckpoint(run)).toMatchObject(checkpoint(4))
  expect(await readCheckpoint(run, 'best')).toMatchObject(checkpoint(1))
  await writeCheckpoint(run, 5, checkpoint(5), { best: true })
  expect(await folders()).toEqual(['step-000004', 'step-000005'])
  for (const step of [6, 7, 8]) await writeCheckpoint(run, step, checkpoint(step), { keep: 3 })
  expect(await folders()).toEqual(['step-000005', 'step-000006', 'step-000007', 'step-000008'])
  expect(await readCheckpointIndex(run)).toEqual({
    latest: 'step-000008',
    earlier: ['step-000007', 'step-000006'],
    best: 'step-000005',
  })
  await writeCheckpoint(run, 9, checkpoint(9), { keep: 1 })
  expect(await folders()).toEqual(['step-000005', 'step-000009'])
})

test('what a run that died left is no checkpoint and goes with the next', async () => {
  await writeCheckpoint(run, 1, checkpoint(1))
  await mkdir(`${run}/checkpoints/mine`) // a user's: it stays
  for (const name of ['step-000002', 'step-000003.tmp', 'step-000004']) {
    await mkdir(`${run}/checkpoints/${name}`)
    await writeFile(`${run}/checkpoints/${name}/state.json`, '{"ste')
  }
  expect(await readCheckpoint(run)).toMatchObject(checkpoint(1))
  await writeCheckpoint(run, 2, checkpoint(2))
  expect(await folders()).toEqual(['mine', 'step-000001', 'step-000002'])
  expect(await readCheckpoint(run)).toMatchObject(checkpoint(2))
})

test('a checkpoint that cannot be written leaves the run as it was', async () => {
  await writeCheckpoint(run, 1, checkpoint(1))
  const bad = { ...checkpoint(2), training: new Map([['w', { ...stored(2).get('w')!, shape: [7] }]]) }
  await expect(writeCheckpoint(run, 2, bad)).rejects.toThrow('does not fit')
  expect(await readCheckpoint(run)).toMatchObject(checkpoint(1))
})

test('a step that has the latest checkpoint may have another, beside it', async () => {
  await writeCheckpoint(run, 1, checkpoint(1))
  await writeCheckpoint(run, 1, checkpoint(1), { best: true })
  expect(await readCheckpointIndex(run)).toEqual({
    latest: 'step-000001-2',
    earlier: ['step-000001'],
    best: 'step-000001-2',
  })
})

test('a spoilt checkpoint is taken back: the one before is the latest again', async () => {
  expect(await withdrawCheckpoints(run, 1)).toBeUndefined()
  await writeCheckpoint(run, 1, checkpoint(1))
  expect(await withdrawCheckpoints(run, 1)).toBe(1) // the only one stays
  await writeCheckpoint(run, 2, checkpoint(2), { best: true })
  expect(await withdrawCheckpoints(run, 3)).toBe(2)
  expect(await withdrawCheckpoints(run, 2)).toBe(1)
  expect(await folders()).toEqual(['step-000001'])
  expect(await readCheckpointIndex(run)).toEqual({ latest: 'step-000001', earlier: [] })
})

test('an index that points elsewhere is refused', async () => {
  await writeCheckpoint(run, 1, checkpoint(1))
  const file = `${run}/checkpoints/index.json`
  for (const content of [
    '{"latest":"../../etc"}',
    '{"latest":7}',
    '[]',
    '{',
    '{"latest":"step-1","earlier":"step-2.tmp"}',
    '{"latest":"step-1","earlier":["../x"]}',
    '{"latest":"step-1","best":"/"}',
  ]) {
    await writeFile(file, content)
    await expect(readCheckpoint(run)).rejects.toMatchObject({ code: 'format' })
  }
  expect(await readFile(file, 'utf8')).toContain('best')
})

test('tensors are stored exactly', async () => {
  const backend = new ReferenceBackend({ dtype: 'float64' })
  for (const dtype of ['float32', 'float64'] as const) {
    using x = tensor([0.1, -1 / 3, 1e-30, NaN], [2, 2], { dtype, backend })
    const { x: back } = fromSafeTensors(await toSafeTensors({ x }), backend)
    expect(back.dtype).toBe(dtype)
    expect(back.shape).toEqual([2, 2])
    expect(await back.data()).toEqual(await x.data())
    back.dispose()
  }
  const ids = new Map([['i', safeTensor({ name: 'i', dtype: 'I32', shape: [1], data: Int32Array.of(1) })]])
  expect(() => fromSafeTensors(ids, backend)).toThrow('i [1] is I32')
})
