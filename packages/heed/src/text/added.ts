import type { Aligned } from './aligned.js'
import { wordCharacters } from './patterns.js'
import { Prefixes } from './prefixes.js'

/** A token of `added_tokens`: it is found in the text before the model sees it. */
export interface LiteralToken {
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
export type Section = { token: LiteralToken; start: number; end: number } | { text: Aligned }

const isInWord = (text: string, start: number, end: number) =>
  endsWithWord.test(text.slice(Math.max(0, start - 2), start)) ||
  startsWithWord.test(text.slice(end, end + 2))
const endsWithWord = new RegExp(`[${wordCharacters}]$`, 'u')
const startsWithWord = new RegExp(`^[${wordCharacters}]`, 'u')
const isSpace = (unit: string | undefined) => unit !== undefined && /\p{White_Space}/u.test(unit)

/** Finds added tokens in a text: the leftmost first, of those that start there the longest. */
export class AddedTokens {
  readonly #contents: Prefixes<LiteralToken>
  readonly #isEmpty: boolean

  /** @param contentOf how a token is written in the texts to {@link split} */
  constructor(tokens: readonly LiteralToken[], contentOf: (token: LiteralToken) => string) {
    const byContent = new Map(tokens.map((token) => [contentOf(token), token]))
    byContent.delete('')
    this.#contents = new Prefixes(byContent)
    this.#isEmpty = byContent.size === 0
  }

  /** @param parseSpecials whether special tokens count, or are text like any other */
  split(text: Aligned, parseSpecials: boolean): Section[] {
    if (this.#isEmpty) return [{ text }]
    const sections: Section[] = []
    const { text: all } = text
    let done = 0
    const addText = (to: number) => {
      if (to > done) sections.push({ text: text.slice(done, to) })
    }
    for (let at = 0; at < all.length;) {
      const longest = this.#contents.at(all, at).at(-1)
      if (!longest) {
        at++
        continue
      }
      const { value: found, end } = longest
      const start = at
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
}
