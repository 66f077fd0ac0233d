import { HeedError } from '../../errors.js'
import type { Storage } from '../../tensor/device.js'
import { bytesPerElement, type DType, newArray, type TypedArray } from '../../tensor/dtype.js'
import type { Backend, Kernels } from '../backend.js'
import { ModuleBuilder } from './emit/module.js'
import { enableRelaxedSimd, hasRelaxedSimd, simdVariant } from './features.js'
import { bindKernels, kernels } from './kernels/index.js'
import { WasmMemory } from './memory.js'
import { checkThreads, defaultThreads, Pool } from './pool.js'

export interface WasmOptions {
  /** Threads that compute, the caller's included. Default: the machine's cores, or 1 where memory cannot be shared. */
  threads?: number
  /**
   * Fused multiply-adds. Default: where the engine has them on. `true` on Node 20 switches V8's flag on for the whole
   * process; `false` uses plain SIMD.
   */
  relaxed?: boolean
}

export interface WasmStorage extends Storage {
  /** Byte address in the backend's memory. */
  readonly address: number
}

/** SIMD kernels generated when the backend starts, and a pool of threads over one shared memory. float32. */
export class WasmBackend implements Backend {
  readonly name = 'wasm'
  readonly floats = ['float32'] as const
  readonly kernels: Kernels
  readonly threads: number
  readonly relaxed: boolean
  readonly #memory: WasmMemory
  readonly #pool: Pool

  constructor({ threads = defaultThreads(), relaxed }: WasmOptions = {}) {
    this.threads = checkThreads(threads)
    if (relaxed) enableRelaxedSimd()
    this.relaxed = relaxed !== false && hasRelaxedSimd()
    const shared = this.threads > 1
    const maxPages = 65536
    try {
      this.#memory = new WasmMemory(shared, maxPages)
      const builder = new ModuleBuilder(simdVariant(this.relaxed))
      for (const k of kernels) k.build(builder)
      const module = new WebAssembly.Module(builder.bytes(shared, maxPages))
      this.#pool = new Pool(
        this.#memory,
        module,
        kernels.map((k) => k.name),
        this.threads,
      )
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause)
      throw new HeedError(
        'backend',
        `useBackend: wasm cannot start here: ${reason}; 'reference' works everywhere`,
        { cause },
      )
    }
    this.kernels = bindKernels(this.#pool.run, this)
  }

  get bytesInUse(): number {
    return this.#memory.bytesInUse
  }

  allocate(dtype: DType, length: number): Storage {
    const address = this.#memory.allocate(length * bytesPerElement[dtype])
    const storage: WasmStorage = { device: this, dtype, length, refs: 0, address }
    return storage
  }

  free(storage: Storage): void {
    this.#memory.free((storage as WasmStorage).address, storage.length * bytesPerElement[storage.dtype])
  }

  write(storage: Storage, offset: number, data: TypedArray): void {
    const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
    this.#memory.bytes.set(bytes, (storage as WasmStorage).address + offset * bytesPerElement[storage.dtype])
  }

  async read(storage: Storage, offset: number, length: number): Promise<TypedArray> {
    const array = newArray(storage.dtype, length)
    const start = (storage as WasmStorage).address + offset * bytesPerElement[storage.dtype]
    new Uint8Array(array.buffer).set(this.#memory.bytes.subarray(start, start + array.byteLength))
    return array
  }

  /** A storage's elements in place, for what kernels do on the host; take it anew after an allocation. */
  view(storage: Storage): TypedArray {
    const array = newArray(storage.dtype, 0).constructor as new (
      b: ArrayBufferLike,
      at: number,
      n: number,
    ) => TypedArray
    return new array(this.#memory.memory.buffer, (storage as WasmStorage).address, storage.length)
  }

  /** Memory for small host-side arrays that a kernel reads (lengths, offsets): freed after `use`. */
  withInts<R>(values: Int32Array | undefined, use: (address: number) => R): R {
    if (!values) return use(0)
    const address = this.#memory.allocate(values.byteLength)
    new Int32Array(this.#memory.memory.buffer, address, values.length).set(values)
    try {
      return use(address)
    } finally {
      this.#memory.free(address, values.byteLength)
    }
  }

  /** Resolves when all threads take part; before, kernels run on fewer. */
  ready(): Promise<void> {
    return this.#pool.ready()
  }

  dispose(): void {
    this.#pool.dispose()
  }
}
