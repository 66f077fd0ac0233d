import { HeedError } from './errors.js'

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
 * A JSON object, and nothing else.
 *
 * @throws HeedError `format`, naming the file
 */
export function parseRecord(text: string, name: string): Record<string, unknown> {
  const json = parseJson(text, name)
  if (!isRecord(json)) throw new HeedError('format', `${name}: ${quote(json)}, expected a JSON object`)
  return json
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
