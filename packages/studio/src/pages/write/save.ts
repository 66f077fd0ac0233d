import type { DrawnToken } from 'heed/look'

const quoted = (text: string) => `"${text.replaceAll('"', '""')}"`

interface Named {
  label: string
  special: boolean
  joined: boolean
}

/** Units as pictures take them. */
export const drawnUnits = (units: readonly Named[]): DrawnToken[] =>
  units.map(({ label, special, joined }) => ({ text: label, special, startsWord: !joined }))

/** Every link of a map [targets, sources], a line each. */
export const csvOf = (
  keys: readonly { label: string }[],
  queries: readonly { label: string }[],
  weights: ArrayLike<number>,
): string =>
  [
    'query,key,query_text,key_text,weight',
    ...queries.flatMap((query, i) =>
      keys.map((key, j) =>
        [i, j, quoted(query.label), quoted(key.label), weights[i * keys.length + j]].join(','),
      ),
    ),
  ].join('\n') + '\n'
