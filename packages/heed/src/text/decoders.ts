import { byteOfPiece, pieceBytes } from './bytes.js'
import { flag, markOf, nameOf, stepsOf, stringOf, unsupported } from './format.js'
import type { Config } from './format.js'

/** An entry of the vocabulary. `added` ones are kept out of the model's pieces. */
export interface Piece {
  id: number
  content: string
  added: boolean
}

/** A stretch of decoded text, and the first and last of the pieces that have a part in it. */
export interface Fragment {
  text: string
  first: number
  last: number
}

export interface Decoder {
  /** What a piece says by itself, with U+FFFD for parts of a character. */
  textOf(piece: Piece): string
  /** What pieces say together: one fragment a character where several share one. Spaces that {@link decode} drops are in it. */
  fragments(pieces: readonly Piece[]): Fragment[]
  /** The text of pieces. */
  decode(pieces: readonly Piece[]): string
}

/**
 * The `decoder` of a tokenizer.json.
 *
 * @throws HeedError `unsupported` when it is none of those of byte-level, SentencePiece and WordPiece tokenizers
 */
export function decoderOf(config: unknown): Decoder {
  const steps = stepsOf(config, 'decoder', 'decoders')
  const [first] = steps
  if (steps.length === 1 && first.type === 'ByteLevel') return byteLevelDecoder
  if (steps.length === 1 && first.type === 'WordPiece') return wordPieceDecoder(first)
  if (steps.length === 1 && first.type === 'Metaspace') return metaspaceDecoder(first)
  return sentencePieceDecoder(steps)
}

export const isByteLevelDecoder = (decoder: Decoder): boolean => decoder === byteLevelDecoder

const utf8 = new TextDecoder('utf-8', { ignoreBOM: true })
const strictUtf8 = new TextDecoder('utf-8', { ignoreBOM: true, fatal: true })
const textOfBytes = (bytes: readonly number[]) => utf8.decode(Uint8Array.from(bytes))
const joined = (fragments: readonly Fragment[]) => fragments.map(({ text }) => text).join('')

/** Fragments of bytes, one a character; a decoder puts one U+FFFD for ill-formed bytes that make up one fragment. */
function charactersOf(bytes: readonly number[], owners: readonly number[]): Fragment[] {
  const fragments: Fragment[] = []
  for (let at = 0; at < bytes.length;) {
    const end = at + characterLength(bytes, at)
    fragments.push({ text: textOfBytes(bytes.slice(at, end)), first: owners[at], last: owners[end - 1] })
    at = end
  }
  return fragments
}

/**
 * The length in bytes of the character at `at`, or of the ill-formed bytes for which a decoder puts one U+FFFD
 * (the "maximal subpart" of the Encoding Standard).
 */
function characterLength(bytes: readonly number[], at: number): number {
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
  return length
}

/** Fragments of pieces, of which those with bytes run together. A run becomes text by `textOfRun`. */
function fragmentsOf(
  pieces: readonly Piece[],
  bytesOf: (piece: Piece) => readonly number[] | undefined,
  textOf: (piece: Piece, i: number) => string,
  ofRun: (bytes: readonly number[], owners: readonly number[]) => Fragment[],
): Fragment[] {
  const fragments: Fragment[] = []
  let bytes: number[] = []
  let owners: number[] = []
  const endRun = () => {
    for (const fragment of ofRun(bytes, owners)) fragments.push(fragment)
    bytes = []
    owners = []
  }
  pieces.forEach((piece, i) => {
    const own = bytesOf(piece)
    if (own) {
      for (const byte of own) {
        bytes.push(byte)
        owners.push(i)
      }
    } else {
      endRun()
      fragments.push({ text: textOf(piece, i), first: i, last: i })
    }
  })
  endRun()
  return fragments
}

/** Added tokens are literal text, and a character may not be split across one. */
const byteLevelDecoder: Decoder = {
  textOf({ content, added }) {
    const bytes = added ? undefined : pieceBytes(content)
    return bytes ? textOfBytes(bytes) : content
  },
  fragments: (pieces) =>
    fragmentsOf(
      pieces,
      ({ content, added }) => (added ? undefined : pieceBytes(content)),
      ({ content }) => content,
      charactersOf,
    ),
  decode: (pieces) => joined(byteLevelDecoder.fragments(pieces)),
}

/** Bytes that do not make up UTF-8 with all their neighbours are a U+FFFD each. */
function fallbackCharacters(bytes: readonly number[], owners: readonly number[]): Fragment[] {
  try {
    strictUtf8.decode(Uint8Array.from(bytes))
    return charactersOf(bytes, owners)
  } catch {
    return owners.map((owner) => ({ text: '\ufffd', first: owner, last: owner }))
  }
}

/** As Llama 2 and Gemma have it: mark → space, bytes → characters, all as one text, less a space in front. */
function sentencePieceDecoder(steps: readonly Config[]): Decoder {
  const names = steps.map((step) => nameOf(step)).join(', ')
  const rest = [...steps]
  const take = (type: string) => (rest[0]?.type === type ? rest.shift() : undefined)
  const replace = take('Replace')
  const hasBytes = take('ByteFallback') !== undefined
  const fuses = take('Fuse') !== undefined
  const strip = take('Strip')
  const pattern = (replace?.pattern as { String?: unknown } | undefined)?.String
  const strips = strip?.content === ' ' && strip.start === 1 && strip.stop === 0
  if (
    !replace ||
    pattern !== '▁' ||
    replace.content !== ' ' ||
    rest.length > 0 ||
    (strip && !(fuses && strips))
  )
    unsupported(`the decoder [${names}]`)
  const decoder = spaceMarkDecoder('▁', hasBytes)
  return {
    ...decoder,
    decode: (pieces) => joined(decoder.fragments(pieces)).replace(strip ? /^ / : /^$/, ''),
  }
}

/** As T5 and XLM-R have it: mark → space, less those of the first piece. */
function metaspaceDecoder(config: Config): Decoder {
  const mark = markOf(config)
  const keeps =
    config.prepend_scheme === 'never' || (config.prepend_scheme == null && config.add_prefix_space === false)
  const decoder = spaceMarkDecoder(mark, false)
  if (keeps) return { ...decoder, decode: (pieces) => joined(decoder.fragments(pieces)) }
  return {
    ...decoder,
    decode: ([first, ...rest]) =>
      first ? first.content.replaceAll(mark, '') + joined(decoder.fragments(rest)) : '',
  }
}

function spaceMarkDecoder(mark: string, hasBytes: boolean): Omit<Decoder, 'decode'> {
  const bytesOf = ({ content }: Piece) => {
    const byte = hasBytes ? byteOfPiece(content) : undefined
    return byte === undefined ? undefined : [byte]
  }
  const textOf = (piece: Piece) => {
    const bytes = bytesOf(piece)
    return bytes ? textOfBytes(bytes) : piece.content.replaceAll(mark, ' ')
  }
  return { textOf, fragments: (pieces) => fragmentsOf(pieces, bytesOf, textOf, fallbackCharacters) }
}

/** Pieces are words, with a space between them, but for those that continue one. */
function wordPieceDecoder(config: Config): Decoder {
  const prefix = stringOf(config, 'prefix')
  const cleans = flag(config, 'cleanup')
  const continues = ({ content }: Piece) => prefix !== '' && content.startsWith(prefix)
  const textOf = (piece: Piece) => (continues(piece) ? piece.content.slice(prefix.length) : piece.content)
  const decoder: Decoder = {
    textOf,
    fragments: (pieces) =>
      pieces.map((piece, i) => ({
        text: i === 0 ? piece.content : continues(piece) ? textOf(piece) : ` ${piece.content}`,
        first: i,
        last: i,
      })),
    decode: (pieces) =>
      decoder
        .fragments(pieces)
        .map(({ text }) => (cleans ? cleanUp(text) : text))
        .join(''),
  }
  return decoder
}

/** Takes the space away before the punctuation and the contractions of English. */
const cleanUp = (text: string) =>
  text
    .replaceAll(' .', '.')
    .replaceAll(' ?', '?')
    .replaceAll(' !', '!')
    .replaceAll(' ,', ',')
    .replaceAll(" ' ", "'")
    .replaceAll(" n't", "n't")
    .replaceAll(" 'm", "'m")
    .replaceAll(" 's", "'s")
    .replaceAll(" 've", "'ve")
    .replaceAll(" 're", "'re")
