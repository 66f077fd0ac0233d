import type { Aligned } from './aligned.js'

/** A token of `added_tokens`: it is found in the text before the model sees it. */
export interface AddedToken {
  id: number
  content: string
  /** One of the tokenizer's own, such as `</s>`: not part of any text that is decoded. */
  special: boolean
  /** Found after normalisation, not before. */
  normalized: boolean
  /** Not inside a word. */
  singleWord: boolean
  /** Takes the white space before it, after it. */
  lstrip: boolean
  rstrip: boolean
}

/** A token that stands in the text, or text between such tokens. */
export type Section = { token: AddedToken; start: number; end: number } | { text: Aligned }

const isInWord = (text: string, start: number, end: number) =>
  endsWithWord.test(text.slice(Math.max(0, start - 2), start)) ||
  startsWithWord.test(text.slice(end, end + 2))
const endsWithWord = /[\p{Alphabetic}\p{M}\p{Nd}\p{Pc}\p{Join_Control}]$/u
const startsWithWord = /^[\p{Alphabetic}\p{M}\p{Nd}\p{Pc}\p{Join_Control}]/u
const isSpace = (unit: string | undefined) => unit !== undefined && /\p{White_Space}/u.test(unit)

/** Finds added tokens in a text: the leftmost first, of those that start there the longest. */
export class AddedTokens {
  readonly #byContent = new Map<string, AddedToken>()
  /** Of the contents that start with a unit, longest first. */
  readonly #lengths = new Map<string, number[]>()

  /** @param contentOf how a token is written in the texts to {@link split} */
  constructor(tokens: readonly AddedToken[], contentOf: (token: AddedToken) => string) {
    for (const token of tokens) if (contentOf(token) !== '') this.#byContent.set(contentOf(token), token)
    const lengths = new Map<string, Set<number>>()
    for (const content of this.#byContent.keys()) {
      const own = lengths.get(content[0]) ?? new Set()
      lengths.set(content[0], own.add(content.length))
    }
    for (const [unit, own] of lengths)
      this.#lengths.set(
        unit,
        [...own].sort((a, b) => b - a),
      )
  }

  /** @param parseSpecials whether special tokens count, or are text like any other */
  split(text: Aligned, parseSpecials: boolean): Section[] {
    if (this.#byContent.size === 0) return [{ text }]
    const sections: Section[] = []
    const { text: all } = text
    let done = 0
    const addText = (to: number) => {
      if (to > done) sections.push({ text: text.slice(done, to) })
    }
    for (let at = 0; at < all.length;) {
      const token = this.#longestAt(all, at)
      if (!token) {
        at++
        continue
      }
      const { length, found } = token
      const [start, end] = [at, at + length]
      at = end
      if (found.special && !parseSpecials) continue
      if (found.singleWord && isInWord(all, start, end)) continue
      let from = start
      if (found.lstrip) while (from > done && isSpace(all[from - 1])) from--
      addText(from)
      sections.push({ token: found, start: text.starts[start], end: text.ends[end - 1] })
      if (found.rstrip) while (isSpace(all[at])) at++
      done = at
    }
    addText(all.length)
    return sections
  }

  #longestAt(text: string, at: number): { found: AddedToken; length: number } | undefined {
    for (const length of this.#lengths.get(text[at]) ?? []) {
      const content = text.slice(at, at + length)
      const found = this.#byContent.get(content)
      if (found) return { found, length: content.length }
    }
    return undefined
  }
}
