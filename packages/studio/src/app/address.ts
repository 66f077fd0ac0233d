/*
 * The view in the address: `#/step?text=…&head=3`. What is as by default is left out, so that an address says what somebody
 * chose. Behind `#`, so that a site can be hosted anywhere.
 */

export type Params = Readonly<Record<string, string>>

export function parseAddress(hash: string): { page: string; params: Params } {
  const [path, query = ''] = hash.replace(/^#?\/?/, '').split('?', 2)
  return { page: path, params: Object.fromEntries(new URLSearchParams(query)) }
}

export function formatAddress(page: string, params: Readonly<Record<string, string | undefined>>): string {
  const given = Object.entries(params).filter((entry): entry is [string, string] => entry[1] !== undefined)
  const query = new URLSearchParams(given).toString()
  return `#/${page}${query && `?${query}`}`
}
