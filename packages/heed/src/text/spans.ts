import { HeedError } from '../errors.js'
import { quote } from '../json.js'
import type { Fragment } from './decoders.js'

/** UTF-16 offsets into a text. */
export interface Span {
  start: number
  end: number
}

const whiteSpace = /\p{White_Space}*/uy

/** The first offset from `at` on that is not white space. */
function skipSpace(text: string, at: number): number {
  whiteSpace.lastIndex = at
  whiteSpace.test(text)
  return whiteSpace.lastIndex
}

/**
 * Finds pieces in the text that they decode to: walking both, each piece gets the characters that it has a part of.
 * White space that was dropped beside an added token is passed over; a space that the text does not have belongs to
 * the character that follows, or at the end to the last.
 *
 * @param count how many pieces the fragments are of
 * @throws HeedError `input` when the fragments do not spell the text
 */
export function spansIn(fragments: readonly Fragment[], count: number, text: string): Span[] {
  const spans: Span[] = Array.from({ length: count }, () => ({ start: Infinity, end: 0 }))
  let at = 0
  for (const fragment of fragments)
    for (const character of fragment.text) {
      const { start, end, next } = place(character, text, at)
      for (let i = fragment.first; i <= fragment.last; i++) {
        spans[i].start = Math.min(spans[i].start, start)
        spans[i].end = Math.max(spans[i].end, end)
      }
      at = next
    }
  if (skipSpace(text, at) < text.length) throw notSpelled('', text, at)
  spans.forEach((span, i) => {
    // A piece that says nothing.
    if (span.start === Infinity) span.start = span.end = i > 0 ? spans[i - 1].end : 0
  })
  return spans
}

/** The span of a decoded character in the text, and where the next one is to be looked for. */
function place(character: string, text: string, at: number): Span & { next: number } {
  const end = at + character.length
  if (standsAt(character, text, at)) return { start: at, end, next: end }
  if (character === ' ') {
    if (at < text.length) return { start: at, end: at + characterAt(text, at).length, next: at }
    const last = Array.from(text.slice(-2)).at(-1) ?? ''
    return { start: at - last.length, end: at, next: at }
  }
  const start = skipSpace(text, at)
  if (start === at) throw notSpelled(character, text, at)
  return place(character, text, start)
}

const characterAt = (text: string, at: number) => String.fromCodePoint(text.codePointAt(at)!)

/** Whether the text has the character at the offset; a lone surrogate is encoded as U+FFFD. */
function standsAt(character: string, text: string, at: number): boolean {
  if (text.startsWith(character, at)) return true
  const code = text.codePointAt(at) ?? 0
  return character === '\ufffd' && code >= 0xd800 && code <= 0xdfff
}

function notSpelled(piece: string, text: string, at: number): HeedError {
  return new HeedError(
    'input',
    `the tokens do not spell the text: at offset ${at} is ${quote(text.slice(at, at + 20))}, where ${quote(piece)} should be`,
  )
}

// White space to Unicode and to JavaScript both.
const visible = /[^\s]|\ufeff/u

/**
 * Lets spans cover all that is not white space: what normalisation took away belongs to the token before it, or at
 * the start to the first. Spans are in order of their starts, and change in place.
 */
export function coverText(spans: readonly Span[], text: string): void {
  if (spans.length === 0) return
  let covered = 0
  let last: Span | undefined
  const coverUpTo = (to: number) => {
    const gap = text.slice(covered, to)
    const first = gap.search(visible)
    if (first < 0) return
    let end = to
    while (!visible.test(text[end - 1])) end--
    if (last) last.end = end
    else spans[0].start = covered + first
  }
  for (const span of spans) {
    if (span.start > covered) coverUpTo(span.start)
    if (span.end >= covered) {
      covered = span.end
      last = span
    }
  }
  coverUpTo(text.length)
}
