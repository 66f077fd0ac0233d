import type { DrawnToken } from 'heed/look'

/** Whole words as maps draw them. */
export const wordTokens = (words: readonly string[]): DrawnToken[] =>
  words.map((text) => ({ text, special: false, startsWord: true }))
