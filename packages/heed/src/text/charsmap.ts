import type { Aligned } from './aligned.js'
import { fail } from './format.js'

const utf8 = new TextEncoder()

/**
 * The `precompiled_charsmap` of SentencePiece, in base64: the size in bytes of a trie, the trie (Darts' double array
 * of 32-bit units over UTF-8), then the replacements, each ended by a zero byte.
 *
 * It replaces graphemes of less than six bytes and, where it has none for them, their characters.
 */
export function charsMapOf(base64: unknown): (text: Aligned) => Aligned {
  if (base64 == null) return (text) => text
  if (typeof base64 !== 'string') fail('its precompiled_charsmap is not in base64')
  const bytes = decodeBase64(base64)
  const view = new DataView(bytes.buffer)
  const size = bytes.length < 4 ? 0 : view.getUint32(0, true)
  if (size === 0 || size % 4 !== 0 || size > bytes.length - 4)
    fail(`its precompiled_charsmap of ${bytes.length} bytes has a trie of ${size}`)
  const trie = Uint32Array.from({ length: size / 4 }, (_, i) => view.getUint32(4 + 4 * i, true))
  const replacements = bytes.subarray(4 + size)
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true })
  const cache = new Map<string, string | undefined>()

  const lookUp = (chunk: string): string | undefined => {
    const at = firstPrefix(trie, utf8.encode(chunk))
    if (at === undefined) return undefined
    const end = replacements.indexOf(0, at)
    if (at > replacements.length || end < 0) fail('its precompiled_charsmap points outside itself')
    return decoder.decode(replacements.subarray(at, end))
  }
  const replacementOf = (chunk: string): string | undefined => {
    if (!cache.has(chunk)) {
      if (cache.size >= 10_000) cache.clear()
      cache.set(chunk, lookUp(chunk))
    }
    return cache.get(chunk)
  }
  const replaced = function* (text: string) {
    for (const grapheme of graphemesOf(text))
      if (grapheme.length < 6 && utf8.encode(grapheme).length < 6 && replacementOf(grapheme) !== undefined)
        yield grapheme
      else yield* grapheme
  }
  return (text) => text.map(replaced(text.text), (part) => replacementOf(part) ?? part)
}

// Made when it is needed: not every browser has one.
let segmenter: Intl.Segmenter | undefined

/** In windows, as a Segmenter takes time in the square of the length of its text. */
export function* graphemesOf(text: string): Generator<string> {
  segmenter ??= new Intl.Segmenter('und', { granularity: 'grapheme' })
  const usual = 256
  for (let at = 0, size = usual; at < text.length;) {
    let end = Math.min(at + size, text.length)
    // Not within a surrogate pair.
    if (end < text.length && text.codePointAt(end - 1)! > 0xffff) end++
    const found = Array.from(segmenter.segment(text.slice(at, end)), ({ segment }) => segment)
    // The last may go on beyond the window.
    if (end < text.length) found.pop()
    yield* found
    for (const { length } of found) at += length
    size = found.length > 0 ? usual : 2 * size
  }
}

/** The value of the shortest key of the trie that the bytes begin with, as the Rust `tokenizers` look it up. */
function firstPrefix(trie: Uint32Array, bytes: Uint8Array): number | undefined {
  const offsetOf = (unit: number) => (unit >>> 10) << ((unit & 0x200) >>> 6)
  let at = offsetOf(trie[0])
  for (const byte of bytes) {
    at ^= byte
    const unit = trie[at]
    // A unit has its byte as its label, and never the topmost bit, which marks values.
    if (unit === undefined || (unit & 0x800000ff) >>> 0 !== byte) return undefined
    at ^= offsetOf(unit)
    if ((unit & 0x100) !== 0) return (trie[at] ?? 0) & 0x7fffffff
  }
  return undefined
}

function decodeBase64(base64: string): Uint8Array<ArrayBuffer> {
  try {
    return Uint8Array.from(atob(base64), (c) => c.charCodeAt(0))
  } catch {
    return fail('its precompiled_charsmap is not in base64')
  }
}
