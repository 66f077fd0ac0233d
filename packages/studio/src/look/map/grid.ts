import { WRITTEN_FROM } from 'heed/look'

/** How large the cells of a map are, and how its labels stand. */
export interface GridShape {
  /** px of a cell, of the labels on the left and of those above. */
  width: number
  height: number
  left: number
  head: number
  /** Labels above read upwards. */
  isTurned: boolean
  /** Cells too small for chips and two decimals. */
  isDense: boolean
  /** Cells have room for a number. */
  isWritten: boolean
  /** Every so manyth column is labelled. */
  step: number
}

/** px of a letter of 12 px mono. */
const LETTER = 7.3
/** Up to so many columns the readout stands beside the map; else below. */
export const BESIDE = 11

/** More cells than these are painted on a canvas: made anew together, as with another head, they would hold up the page. */
export const MOST_CELLS = 400
/** px of a cell from which on it has room for a number. */
export const NUMBERED = 24
/** The least weight whose number is written in a small cell, as it is written. */
export const LEAST = `${String(WRITTEN_FROM).slice(1)}0`
/** px of a number in a small cell. */
export const numberSize = (cell: number): number => Math.min(11, 0.4 * cell)

/** px of a painted cell: at most, at least; from then on the map scrolls. */
const [LARGEST, SMALLEST] = [28, 14]

const widest = (labels: readonly string[]) =>
  Math.min(16, Math.max(...labels.map((label) => [...label].length)))

/** Cells from 76 px down to 12; from then on the map scrolls sideways. */
export function gridShape(
  columns: number,
  queries: readonly string[],
  keys: readonly string[],
  room: number,
): GridShape {
  const isPhone = room < 560
  const chips = !isPhone && columns <= BESIDE
  const left = Math.ceil(widest(queries) * (chips ? 7.9 : LETTER)) + (chips ? 32 : 14)
  const fits = Math.floor((room - left - 2 * columns - 6) / columns)
  const width = Math.max(isPhone ? 18 : 16, Math.min(76, fits))
  const isTurned = width < 64 || widest(keys) * LETTER + 18 > width
  const isDense = !chips
  const height = isDense ? Math.max(16, Math.min(width, 40)) : Math.min(48, width)
  const step = [1, 2, 5, 10].find((step) => step * (width + 2) >= 12) ?? 10
  return {
    width,
    height,
    left,
    head: isTurned ? Math.ceil(widest(keys) * LETTER) + 16 : 34,
    isTurned,
    isDense,
    isWritten: width >= NUMBERED,
    step,
  }
}

/** px of a painted cell, where there is room for so many. */
export const paintedCell = (room: number): number => Math.max(SMALLEST, Math.min(LARGEST, Math.floor(room)))
