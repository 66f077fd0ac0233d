import { zlibSync } from 'fflate'
import { HeedTypeError } from '../errors.js'

/** Pixels from the top left on, row by row. */
export interface Pixels {
  width: number
  height: number
  /** `[height, width, 3]`: red, green, blue. */
  rgb: Uint8Array
}

const SIGNATURE = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]

// The CRC of every byte (PNG specification, annex D).
const crcs = Uint32Array.from({ length: 256 }, (_, n) => {
  let c = n
  for (let bit = 0; bit < 8; bit++) c = c & 1 ? 0xedb88320 ^ (c >>> 1) : c >>> 1
  return c
})

function crc32(bytes: Uint8Array): number {
  let c = 0xffffffff
  for (const byte of bytes) c = crcs[(c ^ byte) & 255] ^ (c >>> 8)
  return (c ^ 0xffffffff) >>> 0
}

/** Length, type, data and the CRC of type and data. */
function chunk(type: string, data: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(12 + data.length)
  const view = new DataView(bytes.buffer)
  view.setUint32(0, data.length)
  bytes.set(new TextEncoder().encode(type), 4)
  bytes.set(data, 8)
  view.setUint32(8 + data.length, crc32(bytes.subarray(4, 8 + data.length)))
  return bytes
}

/**
 * A PNG file of 8-bit RGB pixels, the same bytes for the same pixels, in Node and in browsers.
 *
 * @throws HeedTypeError `shape` when the pixels do not fill the picture, or there is none
 */
export function encodePng({ width, height, rgb }: Pixels): Uint8Array {
  if (!(width > 0 && height > 0) || rgb.length !== 3 * width * height)
    throw new HeedTypeError(
      'shape',
      `encodePng: ${rgb.length} bytes are not the red, green and blue of ${width} × ${height} pixels`,
    )
  const header = new DataView(new ArrayBuffer(13))
  header.setUint32(0, width)
  header.setUint32(4, height)
  header.setUint16(8, 0x0802) // 8 bits a channel, three channels
  // Each row begins with its filter: none, which suits flat colours.
  const rows = new Uint8Array(height * (1 + 3 * width))
  for (let y = 0; y < height; y++)
    rows.set(rgb.subarray(3 * width * y, 3 * width * (y + 1)), y * (1 + 3 * width) + 1)
  const parts = [
    Uint8Array.from(SIGNATURE),
    chunk('IHDR', new Uint8Array(header.buffer)),
    chunk('IDAT', zlibSync(rows)),
    chunk('IEND', new Uint8Array(0)),
  ]
  const file = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    file.set(part, at)
    at += part.length
  }
  return file
}

/** The file as a `data:` address, for an `<image>` that needs no other file. */
export function pngAddress(pixels: Pixels): string {
  return `data:image/png;base64,${base64(encodePng(pixels))}`
}

/** Base64 in Node and in browsers alike; in pieces, since a call takes only so many arguments. */
export function base64(bytes: Uint8Array): string {
  let text = ''
  for (let i = 0; i < bytes.length; i += 0x8000) text += String.fromCharCode(...bytes.subarray(i, i + 0x8000))
  return btoa(text)
}
