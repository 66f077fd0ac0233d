import { fail } from './format.js'

// U+FDFA alone becomes 18 units, and as symbols of bytes 33. Steps that double a text can make it any length.
const mostPerUnit = 64
const mostMore = 1024

/** The units from `from` up to `to` become the content. */
interface Edit {
  from: number
  to: number
  content: string
}

/**
 * A text on its way through a tokenizer, and where each of its UTF-16 units comes from in the original text. All
 * units of a character have the span of the whole character, so that no span cuts one.
 */
export class Aligned {
  private constructor(
    readonly text: string,
    /** Where the original of each unit starts and ends; as long as the text. */
    readonly starts: Int32Array,
    readonly ends: Int32Array,
    /** Where the original of the whole starts, with what a normalizer took away in front. */
    readonly origin: number,
    /** How long the steps may make the text. */
    private readonly most: number,
  ) {}

  /** The original text: each character comes from itself. */
  static of(text: string): Aligned {
    const starts = new Int32Array(text.length)
    const ends = new Int32Array(text.length)
    for (let start = 0; start < text.length;) {
      const end = start + (text.codePointAt(start)! > 0xffff ? 2 : 1)
      for (let unit = start; unit < end; unit++) {
        starts[unit] = start
        ends[unit] = end
      }
      start = end
    }
    return new Aligned(text, starts, ends, 0, mostPerUnit * text.length + mostMore)
  }

  slice(from: number, to: number): Aligned {
    if (from === 0 && to === this.text.length) return this
    return new Aligned(
      this.text.slice(from, to),
      this.starts.subarray(from, to),
      this.ends.subarray(from, to),
      from < to ? this.starts[from] : this.origin,
      // Its share, so that all parts together stay within what the whole may become.
      from < to ? (this.most * (to - from)) / this.text.length : 0,
    )
  }

  /** Replaces matches; new text comes from all of its match, less what the two have in common at their ends. */
  replace(pattern: RegExp, replacement: (match: string) => string): Aligned {
    const edits: Edit[] = []
    for (const { 0: match, index } of this.text.matchAll(pattern)) {
      const content = replacement(match)
      if (content === match) continue
      const [head, tail] = commonEnds(match, content)
      edits.push({
        from: index + head,
        to: index + match.length - tail,
        content: content.slice(head, content.length - tail),
      })
    }
    return edits.length > 0 ? this.#edit(edits) : this
  }

  /** Puts a text in front. It comes from the first character; there is none before an empty text. */
  prepend(content: string): Aligned {
    return this.text === '' ? this : this.#edit([{ from: 0, to: 0, content }])
  }

  /** Replaces parts, which joined are the text; what a part becomes comes from all of it. */
  map(parts: Iterable<string>, replacement: (part: string) => string): Aligned {
    const edits: Edit[] = []
    let from = 0
    for (const part of parts) {
      const to = from + part.length
      const content = replacement(part)
      if (content !== part) edits.push({ from, to, content })
      from = to
    }
    return edits.length > 0 ? this.#edit(edits) : this
  }

  /**
   * Edits stand in order and do not overlap.
   *
   * @throws HeedError `format` when the steps so far make the text much longer than it was
   */
  #edit(edits: readonly Edit[]): Aligned {
    const growth = edits.reduce((sum, { from, to, content }) => sum + content.length - (to - from), 0)
    const length = this.text.length + growth
    if (growth > 0 && length > this.most)
      fail(
        `its normalizer and pre_tokenizer make a text more than ${mostPerUnit} times as long, and ${mostMore} characters more`,
      )
    const starts = new Int32Array(length)
    const ends = new Int32Array(length)
    let text = ''
    let done = 0
    const keepUpTo = (at: number) => {
      starts.set(this.starts.subarray(done, at), text.length)
      ends.set(this.ends.subarray(done, at), text.length)
      text += this.text.slice(done, at)
    }
    for (const { from, to, content } of edits) {
      keepUpTo(from)
      // What is only put in comes from the character that follows or, at the end, from the last.
      const first = Math.min(from, this.text.length - 1)
      const last = Math.max(first, to - 1)
      starts.fill(this.starts[first], text.length, text.length + content.length)
      ends.fill(this.ends[last], text.length, text.length + content.length)
      text += content
      done = to
    }
    keepUpTo(this.text.length)
    return new Aligned(text, starts, ends, this.origin, this.most)
  }
}

/** How many units two texts have in common at the start and, beyond that, at the end. */
function commonEnds(a: string, b: string): [number, number] {
  const most = Math.min(a.length, b.length)
  let head = 0
  while (head < most && a[head] === b[head]) head++
  let tail = 0
  while (tail < most - head && a.at(-1 - tail) === b.at(-1 - tail)) tail++
  return [head, tail]
}
