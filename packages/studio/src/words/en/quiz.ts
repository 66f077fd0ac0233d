import type { Language } from 'heed-learn'

/** The quiz brings its own words, in its own languages (heed-learn): this says which of them is meant. */
export const quiz: { language: Language } = { language: 'en' }
