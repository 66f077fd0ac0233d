import { TILE, type TilePlace } from '../../engine/tile'

/** What of the map is on the screen: the query and the key in the middle of the picture, and px of a cell. */
export interface View {
  query: number
  key: number
  zoom: number
}

/** The picture, a square of `side` px, and how many tokens stand along it when it shows all. */
export interface Frame {
  side: number
  tokens: number
}

export interface Place {
  query: number
  key: number
}

/** px of a cell at most: two decimals have room in it. */
export const MOST_ZOOM = 41

/** px of a cell where the whole map is in the picture. */
export const leastZoom = ({ side, tokens }: Frame): number => Math.min(MOST_ZOOM, side / tokens)

const clamp = (x: number, low: number, high: number) => Math.max(low, Math.min(high, x))

/** The nearest view in which no more than needed of the picture lies outside of the map. */
export function within(view: View, frame: Frame): View {
  const zoom = clamp(view.zoom, leastZoom(frame), MOST_ZOOM)
  const half = frame.side / zoom / 2
  const middle = (x: number) => clamp(x, half, Math.max(half, frame.tokens - half))
  return { query: middle(view.query), key: middle(view.key), zoom }
}

export const whole = (frame: Frame): View => within({ query: 0, key: 0, zoom: 0 }, frame)

/** Where the picture begins: its first query and key, with fractions. */
export const corner = ({ query, key, zoom }: View, { side }: Frame): Place => ({
  query: query - side / zoom / 2,
  key: key - side / zoom / 2,
})

/** px in the picture of the upper left corner of a cell. */
export function pixelOf(place: Place, view: View, frame: Frame): { x: number; y: number } {
  const from = corner(view, frame)
  return { x: (place.key - from.key) * view.zoom, y: (place.query - from.query) * view.zoom }
}

/** The cell under a point of the picture; undefined outside of the map. */
export function cellAt(x: number, y: number, view: View, frame: Frame): Place | undefined {
  const from = corner(view, frame)
  const cell = { query: Math.floor(from.query + y / view.zoom), key: Math.floor(from.key + x / view.zoom) }
  const isInside = (n: number) => n >= 0 && n < frame.tokens
  return isInside(cell.query) && isInside(cell.key) && x >= 0 && y >= 0 && x < frame.side && y < frame.side
    ? cell
    : undefined
}

/** Nearer by a factor; what lies under the point stays there. */
export function zoomed(view: View, frame: Frame, factor: number, x: number, y: number): View {
  const { zoom } = within({ ...view, zoom: view.zoom * factor }, frame)
  const away = (px: number) => (px - frame.side / 2) * (1 / view.zoom - 1 / zoom)
  return within({ query: view.query + away(y), key: view.key + away(x), zoom }, frame)
}

/** The picture pulled by so many px. */
export const pulled = (view: View, frame: Frame, dx: number, dy: number): View =>
  within({ ...view, query: view.query - dy / view.zoom, key: view.key - dx / view.zoom }, frame)

/** A view that shows a cell, moved no more than it takes; `margin` px stay around it. */
export function showing(cell: Place, view: View, frame: Frame, margin = 24): View {
  const half = Math.max(0, (frame.side / 2 - margin) / view.zoom - 1)
  const near = (middle: number, at: number) => clamp(middle, at - half, at + 1 + half)
  return within({ ...view, query: near(view.query, cell.query), key: near(view.key, cell.key) }, frame)
}

/** The level of tiles that are drawn: the finest of which no pixel is smaller than one of the screen's; 0 has cells. */
export const levelOf = (zoom: number): number => Math.max(0, Math.ceil(-Math.log2(zoom) - 1e-9))

/** Cells that one pixel of the picture stands for: [start, end) of queries and of keys, on the grid of the tiles' pixels. */
export function blockOf(
  cell: Place,
  level: number,
  tokens: number,
): Record<'rows' | 'cols', [start: number, end: number]> {
  const side = 2 ** level
  const span = (n: number): [number, number] => {
    const start = Math.floor(n / side) * side
    return [start, Math.min(tokens, start + side)]
  }
  return { rows: span(cell.query), cols: span(cell.key) }
}

/** The tiles that a view shows, those in the middle first. */
export function visibleTiles(view: View, frame: Frame, level = levelOf(view.zoom)): TilePlace[] {
  const size = TILE * 2 ** level
  const half = frame.side / view.zoom / 2
  const span = (middle: number) => {
    const last = Math.ceil(frame.tokens / size) - 1
    return [
      Math.max(0, Math.floor((middle - half) / size)),
      Math.min(last, Math.ceil((middle + half) / size) - 1),
    ]
  }
  const [[top, bottom], [left, right]] = [span(view.query), span(view.key)]
  const places: TilePlace[] = []
  for (let row = top; row <= bottom; row++)
    for (let column = left; column <= right; column++) places.push({ level, row, column })
  const distance = ({ row, column }: TilePlace) =>
    Math.hypot((row + 0.5) * size - view.query, (column + 0.5) * size - view.key)
  return places.sort((a, b) => distance(a) - distance(b))
}
