/** A token in its text: what stands before it and after it. */
export interface InContext {
  before: string
  token: string
  after: string
}

/** A text as its tokens: where each stands, [start, end), and how it is labelled. */
export interface TokenText {
  text: string
  starts: ArrayLike<number>
  ends: ArrayLike<number>
  labels: readonly string[]
}

/** A token among `around` characters on both sides, on one line. A special token stands between nothing. */
export function inContext(
  { text, starts, ends }: Omit<TokenText, 'labels'>,
  token: number,
  around: number,
): InContext {
  const [start, end] = [starts[token], ends[token]]
  if (start === end) return { before: '', token: '', after: '' }
  const line = (part: string) => part.replace(/\s/gu, ' ')
  // Not through the middle of a surrogate pair.
  const from = Math.max(0, start - around)
  const cut = /^[\uDC00-\uDFFF]/.test(text.slice(from, from + 1)) ? 1 : 0
  const after = text.slice(end, end + around).replace(/[\uD800-\uDBFF]$/, '')
  return {
    before: line(text.slice(from + cut, start)),
    token: line(text.slice(start, end)),
    after: line(after),
  }
}
