import { type Frame, toPlane } from './view'

type Point = readonly [x: number, y: number]

interface Carried {
  frame: () => Frame
  /** px of the word in the frame. */
  at: () => Point
  /** Where it is put on the plane, in sight. */
  move: (to: Point) => void
  /** It is let go. */
  drop?: () => void
}

const ways: Readonly<Record<string, Point>> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
}
/** px of a key, and with Shift. */
const [STEP, LEAP] = [8, 32]

/** What a button listens to that is carried over a map: the pointer drags it, arrow keys push it. */
export function carried({ frame, at, move, drop = () => {} }: Carried) {
  let from: Point | undefined
  const put = (left: number, top: number) => {
    const { width, height } = frame()
    move(toPlane(frame(), Math.max(0, Math.min(width, left)), Math.max(0, Math.min(height, top))))
  }
  const release = () => {
    from = undefined
    drop()
  }
  return {
    onpointerdown(event: PointerEvent) {
      ;(event.currentTarget as Element).setPointerCapture(event.pointerId)
      const [left, top] = at()
      from = [event.clientX - left, event.clientY - top]
    },
    onpointermove(event: PointerEvent) {
      if (from) put(event.clientX - from[0], event.clientY - from[1])
    },
    onpointerup: release,
    onpointercancel: release,
    onkeydown(event: KeyboardEvent) {
      const way = ways[event.key]
      if (!way) return
      event.preventDefault()
      const step = event.shiftKey ? LEAP : STEP
      const [left, top] = at()
      put(left + step * way[0], top + step * way[1])
      drop()
    },
  }
}
