/** What a pointer does to a map; px from its left and top. */
export interface Gestures {
  drag: (dx: number, dy: number) => void
  /** By a factor, about a point. False where nothing came of it, so that the page may scroll. */
  zoom: (factor: number, left: number, top: number) => boolean
  click: (left: number, top: number) => void
  hover: (left: number | undefined, top?: number) => void
}

/** A pointer that moved less has clicked. */
const STILL = 4
/** What a turn of the wheel by a px does, and one of a pinch on a touchpad. */
const [WHEEL, PINCH] = [0.0016, 0.012]

/** An attachment: one pointer drags, two pinch, the wheel zooms, a click is a click. */
export const gestures = (act: Gestures) => (element: HTMLElement) => {
  const down = new Map<number, { x: number; y: number }>()
  let travelled = 0
  const at = (event: MouseEvent) => {
    const { left, top } = element.getBoundingClientRect()
    return { x: event.clientX - left, y: event.clientY - top }
  }
  const spread = () => {
    const [a, b] = [...down.values()]
    return { x: (a.x + b.x) / 2, y: (a.y + b.y) / 2, apart: Math.hypot(a.x - b.x, a.y - b.y) }
  }
  const press = (event: PointerEvent) => {
    if (event.button > 0) return
    if (down.size === 0) travelled = 0
    down.set(event.pointerId, at(event))
    element.setPointerCapture(event.pointerId)
  }
  const move = (event: PointerEvent) => {
    const [from, to] = [down.get(event.pointerId), at(event)]
    if (!from) return act.hover(to.x, to.y)
    const before = down.size === 2 ? spread() : undefined
    down.set(event.pointerId, to)
    travelled += Math.hypot(to.x - from.x, to.y - from.y)
    if (!before) {
      if (travelled >= STILL) act.drag(to.x - from.x, to.y - from.y)
      return
    }
    const now = spread()
    act.drag(now.x - before.x, now.y - before.y)
    if (before.apart > 0) act.zoom(now.apart / before.apart, now.x, now.y)
  }
  const release = (event: PointerEvent) => {
    if (!down.delete(event.pointerId)) return
    const { x, y } = at(event)
    if (event.type === 'pointerup' && down.size === 0 && travelled < STILL) act.click(x, y)
  }
  const wheel = (event: WheelEvent) => {
    const px = event.deltaY * (event.deltaMode === 1 ? 16 : 1)
    const { x, y } = at(event)
    if (act.zoom(Math.exp(-px * (event.ctrlKey ? PINCH : WHEEL)), x, y)) event.preventDefault()
  }
  const leave = () => act.hover(undefined)
  element.addEventListener('pointerdown', press)
  element.addEventListener('pointermove', move)
  element.addEventListener('pointerup', release)
  element.addEventListener('pointercancel', release)
  element.addEventListener('pointerleave', leave)
  element.addEventListener('wheel', wheel, { passive: false })
  return () => {
    element.removeEventListener('pointerdown', press)
    element.removeEventListener('pointermove', move)
    element.removeEventListener('pointerup', release)
    element.removeEventListener('pointercancel', release)
    element.removeEventListener('pointerleave', leave)
    element.removeEventListener('wheel', wheel)
  }
}
