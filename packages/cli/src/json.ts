import { once } from 'node:events'

/**
 * The text of `JSON.stringify`, in pieces: whole, that of many maps is longer than the longest string of V8 (2²⁹ − 24
 * characters). Of what holds nothing but plain values, such as a row of a map, it is one piece.
 *
 * @param value arrays, objects without methods of their own, and plain values
 */
export function* jsonPieces(value: unknown): Generator<string> {
  if (!isNested(value)) yield JSON.stringify(value) ?? 'null'
  else if (Array.isArray(value)) {
    for (const [i, item] of value.entries()) {
      yield i === 0 ? '[' : ','
      yield* jsonPieces(item)
    }
    yield ']'
  } else {
    const entries = Object.entries(value).filter(([, item]) => item !== undefined)
    for (const [i, [name, item]] of entries.entries()) {
      yield `${i === 0 ? '{' : ','}${JSON.stringify(name)}:`
      yield* jsonPieces(item)
    }
    yield '}'
  }
}

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null
const isNested = (value: unknown): value is object =>
  isObject(value) && (Array.isArray(value) ? value : Object.values(value)).some(isObject)

/** Characters that are written at once. */
const CHUNK = 2 ** 20

/** Prints one JSON document of any length, no faster than it is read. */
export async function printJson(document: unknown): Promise<void> {
  let text = ''
  for (const piece of jsonPieces(document)) {
    text += piece
    if (text.length < CHUNK) continue
    if (!process.stdout.write(text)) await once(process.stdout, 'drain')
    text = ''
  }
  process.stdout.write(`${text}\n`)
}
