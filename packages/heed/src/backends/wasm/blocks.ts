/** A run of addresses, in use or free; neighbours are linked, so that free ones can join. */
interface Block {
  readonly address: number
  size: number
  before?: Block
  after?: Block
  /** Its place in the bin of its class while it is free, else −1. */
  place: number
}

/** Size classes per power of two. */
const classes = 8
/** Blocks start at multiples of it and are at least two of it long: a smaller rest is not split off. */
export const grain = 64

/** Position on a scale where each power of two spans `classes` steps of equal size. */
const scale = (size: number): number => {
  const exponent = 31 - Math.clz32(size)
  return classes * (exponent + size / ((1 << exponent) >>> 0) - 1) // 2 ** exponent would be a call
}

/**
 * Hands out blocks of an address range that grows at its end: a segregated fit as in TLSF (Masmano et al. 2004). Free
 * blocks lie in bins by size class; one is split when more of it is left than a grain, and joins its free neighbours
 * as soon as it comes back. Every step takes constant time.
 */
export class Blocks {
  readonly #used = new Map<number, Block>()
  readonly #bins: Block[][] = []
  #last: Block | undefined
  #end: number
  #bytesInUse = 0

  /** @param extend makes all addresses below `end` usable, or throws */
  constructor(
    readonly start: number,
    readonly extend: (end: number) => void,
  ) {
    this.#end = start
  }

  get bytesInUse(): number {
    return this.#bytesInUse
  }

  /** Bytes between blocks in use, all of them in pieces too small for what was asked last. */
  get bytesFree(): number {
    return this.#end - this.start - this.#bytesInUse
  }

  /** Address of `size` bytes, a multiple of the grain from two grains up. What `extend` throws changes nothing. */
  allocate(size: number): number {
    const block = this.#find(size) ?? this.#grow(size)
    this.#unbin(block)
    const rest = block.size - size
    if (rest > grain) {
      block.size = size
      const { after } = block
      const split: Block = { address: block.address + size, size: rest, before: block, after, place: -1 }
      if (after) after.before = split
      else this.#last = split
      block.after = split
      this.#bin(split)
    }
    this.#used.set(block.address, block)
    this.#bytesInUse += block.size
    return block.address
  }

  free(address: number): void {
    let block = this.#used.get(address)!
    this.#used.delete(address)
    this.#bytesInUse -= block.size
    const { before, after } = block
    if (after && after.place >= 0) this.#join(block, after)
    if (before && before.place >= 0) {
      this.#join(before, block)
      block = before
    }
    this.#bin(block)
  }

  /** The block that came back last to the class of `size`, if it is long enough, or one of a class that surely is. */
  #find(size: number): Block | undefined {
    const at = scale(size)
    const latest = this.#bins[Math.floor(at)]?.at(-1)
    if (latest && latest.size >= size) return latest
    for (let bin = Math.ceil(at); bin < this.#bins.length; bin++)
      if (this.#bins[bin]?.length) return this.#bins[bin].at(-1)
    return undefined
  }

  /** A free block of at least `size` at the end of the range. */
  #grow(size: number): Block {
    const free = this.#last && this.#last.place >= 0 ? this.#last : undefined
    const end = (free?.address ?? this.#end) + size
    this.extend(end)
    const added: Block = { address: this.#end, size: end - this.#end, before: this.#last, place: -1 }
    if (this.#last) this.#last.after = added
    this.#last = added
    this.#end = end
    if (free) this.#join(free, added)
    const block = free ?? added
    this.#bin(block)
    return block
  }

  /** Makes two neighbours one, which lies in no bin. */
  #join(block: Block, after: Block): void {
    this.#unbin(block)
    this.#unbin(after)
    block.size += after.size
    block.after = after.after
    if (block.after) block.after.before = block
    else this.#last = block
  }

  #bin(block: Block): void {
    const bin = (this.#bins[Math.floor(scale(block.size))] ??= [])
    block.place = bin.push(block) - 1
  }

  #unbin(block: Block): void {
    if (block.place < 0) return
    const bin = this.#bins[Math.floor(scale(block.size))]
    const moved = bin.pop()!
    if (moved !== block) {
      bin[block.place] = moved
      moved.place = block.place
    }
    block.place = -1
  }
}
