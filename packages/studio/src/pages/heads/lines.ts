/** Thinner links are not drawn, as in pictures of `heed/look`. */
export { DRAWN_FROM, MAX_LINES } from 'heed/look'

/** px of a line whose weight is 1, of a letter of 12 px mono. */
export const WIDEST = 9
const LETTER = 7.3
/** Letters of a label at most, and at least, for the words above. */
const [LONGEST, SHORTEST] = [12, 7]

export interface Place {
  x: number
  y: number
}

/** Where lines begin and end. */
export interface LinesShape {
  width: number
  height: number
  query: (i: number) => Place
  key: (j: number) => Place
  path: (i: number, j: number) => string
  /** Labels read upwards. */
  isTurned: boolean
  isAcross: boolean
}

const room = (labels: readonly string[]) =>
  Math.ceil(Math.min(LONGEST, Math.max(SHORTEST, ...labels.map((label) => [...label].length))) * LETTER)

/** A label that fits. */
export const clipped = (label: string): string => {
  const letters = [...label]
  return letters.length > LONGEST ? `${letters.slice(0, LONGEST - 1).join('')}…` : label
}

/** Queries on the left, keys on the right, a row each: those of the matrix beside them, where there is one. */
export function down(
  queries: readonly string[],
  keys: readonly string[],
  { width, top, pitch }: { width: number; top: number; pitch: number },
): LinesShape {
  const [left, right] = [room(queries) + 10, width - room(keys) - 10]
  const at = (x: number) => (n: number) => ({ x, y: top + (n + 0.5) * pitch })
  const middle = (left + right) / 2
  return {
    width,
    height: top + Math.max(queries.length, keys.length) * pitch + 4,
    query: at(left),
    key: at(right),
    path: (i, j) =>
      `M${left} ${at(0)(i).y}C${middle} ${at(0)(i).y} ${middle} ${at(0)(j).y} ${right} ${at(0)(j).y}`,
    isTurned: false,
    isAcross: false,
  }
}

/** Queries above, keys below. */
export function across(
  queries: readonly string[],
  keys: readonly string[],
  { width }: { width: number },
): LinesShape {
  const most = Math.max(queries.length, keys.length)
  const wanted = Math.max(room(queries), room(keys)) + 8
  const left = 64
  const isTurned = wanted * most > width - left
  const pitch = isTurned ? Math.max(18, Math.min(28, Math.floor((width - left) / most))) : wanted
  const label = isTurned ? wanted : 16
  const [upper, lower] = [label + 12, label + 12 + 180]
  const at = (y: number) => (n: number) => ({ x: left + (n + 0.5) * pitch, y })
  const middle = (upper + lower) / 2
  return {
    width: Math.max(width, left + most * pitch),
    height: lower + label + 12,
    query: at(upper),
    key: at(lower),
    path: (i, j) =>
      `M${at(0)(i).x} ${upper}C${at(0)(i).x} ${middle} ${at(0)(j).x} ${middle} ${at(0)(j).x} ${lower}`,
    isTurned,
    isAcross: true,
  }
}
