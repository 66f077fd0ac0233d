/** Encodings of the WebAssembly binary format (core specification, chapter 5). */

/**
 * Bytes as a tree: numbers and smaller pieces, in order. Joining pieces copies none of them, which is what keeps the
 * start of a backend short; a ByteBuffer flattens the tree once.
 */
export type Code = Uint8Array | readonly (number | Code)[]

/** Bytes that grow at the end. */
export class ByteBuffer {
  #bytes = new Uint8Array(1024)
  #length = 0

  append(code: Code): void {
    if (code instanceof Uint8Array) {
      this.#reserve(code.length)
      this.#bytes.set(code, this.#length)
      this.#length += code.length
      return
    }
    for (const part of code) {
      if (typeof part !== 'number') this.append(part)
      else {
        this.#reserve(1)
        this.#bytes[this.#length++] = part
      }
    }
  }

  /** What was appended so far. */
  get bytes(): Uint8Array<ArrayBuffer> {
    return this.#bytes.subarray(0, this.#length)
  }

  #reserve(more: number): void {
    if (this.#length + more <= this.#bytes.length) return
    const grown = new Uint8Array(2 * (this.#length + more))
    grown.set(this.#bytes)
    this.#bytes = grown
  }
}

/** Unsigned LEB128. */
export function unsigned(n: number): number[] {
  const out: number[] = []
  do {
    const byte = n & 0x7f
    n >>>= 7
    out.push(n ? byte | 0x80 : byte)
  } while (n)
  return out
}

/** Signed LEB128 of a 32-bit integer. */
export function signed(n: number): number[] {
  const out: number[] = []
  for (;;) {
    const byte = n & 0x7f
    n >>= 7
    const done = n === (byte & 0x40 ? -1 : 0)
    out.push(done ? byte : byte | 0x80)
    if (done) return out
  }
}

/** A 32-bit float, little endian as WebAssembly is and every machine that runs it. */
export const float32 = (x: number): Uint8Array => new Uint8Array(Float32Array.of(x).buffer)

/** A piece with its length in bytes before it. */
export function sized(code: Code): Code {
  const buffer = new ByteBuffer()
  buffer.append(code)
  return [unsigned(buffer.bytes.length), buffer.bytes]
}

export const text = (s: string): Code => sized(new TextEncoder().encode(s))

export const vector = (items: readonly Code[]): Code => [unsigned(items.length), items]

export const section = (id: number, body: Code): Code => [id, sized(body)]
