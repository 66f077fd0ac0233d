/** Parts of the formula: queries, keys, values, weights, scaling. */
export type Part = 'q' | 'k' | 'v' | 'w' | 's'
