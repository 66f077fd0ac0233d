import type { Measure } from 'heed/vectors'

export type { Measure }

/** All that words are compared by, in the order of the page. */
export const measures: readonly Measure[] = ['cosine', 'angular', 'euclidean', 'manhattan', 'dot']

/** Letters of a word: longer ones are texts. */
export const LONGEST = 100
