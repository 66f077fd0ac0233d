import { HeedError } from '../../errors.js'
import type { Storage } from '../../tensor/device.js'
import { bytesPerElement, type DType, type KeptArray, newArray, type TypedArray } from '../../tensor/dtype.js'
import type { Backend, Kernels } from '../backend.js'
import { enableRelaxedSimd, hasRelaxedSimd, simdVariant } from './features.js'
import { bindKernels, kernels } from './kernels/index.js'
import { WasmMemory } from './memory.js'
import { defaultThreads, Pool, usableThreads } from './pool.js'
import { rowsOf, type WasmHost, type WasmStorage } from './storage.js'

export interface WasmOptions {
  /**
   * Threads that compute, the caller's included, 1 to 64. Default: the machine's cores. It is always 1 on a page's main
   * thread, which may not wait, and without cross-origin isolation, where memory cannot be shared.
   */
  threads?: number
  /**
   * Fused multiply-adds. Default: where the engine has them on. `true` on Node 20 switches V8's flag on for the whole
   * process; `false` uses plain SIMD.
   */
  relaxed?: boolean
}

/**
 * 4 GB, all that 32-bit addresses reach, less the last page, which no address may lie in (micro.ts); a larger maximum
 * than needed costs nothing (engines reserve it anyway).
 */
const maxPages = 65535

/** SIMD kernels generated when they are first run, and a pool of threads over one shared memory. float32. */
export class WasmBackend implements Backend, WasmHost {
  readonly name = 'wasm'
  readonly floats = ['float32'] as const
  readonly capacity = maxPages * 65536
  readonly kernels: Kernels
  readonly relaxed: boolean
  /** Gone after `dispose`, so that the engine may reclaim the memory even while tensors still point here. */
  #running: { memory: WasmMemory; pool: Pool } | undefined
  #moreBytes = 0

  /**
   * @throws HeedError `option` for a number of threads that cannot be; `backend` when WebAssembly, SIMD or memory is
   * not to be had.
   */
  constructor({ threads: wanted = defaultThreads(), relaxed }: WasmOptions = {}) {
    const threads = usableThreads(wanted)
    if (relaxed) enableRelaxedSimd()
    this.relaxed = relaxed !== false && hasRelaxedSimd()
    try {
      const memory = new WasmMemory(threads > 1, maxPages)
      const pool = new Pool(memory, simdVariant(this.relaxed), threads)
      pool.load(kernels[0]) // what this engine cannot compile is told now
      this.#running = { memory, pool }
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause)
      throw new HeedError(
        'backend',
        `useBackend: wasm cannot start here: ${reason}; 'reference' works everywhere`,
        { cause },
      )
    }
    this.kernels = bindKernels((kernel, items, args) => this.#live.pool.run(kernel, items, args), this)
  }

  get #live(): { memory: WasmMemory; pool: Pool } {
    if (this.#running) return this.#running
    throw new HeedError('backend', "wasm: this backend was disposed; start another with useBackend('wasm')")
  }

  /** Threads that compute, the caller's included: fewer than asked for where workers cannot start. */
  get threads(): number {
    return this.#running?.pool.threads ?? 0
  }

  get bytesInUse(): number {
    return this.#running ? this.#running.memory.bytesInUse - this.#moreBytes : 0
  }

  allocate(dtype: DType, length: number): Storage {
    const address = this.#live.memory.allocate(length * bytesPerElement[dtype])
    const storage: WasmStorage = { device: this, dtype, length, refs: 0, address }
    return storage
  }

  free(storage: Storage): void {
    const { address, moreBytes = 0 } = storage as WasmStorage
    this.#running?.memory.free(address)
    this.#moreBytes -= moreBytes
  }

  move(storage: WasmStorage, elements: number, fill: (address: number) => void): void {
    const { memory } = this.#live
    const before = memory.bytesInUse
    let unused = memory.allocate(elements * bytesPerElement[storage.dtype])
    try {
      fill(unused)
      ;[storage.address, unused] = [unused, storage.address]
    } finally {
      memory.free(unused)
      const more = memory.bytesInUse - before
      storage.moreBytes = (storage.moreBytes ?? 0) + more
      this.#moreBytes += more
    }
  }

  write(storage: Storage, offset: number, data: KeptArray): void {
    const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
    const start = rowsOf(storage as WasmStorage) + offset * bytesPerElement[storage.dtype]
    this.#live.memory.bytes.set(bytes, start)
  }

  async read(storage: Storage, offset: number, length: number): Promise<KeptArray> {
    const array = newArray(storage.dtype, length)
    const start = rowsOf(storage as WasmStorage) + offset * bytesPerElement[storage.dtype]
    new Uint8Array(array.buffer).set(this.#live.memory.bytes.subarray(start, start + array.byteLength))
    return array
  }

  view(storage: Storage): TypedArray {
    const array = newArray(storage.dtype, 0).constructor as new (
      b: ArrayBufferLike,
      at: number,
      n: number,
    ) => TypedArray
    const start = rowsOf(storage as WasmStorage)
    return new array(this.#live.memory.memory.buffer, start, storage.length)
  }

  withInts<R>(values: Int32Array | undefined, use: (address: number) => R): R {
    if (!values) return use(0)
    const { memory } = this.#live
    const address = memory.allocate(values.byteLength)
    new Int32Array(memory.memory.buffer, address, values.length).set(values)
    try {
      return use(address)
    } finally {
      memory.free(address)
    }
  }

  /** Resolves when all threads take part; before, kernels run on fewer. */
  ready(): Promise<void> {
    return this.#live.pool.ready()
  }

  /** Stops the threads and lets go of the memory; tensors that live there can no longer be used. Once is enough. */
  dispose(): void {
    this.#running?.pool.dispose()
    this.#running = undefined
  }
}
