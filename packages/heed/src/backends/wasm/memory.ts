import { HeedError } from '../../errors.js'
import { Blocks, grain } from './blocks.js'

const page = 65536
/** Bytes that kernels may read past a block's end (they load whole vectors); never handed out. */
const slack = grain
/** What a memory starts with. Untouched it is no more than addresses; from 64 MB on V8 collects garbage to make up for it. */
const firstPages = 768

/**
 * The engine's memory: one WebAssembly memory, shared between threads where the platform allows, grown as needed to
 * 4 GB and handed out in blocks.
 */
export class WasmMemory {
  readonly memory: WebAssembly.Memory
  // Address 0 stays unused, so that 0 can mean "none".
  readonly #blocks = new Blocks(page, (end) => this.#grow(end))
  #bytes: Uint8Array

  constructor(
    shared: boolean,
    readonly maxPages: number,
  ) {
    this.memory = new WebAssembly.Memory({
      initial: Math.min(firstPages, maxPages),
      maximum: maxPages,
      shared,
    })
    this.#bytes = new Uint8Array(this.memory.buffer)
  }

  get bytesInUse(): number {
    return this.#blocks.bytesInUse
  }

  /** A view of all memory; take it anew after an allocation. */
  get bytes(): Uint8Array {
    if (this.#bytes.length !== this.memory.buffer.byteLength) this.#bytes = new Uint8Array(this.memory.buffer)
    return this.#bytes
  }

  /** Address of at least `bytes` uninitialised bytes, 64-byte aligned. */
  allocate(bytes: number): number {
    try {
      return this.#blocks.allocate(Math.max(grain, Math.ceil(bytes / grain) * grain) + slack)
    } catch (cause) {
      const { bytesInUse, bytesFree } = this.#blocks
      const [wanted, used, free, all] = [bytes, bytesInUse, bytesFree, this.maxPages * page].map(megabytes)
      throw new HeedError(
        'memory',
        `wasm: no room for ${wanted} more: of ${all} at most, ${used} are in use and ${free} free in smaller pieces. Use smaller batches or free tensors with scope()`,
        { cause },
      )
    }
  }

  free(address: number): void {
    this.#blocks.free(address)
  }

  #grow(end: number): void {
    const have = this.memory.buffer.byteLength
    if (end <= have) return
    // By an eighth at least, so that a long run does not grow page by page.
    const pages = Math.ceil((end - have) / page)
    const spare = Math.min(Math.ceil(have / page / 8), this.maxPages - have / page - pages)
    this.memory.grow(pages + Math.max(0, spare))
  }
}

const megabytes = (bytes: number) => `${(bytes / 2 ** 20).toFixed(1)} MB`
