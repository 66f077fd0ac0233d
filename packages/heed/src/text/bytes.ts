// Bytes that are visible Latin-1 characters stand for themselves; the others take the characters from U+0100 on.
const isVisible = (byte: number) =>
  (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte <= 0xac) || byte >= 0xae

let next = 0x100
/** The character that stands for each byte in a byte-level vocabulary: `Ġ` for a space. */
export const byteSymbols: readonly string[] = Array.from({ length: 256 }, (_, byte) =>
  String.fromCharCode(isVisible(byte) ? byte : next++),
)

const utf8 = new TextEncoder()

/** A character as a byte-level vocabulary writes its bytes; a lone surrogate is written as U+FFFD. */
export function symbolsOf(character: string): string {
  const code = character.charCodeAt(0)
  if (code < 0x80) return byteSymbols[code]
  let symbols = ''
  for (const byte of utf8.encode(character)) symbols += byteSymbols[byte]
  return symbols
}

const byteOf = new Map(byteSymbols.map((symbol, byte) => [symbol, byte]))

/** The bytes that a piece of a byte-level vocabulary stands for; undefined when it is no such piece. */
export function pieceBytes(piece: string): number[] | undefined {
  const bytes: number[] = []
  for (const symbol of piece) {
    const byte = byteOf.get(symbol)
    if (byte === undefined) return undefined
    bytes.push(byte)
  }
  return bytes
}

/** The piece of SentencePiece that stands for a byte. */
export const bytePiece = (byte: number): string => `<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`

/** The byte that a piece of SentencePiece stands for. */
export function byteOfPiece(piece: string): number | undefined {
  return /^<0x[\da-fA-F]{2}>$/.test(piece) ? parseInt(piece.slice(3, 5), 16) : undefined
}

/** For each byte the id of its piece, when the vocabulary has all. */
export function byteIds(vocab: ReadonlyMap<string, number>): number[] | undefined {
  const ids = Array.from({ length: 256 }, (_, byte) => vocab.get(bytePiece(byte)))
  return ids.every((id) => id !== undefined) ? ids : undefined
}
