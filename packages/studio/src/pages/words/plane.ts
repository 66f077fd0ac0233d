export type Point = readonly [x: number, y: number]

/** A plane drawn without distortion: places to px, with room for names on all sides. */
export function fitted(
  points: readonly Point[],
  { width, height, side, above }: { width: number; height: number; side: number; above: number },
): (p: Point) => Point {
  const [xs, ys] = [points.map(([x]) => x), points.map(([, y]) => y)]
  const [x0, x1, y0, y1] = [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)]
  const found = Math.min((width - 2 * side) / (x1 - x0), (height - 2 * above) / (y1 - y0))
  const scale = Number.isFinite(found) && found > 0 ? found : 0
  return ([x, y]) => [width / 2 + (x - (x0 + x1) / 2) * scale, height / 2 - (y - (y0 + y1) / 2) * scale]
}

/** px of an arrow's head, and half of its angle. */
const [HEAD, HALF] = [9, 0.4]

/** An arrow's shaft and head as paths; one too short for a head has none. */
export function arrowPaths([x0, y0]: Point, [x1, y1]: Point): { shaft: string; head: string } {
  const length = Math.hypot(x1 - x0, y1 - y0)
  if (length < HEAD) return { shaft: `M${x0} ${y0}L${x1} ${y1}`, head: '' }
  const angle = Math.atan2(y1 - y0, x1 - x0)
  const at = (turn: number, back: number): string =>
    `${x1 - back * Math.cos(angle + turn)} ${y1 - back * Math.sin(angle + turn)}`
  return {
    shaft: `M${x0} ${y0}L${at(0, 6)}`,
    head: `M${x1} ${y1}L${at(-HALF, HEAD)}L${at(HALF, HEAD)}z`,
  }
}

/** A name at the end of an arrow. */
export interface PointName {
  at: Point
  text: string
  /** Names of less weight give way first, so they come last. */
  isStrong?: boolean
}

export interface PlacedName {
  text: string
  x: number
  y: number
  anchor: 'start' | 'middle' | 'end'
  isStrong: boolean
}

/** px of a letter and of the height of a name. */
const [LETTER, HEIGHT] = [7.9, 16]

/** Names beside their points, away from `from`, none upon another: moved down or up where two would meet. */
export function placeNames(names: readonly PointName[], from: Point, width: number): PlacedName[] {
  const taken: [number, number, number, number][] = []
  return names.map(({ at: [x, y], text, isStrong = false }) => {
    const room = text.length * LETTER
    const isRight = x >= from[0] ? x + 10 + room < width : x - 10 - room < 0
    const left = isRight ? x + 10 : x - 10 - room
    const offsets = [0, -14, 14, -20, 20, -32, 32, -44, 44]
    const rect = (dy: number): [number, number, number, number] => [
      left,
      y + dy - HEIGHT / 2,
      left + room,
      y + dy + HEIGHT / 2,
    ]
    const free = offsets.find((dy) => {
      const [a, b, c, d] = rect(dy)
      return !taken.some(([e, f, g, h]) => a < g && c > e && b < h && d > f)
    })
    const dy = free ?? 0
    taken.push(rect(dy))
    return {
      text,
      x: isRight ? x + 10 : x - 10,
      y: y + dy + 4.5,
      anchor: isRight ? 'start' : 'end',
      isStrong,
    }
  })
}

/** x, y, x + y and c x as they lie in their plane: x to the right, y above it. */
export function arrowPoints(
  { x, y }: { x: number; y: number },
  angle: number,
  c: number,
): Record<'x' | 'y' | 'sum' | 'scaled', Point> {
  const up: Point = [y * Math.cos(angle), y * Math.sin(angle)]
  return { x: [x, 0], y: up, sum: [x + up[0], up[1]], scaled: [c * x, 0] }
}
