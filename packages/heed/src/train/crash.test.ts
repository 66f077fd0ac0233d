import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { safeTensor } from '../io/index.js'
import { breakDisk } from '../testing/disk.js'
import { type Checkpoint, readCheckpoint, writeCheckpoint } from './checkpoint.js'

let run: string
beforeEach(async () => {
  run = await mkdtemp(`${tmpdir()}/heed-crash-`)
})
afterEach(async () => {
  vi.restoreAllMocks()
  await rm(run, { recursive: true })
})

const stored = (x: number) =>
  new Map([['w', safeTensor({ name: 'w', dtype: 'F32', shape: [64], data: new Float32Array(64).fill(x) })]])
const checkpoint = (step: number): Checkpoint<{ step: number }> => ({
  model: { config: { model_type: 'x', step }, tensors: stored(step) },
  training: stored(-step),
  state: { step },
})

describe.each(['killed', 'full'] as const)('%s', (how) => {
  test('at every single point of writing, the run has the old checkpoint or the new one, whole', async () => {
    await writeCheckpoint(run, 1, checkpoint(1), { best: true })
    const left = new Set<number>()
    let [at, calls] = [0, Infinity]
    for (; at < calls; at++) {
      const broken = breakDisk(at + 1, how)
      const failed = await writeCheckpoint(run, 2, checkpoint(2)).then(
        () => false,
        () => true,
      )
      vi.restoreAllMocks()
      if (!failed) calls = broken.calls
      const { state } = (await readCheckpoint(run)) as Checkpoint<{ step: number }>
      expect([1, 2]).toContain(state.step)
      expect(await readCheckpoint(run)).toMatchObject(checkpoint(state.step))
      expect(await readCheckpoint(run, 'best')).toMatchObject(checkpoint(1))
      left.add(state.step)
      // A full disk gets its space back.
      if (how === 'full' && failed)
        expect((await readdir(`${run}/checkpoints`)).filter((name) => name.endsWith('.tmp'))).toEqual([])
      await rm(`${run}/checkpoints`, { recursive: true })
      await writeCheckpoint(run, 1, checkpoint(1), { best: true })
    }
    expect([...left].sort()).toEqual([1, 2])
    expect(at).toBeGreaterThan(15)
  })
})
