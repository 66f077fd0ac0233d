import type { Params } from './address'

/** What pages read when the address names no text. */
export const PRESET = 'The elephant is very large.'

export const sentenceOf = ({ text = PRESET }: Params): string => text

/** The parameter of an address for a text. */
export const sentenceParam = (text: string): { text: string | undefined } => ({
  text: text === PRESET ? undefined : text,
})
