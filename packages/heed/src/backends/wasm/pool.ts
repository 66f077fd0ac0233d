import { HeedError } from '../../errors.js'
import type { Simd } from './emit/function.js'
import type { ArgSpec, ArgValues, Kernel, RunKernel } from './emit/kernel.js'
import { ModuleBuilder } from './emit/module.js'
import { address } from './kernels/support.js'
import type { WasmMemory } from './memory.js'
import { control, spin, workerSource } from './worker-source.js'

/** Scratch memory of each thread: what the largest kernel packs (kernels/attention-grad.ts at D = 512). */
export const scratchBytes = 4 << 20
/** Room for the code of all kernels, several times over; what is not written takes no memory. */
export const codeBytes = 1 << 20

interface Thread {
  terminate(): unknown
}

type Run = (args: number, item: number, scratch: number) => void

/** A kernel that has run: its number, and its arguments, which cost more to look up than a small kernel to run. */
interface Loaded {
  index: number
  run: Run
  args: [name: string, isFloat: boolean][]
}

/**
 * Runs kernels on the calling thread and up to `threads − 1` workers. All take items from one counter until none is
 * left; a worker that has not started yet, or cannot, simply takes none.
 *
 * A kernel is emitted and compiled, as a module of its own, when it is run for the first time: a program uses few of
 * them, and emitting all is most of what a start would take.
 */
export class Pool {
  readonly #kernels = new Map<Kernel, Loaded>()
  /** Modules for the workers, one after another: the length of each in front of its bytes, at a multiple of 4. */
  readonly #code: SharedArrayBuffer | undefined
  #codeEnd = 0
  readonly #control: number
  readonly #args: number
  readonly #scratch: number
  readonly #workers = new Set<Thread>()
  #words: Int32Array
  #floats: Float32Array

  /** @param memory shared if there is to be more than one thread */
  constructor(
    readonly memory: WasmMemory,
    readonly simd: Simd,
    threads: number,
  ) {
    if (threads > 1) this.#code = new SharedArrayBuffer(codeBytes)
    this.#control = memory.allocate(4 * control.words)
    this.#args = memory.allocate(1024)
    this.#scratch = memory.allocate(scratchBytes)
    this.#words = new Int32Array(memory.memory.buffer)
    this.#floats = new Float32Array(memory.memory.buffer)
    this.#words.fill(0, this.#control / 4, this.#control / 4 + control.words)
    for (let i = 1; i < threads; i++)
      this.#start({
        memory: memory.memory,
        code: this.#code,
        control: this.#control,
        scratch: memory.allocate(scratchBytes),
      })
  }

  #start(data: object): void {
    try {
      const worker = startThread(data, () => this.#workers.delete(worker))
      this.#workers.add(worker)
    } catch {
      // The system has no thread to give: the others do the work.
    }
  }

  /** Threads that compute, the caller's included. */
  get threads(): number {
    return 1 + this.#workers.size
  }

  /** Emits and compiles a kernel that has not been run yet. */
  load(kernel: Kernel): Loaded {
    const known = this.#kernels.get(kernel)
    if (known) return known
    const builder = new ModuleBuilder(this.simd)
    kernel.build(builder)
    const bytes = builder.bytes(this.#code !== undefined, this.memory.maxPages)
    const module = new WebAssembly.Module(bytes)
    const { exports } = new WebAssembly.Instance(module, { env: { memory: this.memory.memory } })
    if (this.#code) {
      new Int32Array(this.#code, this.#codeEnd, 1)[0] = bytes.length
      new Uint8Array(this.#code, this.#codeEnd + 4, bytes.length).set(bytes)
      this.#codeEnd += 4 + Math.ceil(bytes.length / 4) * 4
    }
    const args = Object.entries(kernel.args).map(([name, type]): [string, boolean] => [name, type === 'f32'])
    const loaded = { index: this.#kernels.size, run: exports[kernel.name] as Run, args }
    this.#kernels.set(kernel, loaded)
    return loaded
  }

  run: RunKernel = <S extends ArgSpec>(kernel: Kernel<S>, items: number, values: ArgValues<S>): void => {
    if (items === 0) return
    const { index, run, args } = this.load(kernel as Kernel)
    // First of all: what lays a tensor's rows back in order is a kernel too.
    const numbers: number[] = []
    for (const [name] of args) {
      const value = values[name]
      numbers.push(typeof value === 'number' ? value : address(value))
    }
    this.#refresh()
    const at = this.#args / 4
    for (let i = 0; i < args.length; i++) (args[i][1] ? this.#floats : this.#words)[at + i] = numbers[i]
    if (this.#workers.size === 0 || items === 1)
      for (let i = 0; i < items; i++) run(this.#args, i, this.#scratch)
    else this.#share(kernel.name, index, run, items)
  }

  #share(name: string, index: number, run: Run, items: number): void {
    const [words, c] = [this.#words, this.#control / 4]
    words[c + control.items] = items
    words[c + control.kernel] = index
    words[c + control.args] = this.#args
    Atomics.store(words, c + control.next, 0)
    Atomics.store(words, c + control.open, 1)
    Atomics.add(words, c + control.generation, 1)
    Atomics.notify(words, c + control.generation)
    try {
      for (let i; (i = Atomics.add(words, c + control.next, 1)) < items;) run(this.#args, i, this.#scratch)
    } finally {
      Atomics.store(words, c + control.open, 0)
      for (let turns = 0, n; (n = Atomics.load(words, c + control.active)) > 0; turns++)
        if (turns > spin) Atomics.wait(words, c + control.active, n)
    }
    if (Atomics.exchange(words, c + control.failed, 0))
      throw new HeedError('backend', `wasm: the kernel ${name} failed in a thread of the pool`)
  }

  /** Resolves when all workers take part. Engines start them only when the caller yields; until then it works alone. */
  async ready(): Promise<void> {
    const started = () => Atomics.load(this.#words, this.#control / 4 + control.ready) >= this.#workers.size
    for (let waited = 0; !started() && waited < 5000; waited += 5)
      await new Promise((wake) => setTimeout(wake, 5))
  }

  #refresh(): void {
    const { buffer } = this.memory.memory
    if (this.#words.byteLength === buffer.byteLength) return
    this.#words = new Int32Array(buffer)
    this.#floats = new Float32Array(buffer)
  }

  dispose(): void {
    for (const worker of this.#workers) worker.terminate()
  }
}

interface NodeWorkers {
  Worker: new (
    code: string,
    options: object,
  ) => Thread & { unref(): void; on(event: 'error', f: () => void): void }
}

/** Starts a worker; `lost` is called when it fails, then or later. */
function startThread(data: object, lost: () => void): Thread {
  const node = nodeModule<NodeWorkers>('node:worker_threads')
  if (node) {
    const code = `${workerSource}\nstart(require('node:worker_threads').workerData)`
    const worker = new node.Worker(code, { eval: true, workerData: data })
    worker.on('error', lost)
    worker.unref() // waiting threads must not keep the process alive
    return worker
  }
  const worker = new Worker(blobUrl())
  worker.addEventListener('error', lost)
  worker.postMessage(data)
  return worker
}

let url: string | undefined

/** The worker's script, made once for the life of the page. */
const blobUrl = (): string =>
  (url ??= URL.createObjectURL(
    new Blob([`${workerSource}\nonmessage = (e) => start(e.data)`], { type: 'text/javascript' }),
  ))

/** A module of Node, or undefined elsewhere; found at run time, so that bundlers for browsers see no import. */
export function nodeModule<T>(name: string): T | undefined {
  const { process } = globalThis as { process?: { getBuiltinModule?(name: string): unknown } }
  return process?.getBuiltinModule?.(name) as T | undefined
}

const maxThreads = 64

/** Threads to use when none are asked for: the machine's cores. */
export function defaultThreads(): number {
  const os = nodeModule<{ availableParallelism(): number }>('node:os')
  return Math.min(maxThreads, os?.availableParallelism() ?? globalThis.navigator?.hardwareConcurrency ?? 1)
}

/**
 * How many of `threads` can be had: one on a page, which may not block, and wherever memory cannot be shared.
 *
 * @throws HeedError `option` unless `threads` is a whole number from 1 to 64.
 */
export function usableThreads(threads: number): number {
  if (!Number.isInteger(threads) || threads < 1 || threads > maxThreads)
    throw new HeedError(
      'option',
      `useBackend: threads must be a whole number from 1 to ${maxThreads}, got ${threads}`,
    )
  const { crossOriginIsolated, document } = globalThis as Partial<typeof globalThis>
  const shares = nodeModule('node:os') !== undefined || (crossOriginIsolated && document === undefined)
  return shares ? threads : 1
}
