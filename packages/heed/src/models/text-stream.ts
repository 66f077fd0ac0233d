import type { Tokenizer } from '../text/index.js'

/** Tokens that are waited for while the text ends in U+FFFD, so that what is decoded again stays short. */
const LONGEST_WAIT = 16

/**
 * Text that grows token by token, given out as soon as it is certain: never half a character, and nothing that may
 * still turn out to be a stop.
 */
export class TextStream {
  readonly #ids: number[]
  /** Text of the ids from `#from` to `#to` is given out; what follows is decoded beside it, as its context. */
  #from = 0
  #to: number
  /** Characters that are whole and may begin a stop. */
  #held = ''

  constructor(
    readonly tokenizer: Tokenizer,
    readonly stops: readonly string[],
    /** Not part of the text: some tokenizers write a token at the start of a text otherwise. */
    prompt: ArrayLike<number>,
  ) {
    this.#ids = Array.from(prompt)
    this.#to = this.#ids.length
  }

  /** Adds a token. Gives the text that is certain now, all that is left with the `last` token, and whether a stop ended it. */
  push(id: number, last: boolean): { text: string; stopped: boolean } {
    this.#ids.push(id)
    this.#held += this.#decoded(last)
    const found = firstStop(this.#held, this.stops)
    const end = found ?? (last ? this.#held.length : this.#held.length - mayBeginStop(this.#held, this.stops))
    const text = this.#held.slice(0, end)
    this.#held = this.#held.slice(end)
    return { text, stopped: found !== undefined }
  }

  /** The characters that the tokens since the last call complete: U+FFFD at the end may be one that is not. */
  #decoded(last: boolean): string {
    const before = this.#decode(this.#from, this.#to)
    const now = this.#decode(this.#from, this.#ids.length)
    let end = this.#ids.length
    let certain = now
    if (now.endsWith('\ufffd') && !last) {
      // No character takes so many tokens: all but the last three, where one may have begun, are no characters.
      end -= 3
      if (end - this.#to < LONGEST_WAIT) return ''
      certain = this.#decode(this.#from, end)
      if (!now.startsWith(certain)) return ''
    }
    // A prompt may end inside a character, which the tokens after it then complete.
    let given = before.replace(/\ufffd+$/, '').length
    while (given < before.length && now[given] === '\ufffd') given++
    if (certain.length <= given) return ''
    // What is decoded begins with a whole character: beside half a one, some decoders know no whole ones.
    if (given === before.length) this.#from = this.#to
    this.#to = end
    return certain.slice(given)
  }

  /** Models may have more ids than their tokenizer; those have no text. */
  #decode(start: number, end: number): string {
    const ids = this.#ids.slice(start, end)
    return this.tokenizer.decode(ids.filter((id) => this.tokenizer.has(id)))
  }
}

/** Where the stop begins that is complete first; of those that end together the longest. */
function firstStop(text: string, stops: readonly string[]): number | undefined {
  let first: { start: number; end: number } | undefined
  for (const stop of stops) {
    const start = text.indexOf(stop)
    const end = start + stop.length
    if (start >= 0 && (!first || end < first.end || (end === first.end && start < first.start)))
      first = { start, end }
  }
  return first?.start
}

/** The length of the longest end of the text with which a stop begins. */
function mayBeginStop(text: string, stops: readonly string[]): number {
  const longest = Math.max(0, ...stops.map((stop) => stop.length - 1))
  for (let length = Math.min(longest, text.length); length > 0; length--)
    if (stops.some((stop) => stop.startsWith(text.slice(-length)))) return length
  return 0
}
