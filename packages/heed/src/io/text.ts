import { HeedError } from '../errors.js'

/** A value from a file as an error shows it: one line, short, and never deep (a hostile value can be both). */
export function quote(value: unknown, nested = false): string {
  if (typeof value === 'string')
    return JSON.stringify(value.length > 80 ? `${value.slice(0, 80)}…` : value).replace(
      /[\u007f-\u009f\u2028\u2029]/g,
      (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`,
    )
  if (Array.isArray(value)) {
    if (nested) return 'a list'
    const first = value.slice(0, 8).map((item) => quote(item, true))
    return `[${first.join(', ')}${value.length > 8 ? ', …' : ''}]`
  }
  if (value === undefined) return 'nothing'
  return typeof value === 'object' && value !== null ? 'an object' : String(value)
}

export const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

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

/** `JSON.parse` whose error is one line that names the file. */
export function parseJson(text: string, name: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    // The engine's message quotes the text around the fault, line ends included.
    const reason = String((cause as Error).message).replace(/[\s\p{C}]+/gu, ' ')
    throw new HeedError('format', `${name}: not valid JSON: ${reason}`, { cause })
  }
}

/**
 * The first key that an object of the two outer levels of valid JSON holds twice. `JSON.parse` keeps the last
 * of them in silence, so that two readers may disagree on what a file says.
 */
export function duplicateKey(json: string): string | undefined {
  const keys: Set<string>[] = []
  let depth = 0
  for (let i = 0; i < json.length; i++) {
    const c = json[i]
    if (c === '{') {
      if (depth < 2) keys[depth] = new Set()
      depth++
    } else if (c === '}') depth--
    else if (c === '"') {
      const start = i
      for (i++; json[i] !== '"'; i++) if (json[i] === '\\') i++
      let next = i + 1
      while (' \n\r\t'.includes(json[next])) next++
      if (json[next] !== ':' || depth > 2) continue
      const key = JSON.parse(json.slice(start, i + 1)) as string
      if (keys[depth - 1].has(key)) return key
      keys[depth - 1].add(key)
    }
  }
  return undefined
}
