import { HeedError } from '../errors.js'

/**
 * Strict UTF-8; a byte order mark at the start is dropped.
 *
 * @throws `format` with the byte offset of the first sequence that is not UTF-8
 */
export function decodeUtf8(bytes: Uint8Array, name: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch (cause) {
    const at = invalidUtf8At(bytes)
    if (at < 0)
      throw new HeedError(
        'memory',
        `${name}: ${bytes.length} bytes are too long for one text; split the file`,
        {
          cause,
        },
      )
    const byte = bytes[at].toString(16).padStart(2, '0')
    throw new HeedError('format', `${name}: not UTF-8 at byte ${at} (0x${byte}); save it as UTF-8`, { cause })
  }
}

/**
 * The bytes up to the last line end: what a program that died wrote of one more line is left out, before it is decoded,
 * since it may end inside a character.
 */
export const wholeLines = (bytes: Uint8Array): Uint8Array => bytes.subarray(0, bytes.lastIndexOf(0x0a) + 1)

/** Where the first ill-formed sequence starts, or -1. TextDecoder only says that there is one. */
function invalidUtf8At(bytes: Uint8Array): number {
  let at = 0
  while (at < bytes.length) {
    const lead = bytes[at]
    const length = lead < 0x80 ? 1 : lead < 0xc2 ? 0 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : lead < 0xf5 ? 4 : 0
    if (length === 0) return at
    // The second byte's range rules out overlong forms, surrogates and what lies beyond U+10FFFF.
    let low = lead === 0xe0 ? 0xa0 : lead === 0xf0 ? 0x90 : 0x80
    let high = lead === 0xed ? 0x9f : lead === 0xf4 ? 0x8f : 0xbf
    for (let k = 1; k < length; k++) {
      const next = at + k < bytes.length ? bytes[at + k] : 0
      if (next < low || next > high) return at
      low = 0x80
      high = 0xbf
    }
    at += length
  }
  return -1
}
