import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import os, { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import workers from 'node:worker_threads'
import ts from 'typescript'
import { afterAll, afterEach, describe, expect, test, vi } from 'vitest'
import { Tensor } from '../../tensor/tensor.js'
import { coded } from '../../testing/index.js'
import { kernel } from './emit/kernel.js'
import { i32 } from './emit/values.js'
import { simdVariant } from './features.js'
import { WasmBackend } from './index.js'
import { WasmMemory } from './memory.js'
import { defaultThreads, Pool } from './pool.js'

afterEach(() => vi.restoreAllMocks())

const filled = async (backend: WasmBackend, n = 200_000) => {
  using t = Tensor.empty(backend, 'float32', [n])
  backend.kernels.fill(t, 2)
  return new Set(await t.data())
}

describe('threads that do not start', () => {
  test('a thread that fails as it starts leaves its work to the others', async () => {
    const { Worker } = workers
    vi.spyOn(workers, 'Worker').mockImplementation(function (_code, options) {
      return new Worker('throw new Error("no")', options)
    })
    const backend = new WasmBackend({ threads: 3 })
    expect(await filled(backend)).toEqual(new Set([2]))
    await vi.waitUntil(() => backend.threads === 1)
    await backend.ready()
    expect(await filled(backend)).toEqual(new Set([2]))
    backend.dispose()
  })

  test('so does one that the system refuses', async () => {
    vi.spyOn(workers, 'Worker').mockImplementation(function () {
      throw new Error('ERR_WORKER_INIT_FAILED')
    })
    const backend = new WasmBackend({ threads: 3 })
    expect(backend.threads).toBe(1)
    await backend.ready()
    expect(await filled(backend)).toEqual(new Set([2]))
    backend.dispose()
  })

  test('a machine of more cores than threads are allowed starts with as many as are', () => {
    vi.spyOn(os, 'availableParallelism').mockReturnValue(192)
    expect(defaultThreads()).toBe(64)
  })

  test.each([0, 65, 1.5, NaN])('%s threads are an error of the option', (threads) => {
    expect(() => new WasmBackend({ threads })).toThrow(coded('option', `got ${threads}`))
  })
})

test('a kernel that traps in a thread is an error and not a wait without end', async () => {
  // The caller holds back item 0 until a worker has met another item, which traps.
  const args = { out: 'i32' } as const
  const trap = kernel('trap', args, (f, { out }, item) => {
    const other = () => {
      f.storeI32(out, 1)
      f.storeI32(i32(-16), 1)
    }
    const nothing = () => undefined
    const waitForOther = () => f.doWhile(nothing, () => out.i32().isZero())
    f.if(item.eq(0), waitForOther, other)
  })
  const mark = kernel('mark', args, (f, { out }, item) => f.storeI32(out.add(item.shl(2)), item.add(1)))
  const memory = new WasmMemory(true, 1024)
  const pool = new Pool(memory, simdVariant(false), 2)
  await pool.ready()
  const out = memory.allocate(4 * 1000)
  memory.bytes.fill(0, out, out + 4000)
  expect(() => pool.run(trap, 2, { out })).toThrow(/trap failed in a thread|out of bounds/)
  pool.run(mark, 1000, { out })
  expect(Array.from(new Int32Array(memory.memory.buffer, out, 1000))).toEqual(
    Array.from({ length: 1000 }, (_, i) => i + 1),
  )
  pool.dispose()
})

describe('after dispose', () => {
  test('every use is a backend error, and tensors can still be let go', async () => {
    const backend = new WasmBackend({ threads: 2 })
    const t = Tensor.empty(backend, 'float32', [10])
    backend.dispose()
    backend.dispose()
    const gone = coded('backend', 'disposed', "useBackend('wasm')")
    expect(() => backend.kernels.fill(t, 1)).toThrow(gone)
    expect(() => Tensor.empty(backend, 'float32', [1])).toThrow(gone)
    expect(() => backend.write(t.storage, 0, new Float32Array(1))).toThrow(gone)
    await expect(t.data()).rejects.toThrow(gone)
    expect(() => backend.ready()).toThrow(gone)
    expect(backend.threads).toBe(0)
    expect(backend.bytesInUse).toBe(0)
    t.dispose()
  })

  test('another backend starts and is not touched', async () => {
    const [a, b] = [new WasmBackend({ threads: 2 }), new WasmBackend({ threads: 2 })]
    a.dispose()
    expect(await filled(b)).toEqual(new Set([2]))
    b.dispose()
  })
})

describe('in a process of its own', () => {
  const source = join(dirname(fileURLToPath(import.meta.url)), '../..')
  const folder = mkdtempSync(join(tmpdir(), 'heed-process-'))
  afterAll(() => rmSync(folder, { recursive: true }))

  // Node does not run TypeScript: what the backend needs, transpiled.
  for (const file of readdirSync(source, { recursive: true, encoding: 'utf8' })) {
    if (!/^(errors|tensor.*|backends.*)\.ts$/.test(file) || file.endsWith('.test.ts')) continue
    const target = join(folder, file.replace(/ts$/, 'js'))
    mkdirSync(dirname(target), { recursive: true })
    const compilerOptions = { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2022 }
    writeFileSync(
      target,
      ts.transpileModule(readFileSync(join(source, file), 'utf8'), { compilerOptions }).outputText,
    )
  }
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }')

  function run(script: string, ...flags: string[]): unknown {
    const path = join(folder, 'script.js')
    const imports = `import { WasmBackend } from './backends/wasm/index.js'\nimport { Tensor } from './tensor/tensor.js'\n`
    writeFileSync(path, imports + script)
    const { status, stdout, stderr } = spawnSync(process.execPath, [...flags, path], {
      encoding: 'utf8',
      timeout: 30_000,
    })
    expect(`${stderr}${status}`).toBe('0')
    return JSON.parse(stdout)
  }

  test('waiting threads do not keep the process alive', () => {
    const took = run(`
      const backend = new WasmBackend({ threads: 4 })
      await backend.ready()
      backend.kernels.fill(Tensor.empty(backend, 'float32', [100000]), 1)
      await new Promise((wake) => setTimeout(wake, 50)) // they sleep now
      const end = performance.now()
      process.on('exit', () => console.log(performance.now() - end))`)
    expect(took).toBeLessThan(1000)
  })

  test('many backends, disposed: threads end, and memory goes back even while tensors are held', () => {
    const { threads, megabytes } = run(
      `
      const held = []
      const memory = () => (gc(), process.memoryUsage().rss / 2 ** 20)
      const before = memory()
      let threads = 0
      for (let i = 0; i < 20; i++) {
        const backend = new WasmBackend({ threads: 2 })
        const t = Tensor.empty(backend, 'float32', [8 << 20])
        backend.kernels.fill(t, 1) // 32 MB touched
        await backend.ready()
        threads = Math.max(threads, backend.threads)
        backend.dispose()
        held.push(backend, t)
      }
      await new Promise((wake) => setTimeout(wake, 100))
      memory()
      await new Promise((wake) => setTimeout(wake, 100))
      console.log(JSON.stringify({ threads, megabytes: memory() - before }))`,
      '--expose-gc',
    ) as { threads: number; megabytes: number }
    expect(threads).toBe(2)
    expect(megabytes).toBeLessThan(200) // of 640
  })
})
