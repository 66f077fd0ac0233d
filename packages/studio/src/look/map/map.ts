import { type DrawnToken, tokenLabels } from 'heed/look'

export interface Cell {
  query: number
  key: number
}

/** What a map draws: weights [Tq, Tk] of one head, row after row, and who asks and answers. */
export interface MapData {
  queries: readonly DrawnToken[]
  keys: readonly DrawnToken[]
  queryLabels: readonly string[]
  keyLabels: readonly string[]
  weights: ArrayLike<number>
  isForbidden?: (query: number, key: number) => boolean
}

/** Whether a map has such a cell; what was pointed at may be of the map before. */
export const isIn = ({ queries, keys }: Pick<MapData, 'queries' | 'keys'>, { query, key }: Cell): boolean =>
  query < queries.length && key < keys.length

/** What a drawn map is given, with cells or on a canvas. */
export interface MapProps {
  map: MapData
  /** The cell that is selected; its row stands in a frame. */
  chosen: Cell
  /** The cell that is pointed at. */
  pointed?: Cell
  /** A cell was clicked, or Enter was pressed on it. */
  onact: (cell: Cell) => void
}

export const mapData = (
  queries: readonly DrawnToken[],
  keys: readonly DrawnToken[],
  weights: ArrayLike<number>,
  isForbidden?: MapData['isForbidden'],
): MapData => ({
  queries,
  keys,
  queryLabels: tokenLabels(queries),
  keyLabels: tokenLabels(keys),
  weights,
  isForbidden,
})

const steps: Readonly<Record<string, readonly [query: number, key: number]>> = {
  ArrowRight: [0, 1],
  ArrowLeft: [0, -1],
  ArrowDown: [1, 0],
  ArrowUp: [-1, 0],
}

/** Where an arrow key leads from a cell; undefined: it is another key. */
export function stepTo(key: string, from: Cell, map: MapData): Cell | undefined {
  if (!(key in steps)) return undefined
  const [di, dj] = steps[key]
  return {
    query: Math.max(0, Math.min(map.queries.length - 1, from.query + di)),
    key: Math.max(0, Math.min(map.keys.length - 1, from.key + dj)),
  }
}
