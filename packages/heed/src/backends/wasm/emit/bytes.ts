/** Encodings of the WebAssembly binary format (core specification, chapter 5). */

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
    if ((n === 0 && !(byte & 0x40)) || (n === -1 && byte & 0x40)) return [...out, byte]
    out.push(byte | 0x80)
  }
}

export const text = (s: string): number[] => {
  const bytes = [...new TextEncoder().encode(s)]
  return [...unsigned(bytes.length), ...bytes]
}

export const vector = (items: readonly (readonly number[])[]): number[] => [
  ...unsigned(items.length),
  ...items.flat(),
]

export const section = (id: number, body: readonly number[]): number[] => [
  id,
  ...unsigned(body.length),
  ...body,
]

export const float32 = (x: number): number[] => [...new Uint8Array(Float32Array.of(x).buffer)]
