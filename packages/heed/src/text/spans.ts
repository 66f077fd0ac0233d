import { HeedError } from '../errors.js'
import { quote } from '../json.js'
import { pieceBytes } from './bytes.js'

/** A token and where it stands in the text. */
export interface Token {
  id: number
  /** The piece decoded: ` elephant`, never `Ġelephant`; U+FFFD where it holds part of a character. */
  text: string
  /** UTF-16 offsets into the text; equal for a special token that does not stand in the text. */
  start: number
  end: number
}

/** An entry of the vocabulary. `added` ones are literal text, kept out of the model's pieces. */
export interface Piece {
  id: number
  content: string
  added: boolean
}

const utf8 = new TextDecoder('utf-8', { ignoreBOM: true })

const whiteSpace = /\p{White_Space}*/uy

/** The first offset from `at` on that is not white space. */
function skipSpace(text: string, at: number): number {
  whiteSpace.lastIndex = at
  whiteSpace.test(text)
  return whiteSpace.lastIndex
}

/**
 * The length in bytes of the character at `at`, or of the ill-formed bytes for which a decoder puts one U+FFFD
 * (the "maximal subpart" of the Encoding Standard), and the UTF-16 units it decodes to.
 */
function characterAt(bytes: readonly number[], at: number): { length: number; units: 1 | 2 } {
  const lead = bytes[at]
  const following = lead < 0xc2 || lead > 0xf4 ? 0 : lead < 0xe0 ? 1 : lead < 0xf0 ? 2 : 3
  // The second byte's range is narrower where it would make an overlong form, a surrogate or more than U+10FFFF.
  let low = lead === 0xe0 ? 0xa0 : lead === 0xf0 ? 0x90 : 0x80
  let high = lead === 0xed ? 0x9f : lead === 0xf4 ? 0x8f : 0xbf
  let length = 1
  while (length <= following && bytes[at + length] >= low && bytes[at + length] <= high) {
    length++
    low = 0x80
    high = 0xbf
  }
  return { length, units: length === 4 ? 2 : 1 }
}

/**
 * Finds the tokens of a byte-level tokenizer in the text: their bytes, joined, are the text in UTF-8 (or, for
 * generated ids, decode to it), so walking both gives each piece the characters that it has a byte of.
 *
 * White space that the tokenizer dropped beside an added token is passed over; a space that it put in front
 * belongs to the character that follows.
 *
 * @throws HeedError `input` when the pieces do not spell the text
 */
export function byteLevelSpans(pieces: readonly Piece[], text: string): Token[] {
  const tokens: Token[] = []
  let at = 0
  for (let first = 0; first < pieces.length;) {
    if (pieces[first].added) {
      const { id, content } = pieces[first++]
      const start = text.startsWith(content, at) ? at : skipSpace(text, at)
      if (!text.startsWith(content, start)) throw notSpelled(content, text, at)
      at = start + content.length
      tokens.push({ id, text: content, start, end: at })
    } else {
      // A character may be split over pieces, but never across an added token.
      let last = first
      while (last < pieces.length && !pieces[last].added) last++
      at = spansOfRun(pieces.slice(first, last), text, at, tokens)
      first = last
    }
  }
  if (skipSpace(text, at) < text.length) throw notSpelled('', text, at)
  return tokens
}

/** Adds the tokens of pieces that stand from `at` on; returns where they end. */
function spansOfRun(pieces: readonly Piece[], text: string, at: number, tokens: Token[]): number {
  const bytes: number[] = []
  /** The token that each byte belongs to. */
  const owners: Token[] = []
  for (const { id, content } of pieces) {
    const own = pieceBytes(content)
    if (!own) throw notSpelled(content, text, at)
    const token = { id, text: utf8.decode(Uint8Array.from(own)), start: Infinity, end: 0 }
    tokens.push(token)
    for (const byte of own) {
      bytes.push(byte)
      owners.push(token)
    }
  }
  const decoded = utf8.decode(Uint8Array.from(bytes))
  for (let byte = 0, unit = 0; byte < bytes.length;) {
    const { length, units } = characterAt(bytes, byte)
    const { start, end, next } = place(decoded.slice(unit, unit + units), text, at)
    for (const owner of owners.slice(byte, byte + length)) {
      owner.start = Math.min(owner.start, start)
      owner.end = Math.max(owner.end, end)
    }
    byte += length
    unit += units
    at = next
  }
  return at
}

/** The span of a decoded character in the text, and where the next one is to be looked for. */
function place(character: string, text: string, at: number): { start: number; end: number; next: number } {
  const end = at + character.length
  if (standsAt(character, text, at)) return { start: at, end, next: end }
  if (character === ' ' && at < text.length)
    return { start: at, end: at + String.fromCodePoint(text.codePointAt(at)!).length, next: at }
  const start = skipSpace(text, at)
  if (start === at) throw notSpelled(character, text, at)
  return place(character, text, start)
}

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
