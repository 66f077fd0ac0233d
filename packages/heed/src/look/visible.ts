const BREAK = /\r\n|[\n\r\v\f\u0085\u2028\u2029]/gu
const SPACE = /[^\S\n\r]/gu
// Controls, lone surrogates, noncharacters, and the format characters that hide or turn text (bidi, zero-width); the
// joiners ZWJ and ZWNJ stay, because emoji and several scripts are spelt with them.
const HIDDEN =
  /[\p{Cc}\p{Cs}\p{Noncharacter_Code_Point}\u00AD\u061C\u180E\u200B\u200E\u200F\u202A-\u202E\u2060-\u206F\uFEFF\uFFF9-\uFFFB]/gu

function picture(char: string): string {
  const code = char.codePointAt(0)!
  if (code < 0x20) return String.fromCodePoint(0x2400 + code)
  if (code === 0x7f) return '\u2421'
  if (code >= 0xd800 && code <= 0xdfff) return '\uFFFD'
  return `⟨${code.toString(16).toUpperCase().padStart(2, '0')}⟩`
}

/**
 * `text` with all that cannot be seen made visible: white space as `·`, line breaks as `↵`, tabs as `⇥`, controls as
 * their pictures (`␀`) or code points (`⟨202E⟩`), broken characters as `�`. Safe to print on a terminal.
 */
export function visible(text: string): string {
  return text.replace(BREAK, '↵').replaceAll('\t', '⇥').replace(SPACE, '·').replace(HIDDEN, picture)
}

/** A sentence for people: as `visible`, but with its plain spaces. */
export function visibleLine(text: string): string {
  return text.replace(BREAK, ' ').replace(SPACE, ' ').replace(HIDDEN, picture)
}
