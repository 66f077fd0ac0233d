/** A link between two tokens, by number. */
export type Link = [query: number, key: number]

/** Links in an address: `1-4_2-3` is query 1 and key 4, query 2 and key 3. What is not understood is left out. */
export const readLinks = (text = ''): Link[] =>
  text
    .split('_')
    .filter((link) => /^\d{1,4}-\d{1,4}$/.test(link))
    .map((link) => link.split('-').map(Number) as Link)

/** As a parameter; undefined for none. */
export const formatLinks = (links: readonly (readonly [number, number])[]): string | undefined =>
  links.length > 0 ? links.map((link) => link.join('-')).join('_') : undefined

type Range = readonly [start: number, end: number]
const range = ([start, end]: Range) => Array.from({ length: end - start }, (_, n) => start + n)

/** Every link from the tokens of one range to those of another. */
export const linksBetween = (queries: Range, keys: Range): Link[] =>
  range(queries).flatMap((query) => range(keys).map((key): Link => [query, key]))
