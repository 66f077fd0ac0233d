/*
 * The view in the address: `#/step?text=…&head=3`. What is as by default is left out, so that an address says what somebody
 * chose. Behind `#`, so that a site can be hosted anywhere.
 */

export type Params = Readonly<Record<string, string>>

export function parseAddress(hash: string): { page: string; params: Params } {
  const [path, query = ''] = hash.replace(/^#?\/?/, '').split('?', 2)
  return { page: path, params: Object.fromEntries(new URLSearchParams(query)) }
}

/** A whole number of an address, of at most so many digits; undefined for all else. */
export const wholeNumber = (text: string | undefined, digits: number): number | undefined =>
  text !== undefined && /^\d+$/.test(text) && text.length <= digits ? Number(text) : undefined

/** A place that an address names, where there are so many. */
export const within = (at: number | undefined, count: number): number | undefined =>
  at !== undefined && at < count ? at : undefined

export function formatAddress(page: string, params: Readonly<Record<string, string | undefined>>): string {
  const given = Object.entries(params).filter((entry): entry is [string, string] => entry[1] !== undefined)
  const query = new URLSearchParams(given).toString()
  return `#/${page}${query && `?${query}`}`
}
