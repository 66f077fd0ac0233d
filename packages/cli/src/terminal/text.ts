import { displayWidth } from 'heed/look'

const RIGHT_TO_LEFT = /[\p{Script=Hebrew}\p{Script=Arabic}\p{Script=Syriac}\p{Script=Thaana}\p{Script=Nko}]/u

/**
 * Ends a right-to-left word with a left-to-right mark: without it, a terminal that reorders text would mirror the
 * numbers and cells after the word.
 */
export function fence(text: string): string {
  return RIGHT_TO_LEFT.test(text) ? text + '\u200E' : text
}

/** `text` in the given number of columns; longer text stays as it is. */
export function pad(text: string, width: number, align: 'left' | 'right' | 'center' = 'left'): string {
  const free = Math.max(0, width - displayWidth(text))
  const before = align === 'left' ? 0 : align === 'right' ? free : Math.floor(free / 2)
  return ' '.repeat(before) + text + ' '.repeat(free - before)
}
