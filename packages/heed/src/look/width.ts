/** How many terminal columns a text takes: 2 for wide (CJK, emoji), 0 for marks that join the letter before. */

const segmenter = new Intl.Segmenter(undefined, { granularity: 'grapheme' })

const EMOJI = /\p{Emoji_Presentation}|\p{Emoji}\uFE0F/u
const ZERO = /[\p{Mn}\p{Me}\p{Cf}\p{Cc}\u1160-\u11FF]/u
// East Asian Wide and Fullwidth by block; emoji are caught above.
const WIDE =
  /[\u1100-\u115F\u2E80-\u303E\u3041-\u33FF\u3400-\u4DBF\u4E00-\u9FFF\uA000-\uA4CF\uA960-\uA97F\uAC00-\uD7A3\uF900-\uFAFF\uFE10-\uFE19\uFE30-\uFE6F\uFF00-\uFF60\uFFE0-\uFFE6\u{16FE0}-\u{18DFF}\u{1AFF0}-\u{1B2FF}\u{1F200}-\u{1F2FF}\u{20000}-\u{3FFFD}]/u

function graphemeWidth(grapheme: string): number {
  if (EMOJI.test(grapheme)) return 2
  let width = 0
  for (const char of grapheme) if (!ZERO.test(char)) width += WIDE.test(char) ? 2 : 1
  return Math.min(2, width)
}

/** What a reader calls characters: letters with their marks, whole emoji. */
export function graphemes(text: string): string[] {
  return Array.from(segmenter.segment(text), ({ segment }) => segment)
}

/** Terminal columns of `text`, which holds no control sequences. */
export function displayWidth(text: string): number {
  if (/^[\x20-\x7E]*$/.test(text)) return text.length
  return graphemes(text).reduce((sum, grapheme) => sum + graphemeWidth(grapheme), 0)
}

/** The longest beginning of `text` that takes at most `width` columns. */
function take(text: string, width: number): string {
  let kept = ''
  let used = 0
  for (const grapheme of graphemes(text)) {
    used += graphemeWidth(grapheme)
    if (used > width) break
    kept += grapheme
  }
  return kept
}

/** `text` if it takes at most `width` columns, else its beginning with `…` as the last column. */
export function clip(text: string, width: number): string {
  if (displayWidth(text) <= width) return text
  return width < 1 ? '' : take(text, width - 1) + '…'
}

/** `text` cut at spaces into lines of at most `width` columns; a longer word is cut inside. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = []
  let line = ''
  for (let word of text.split(' ').filter((word) => word !== '')) {
    if (line !== '' && displayWidth(line) + 1 + displayWidth(word) <= width) {
      line += ' ' + word
      continue
    }
    if (line !== '') lines.push(line)
    while (displayWidth(word) > width) {
      const head = take(word, width) || graphemes(word)[0]
      lines.push(head)
      word = word.slice(head.length)
    }
    line = word
  }
  if (line !== '') lines.push(line)
  return lines
}
