/** Where one looks at the map: the point in the middle, and how many times larger than when all is in sight. */
export interface View {
  x: number
  y: number
  k: number
}

/** A rectangle of the plane. */
export interface Box {
  x0: number
  y0: number
  x1: number
  y1: number
}

export interface Size {
  width: number
  height: number
}

export const MOST_ZOOM = 60
/** px that stay free round all words. */
const MARGIN = 28

/** How much of the variance the map shows. */
export const shareShown = ({ explained }: { explained: readonly [number, number] }): number =>
  explained[0] + explained[1]

/** The rectangle of all places [W, 2]. */
export function boxOf(places: ArrayLike<number>): Box {
  const box = { x0: Infinity, y0: Infinity, x1: -Infinity, y1: -Infinity }
  for (let i = 0; i < places.length; i += 2) {
    box.x0 = Math.min(box.x0, places[i])
    box.x1 = Math.max(box.x1, places[i])
    box.y0 = Math.min(box.y0, places[i + 1])
    box.y1 = Math.max(box.y1, places[i + 1])
  }
  return box
}

/** All words in sight. */
export const whole = ({ x0, y0, x1, y1 }: Box): View => ({ x: (x0 + x1) / 2, y: (y0 + y1) / 2, k: 1 })

/** px for 1 of the plane, the same on both axes, so that lengths on the screen compare. */
export function scaleOf({ k }: Pick<View, 'k'>, { x0, y0, x1, y1 }: Box, { width, height }: Size): number {
  const scale = Math.min((width - 2 * MARGIN) / (x1 - x0), (height - 2 * MARGIN) / (y1 - y0))
  return Number.isFinite(scale) && scale > 0 ? k * scale : k
}

/** From places of the plane to px, and back. The plane's second axis goes up. */
export interface Frame extends Size {
  scale: number
  view: View
  box: Box
}

export const frameOf = (view: View, box: Box, size: Size): Frame => ({
  ...size,
  view,
  box,
  scale: scaleOf(view, box, size),
})

export const toScreen = (
  { scale, view, width, height }: Frame,
  x: number,
  y: number,
): [left: number, top: number] => [width / 2 + (x - view.x) * scale, height / 2 - (y - view.y) * scale]

export const toPlane = (
  { scale, view, width, height }: Frame,
  left: number,
  top: number,
): [x: number, y: number] => [view.x + (left - width / 2) / scale, view.y - (top - height / 2) / scale]

const limit = (x: number, low: number, high: number) => Math.max(low, Math.min(high, x))

/** The middle never leaves the words. */
const kept = ({ x, y, k }: View, { x0, y0, x1, y1 }: Box): View => ({
  x: limit(x, x0, x1),
  y: limit(y, y0, y1),
  k: limit(k, 1, MOST_ZOOM),
})

/** Moved by px, as if the paper were dragged. */
export const moved = ({ view, scale, box }: Frame, dx: number, dy: number): View =>
  kept({ ...view, x: view.x - dx / scale, y: view.y + dy / scale }, box)

/** Larger by a factor; what is at (left, top) stays there, as long as the words allow it. */
export function zoomed(frame: Frame, factor: number, left: number, top: number): View {
  const [x, y] = toPlane(frame, left, top)
  const { view, box } = frame
  const k = limit(view.k * factor, 1, MOST_ZOOM)
  const by = k / view.k
  return kept({ x: x + (view.x - x) / by, y: y + (view.y - y) / by, k }, box)
}

/** Between two views, at `t` in [0, 1] of the way; what is k times larger is crossed k times slower. */
export function between(from: View, to: View, t: number): View {
  const k = from.k * (to.k / from.k) ** t
  // The share of the way such that a point in sight moves evenly on the screen.
  const s = Math.abs(to.k - from.k) < 1e-6 * from.k ? t : (1 / k - 1 / from.k) / (1 / to.k - 1 / from.k)
  return { x: from.x + (to.x - from.x) * s, y: from.y + (to.y - from.y) * s, k }
}

/** The place of [W, 2] nearest to a point of the screen, within `reach` px; undefined where there is none. */
export function nearestTo(
  frame: Frame,
  places: ArrayLike<number>,
  left: number,
  top: number,
  reach = Infinity,
): number | undefined {
  const [x, y] = toPlane(frame, left, top)
  let [best, least] = [undefined as number | undefined, (reach / frame.scale) ** 2]
  for (let i = 0; i < places.length; i += 2) {
    const apart = (places[i] - x) ** 2 + (places[i + 1] - y) ** 2
    if (apart < least) [best, least] = [i / 2, apart]
  }
  return best
}

/** How many places [W, 2] lie nearer to (x, y) than `than` does. */
export function countNearer(
  places: ArrayLike<number>,
  [x, y]: readonly [number, number],
  than: readonly [number, number],
): number {
  const reach = (than[0] - x) ** 2 + (than[1] - y) ** 2
  let count = 0
  for (let i = 0; i < places.length; i += 2)
    if ((places[i] - x) ** 2 + (places[i + 1] - y) ** 2 < reach) count++
  return count
}
