import { HeedError } from '../../errors.js'

const page = 65536
/** Bytes that kernels may read past a block's end (they load whole vectors); never handed out. */
const slack = 64

/**
 * The engine's memory: one WebAssembly memory, shared between threads where the platform allows, grown as needed to
 * 4 GB. Blocks come in size classes, four per power of two, and go back to the free list of their class.
 */
export class WasmMemory {
  readonly memory: WebAssembly.Memory
  #bytesInUse = 0
  readonly #free = new Map<number, number[]>()
  #top = page // address 0 stays unused, so that 0 can mean "none"
  #bytes: Uint8Array

  constructor(
    shared: boolean,
    readonly maxPages: number,
  ) {
    this.memory = new WebAssembly.Memory({ initial: 64, maximum: maxPages, shared })
    this.#bytes = new Uint8Array(this.memory.buffer)
  }

  get bytesInUse(): number {
    return this.#bytesInUse
  }

  /** A view of all memory; take it anew after an allocation. */
  get bytes(): Uint8Array {
    if (this.#bytes.length !== this.memory.buffer.byteLength) this.#bytes = new Uint8Array(this.memory.buffer)
    return this.#bytes
  }

  /** Address of at least `bytes` uninitialised bytes, 64-byte aligned. */
  allocate(bytes: number): number {
    const size = blockSize(bytes)
    const address = this.#free.get(size)?.pop() ?? this.#extend(size, bytes)
    this.#bytesInUse += size
    return address
  }

  free(address: number, bytes: number): void {
    const size = blockSize(bytes)
    this.#bytesInUse -= size
    const list = this.#free.get(size)
    if (list) list.push(address)
    else this.#free.set(size, [address])
  }

  /** A new block at the top. */
  #extend(size: number, wanted: number): number {
    const address = this.#top
    this.#grow(address + size, wanted)
    this.#top += size
    return address
  }

  #grow(end: number, wanted: number): void {
    const have = this.memory.buffer.byteLength
    if (end <= have) return
    // By an eighth at least, so that a long run does not grow page by page.
    const pages = Math.ceil((end - have) / page)
    const spare = Math.min(Math.ceil(have / page / 8), this.maxPages - have / page - pages)
    try {
      this.memory.grow(pages + Math.max(0, spare))
    } catch (cause) {
      const [used, kept, all] = [this.#bytesInUse, this.#top - page - this.#bytesInUse, this.maxPages * page]
      throw new HeedError(
        'memory',
        `wasm: no room for ${megabytes(wanted)} more: of ${megabytes(all)} at most, ${megabytes(used)} are in use and ${megabytes(kept)} kept for blocks of other sizes. Use smaller batches or free tensors with scope()`,
        { cause },
      )
    }
  }
}

/** The next of 4 sizes per power of two, in steps of at least 64 bytes, and the slack behind it. */
function blockSize(bytes: number): number {
  const step = Math.max(64, 2 ** (Math.floor(Math.log2(bytes)) - 2))
  return Math.ceil(bytes / step) * step + slack
}

const megabytes = (bytes: number) => `${(bytes / 2 ** 20).toFixed(1)} MB`
