import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { safeTensor } from '../io/index.js'
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

type Call = (...args: unknown[]) => unknown
const isObject = (x: unknown): x is Record<string, unknown> => typeof x === 'object' && x !== null

/**
 * From the `at`-th call on that changes the disk, nothing does any more: as in a process that is dead (`killed`), or on a disk that is full,
 * where files can still be removed. A file that is being written then has half of its bytes.
 */
function breakDisk(at: number, how: 'killed' | 'full'): { calls: number } {
  const counted = { calls: 0 }
  const writes = ['writeFile', 'appendFile', 'mkdir', 'rename', 'rm', 'sync', 'open']
  const broken = () => Object.assign(new Error('broken'), { code: how === 'full' ? 'ENOSPC' : 'EIO' })
  const wrap = (target: object): object =>
    new Proxy(target, {
      get(real, name) {
        const value = Reflect.get(real, name) as unknown
        if (typeof value !== 'function') return value
        const call = value.bind(real) as Call
        return async (...args: unknown[]) => {
          const changes = writes.includes(String(name)) && !(name === 'open' && args[1] === 'r')
          if (changes && ++counted.calls >= at && !(how === 'full' && name === 'rm')) {
            const [content] = args
            if (name === 'writeFile' && content instanceof Uint8Array)
              await call(content.subarray(0, content.length / 2))
            throw broken()
          }
          const result = await call(...args)
          return name === 'open' && isObject(result) ? wrap(result) : result
        }
      },
    })
  const { getBuiltinModule } = process
  vi.spyOn(process, 'getBuiltinModule').mockImplementation(((id: string) => {
    const real = getBuiltinModule.call(process, id) as object
    return id === 'node:fs/promises' ? wrap(real) : real
  }) as typeof getBuiltinModule)
  return counted
}

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
