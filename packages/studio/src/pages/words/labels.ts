/** px: left, top, right, bottom. */
export type Rect = readonly [x0: number, y0: number, x1: number, y1: number]

/** A word that would like its name on the map. */
export interface Wish {
  index: number
  /** px of its mark. */
  x: number
  y: number
  /** px of its name. */
  width: number
}

export interface Label extends Wish {
  /** Where its name begins, and the middle of its height. */
  left: number
  middle: number
}

/** px of a name's height, of its mark, and between them. */
const [HEIGHT, MARK, GAP] = [16, 5, 4]

const meet = (a: Rect, b: Rect) => a[0] < b[2] && a[2] > b[0] && a[1] < b[3] && a[3] > b[1]

/** px of the cells that rectangles are found by. */
const CELL = { width: 64, height: 32 }

function cellsOf([x0, y0, x1, y1]: Rect): number[] {
  const [left, right] = [x0, x1].map((x) => Math.floor(x / CELL.width))
  const [top, bottom] = [y0, y1].map((y) => Math.floor(y / CELL.height))
  const cells: number[] = []
  for (let row = top; row <= bottom; row++)
    for (let column = left; column <= right; column++) cells.push(row * 65_536 + column)
  return cells
}

/** Rectangles, found by where they are. */
export class Taken {
  readonly #cells = new Map<number, Rect[]>()

  isFree(rect: Rect): boolean {
    for (const key of cellsOf(rect))
      if (this.#cells.get(key)?.some((other) => meet(rect, other))) return false
    return true
  }

  take(rect: Rect): void {
    for (const key of cellsOf(rect)) {
      const cell = this.#cells.get(key)
      if (cell) cell.push(rect)
      else this.#cells.set(key, [rect])
    }
  }
}

/** Right of the mark, left of it, above, below. */
const sides = (width: number): readonly (readonly [dx: number, dy: number])[] => [
  [MARK + GAP, 0],
  [-MARK - GAP - width, 0],
  [-width / 2, -MARK - HEIGHT / 2],
  [-width / 2, MARK + HEIGHT / 2],
]

/**
 * Names for as many words as there is room for, first come, first served: no name covers another, or a mark that has one, or
 * what is taken. A word without room keeps its mark.
 */
export function placeLabels(wishes: readonly Wish[], taken = new Taken()): Label[] {
  const placed: Label[] = []
  for (const wish of wishes) {
    const { x, y, width } = wish
    const mark: Rect = [x - MARK, y - MARK, x + MARK, y + MARK]
    if (!taken.isFree(mark)) continue
    for (const [dx, dy] of sides(width)) {
      const [left, middle] = [x + dx, y + dy]
      const rect: Rect = [left - 1, middle - HEIGHT / 2, left + width + 1, middle + HEIGHT / 2]
      if (!taken.isFree(rect)) continue
      taken.take(mark)
      taken.take(rect)
      placed.push({ ...wish, left, middle })
      break
    }
  }
  return placed
}
