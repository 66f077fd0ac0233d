import { inflateSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { coded } from '../testing/index.js'
import { encodePng } from './png.js'

/** Reads a PNG of 8-bit RGB without filters. */
function decode(file: Uint8Array): { width: number; height: number; rgb: number[] } {
  expect([...file.subarray(0, 8)]).toEqual([137, 80, 78, 71, 13, 10, 26, 10])
  const view = new DataView(file.buffer)
  const chunks = new Map<string, Uint8Array>()
  for (let at = 8; at < file.length;) {
    const length = view.getUint32(at)
    chunks.set(String.fromCharCode(...file.subarray(at + 4, at + 8)), file.subarray(at + 8, at + 8 + length))
    expect(view.getUint32(at + 8 + length)).toBe(crcOf(file.subarray(at + 4, at + 8 + length)))
    at += 12 + length
  }
  expect([...chunks.keys()]).toEqual(['IHDR', 'IDAT', 'IEND'])
  const header = chunks.get('IHDR')!
  const size = new DataView(header.buffer, header.byteOffset)
  const [width, height] = [size.getUint32(0), size.getUint32(4)]
  expect([...header.subarray(8)]).toEqual([8, 2, 0, 0, 0])
  const rows = inflateSync(chunks.get('IDAT')!)
  const rgb: number[] = []
  for (let y = 0; y < height; y++) {
    expect(rows[y * (1 + 3 * width)]).toBe(0)
    rgb.push(...rows.subarray(y * (1 + 3 * width) + 1, (y + 1) * (1 + 3 * width)))
  }
  return { width, height, rgb }
}

/** Bit by bit, by long division: slow, and nothing like a table. */
function crcOf(bytes: Uint8Array): number {
  let c = ~0
  for (const byte of bytes)
    for (let bit = 0; bit < 8; bit++) c = (c >>> 1) ^ ((c ^ (byte >> bit)) & 1 ? 0xedb88320 : 0)
  return ~c >>> 0
}

describe('encodePng', () => {
  it('gives back its pixels', () => {
    const rgb = Uint8Array.from({ length: 3 * 7 * 5 }, (_, i) => (i * 37) % 256)
    expect(decode(encodePng({ width: 7, height: 5, rgb }))).toEqual({ width: 7, height: 5, rgb: [...rgb] })
  })

  it('has the check values of the format', () => {
    // The CRC of an empty IEND chunk is in every PNG file.
    const file = encodePng({ width: 1, height: 1, rgb: Uint8Array.of(1, 2, 3) })
    expect([...file.subarray(-4)]).toEqual([0xae, 0x42, 0x60, 0x82])
  })

  it('refuses pixels that do not fill the picture', () => {
    expect(() => encodePng({ width: 2, height: 2, rgb: new Uint8Array(11) })).toThrow(
      coded('shape', '11 bytes', '2 × 2'),
    )
    expect(() => encodePng({ width: 0, height: 2, rgb: new Uint8Array(0) })).toThrow(coded('shape', '0 × 2'))
  })
})
