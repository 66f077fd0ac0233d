import { seqRgb, type Theme } from 'heed/look'

/** Steps of the ramp that cells are looked up in. */
const STEPS = 256
const ramps = new Map<Theme, number[][]>()
const rampOf = (theme: Theme): number[][] => {
  const found =
    ramps.get(theme) ?? Array.from({ length: STEPS }, (_, i) => [...seqRgb(i / (STEPS - 1), theme)])
  ramps.set(theme, found)
  return found
}

/** Paints a small map, a pixel for each weight; the browser makes it as large as its box. */
export function paintCells(
  canvas: HTMLCanvasElement,
  cells: ArrayLike<number>,
  rows: number,
  columns: number,
  theme: Theme,
): void {
  const context = canvas.getContext('2d')
  if (!context || rows * columns === 0) return
  const ramp = rampOf(theme)
  Object.assign(canvas, { width: columns, height: rows })
  const image = context.createImageData(columns, rows)
  for (let at = 0; at < rows * columns; at++) {
    const step = Math.round(Math.max(0, Math.min(1, cells[at])) * (STEPS - 1))
    image.data.set(ramp[step], 4 * at)
    image.data[4 * at + 3] = 255
  }
  context.putImageData(image, 0, 0)
}

/** px of a thumbnail, by how many there are. */
export const thumbSize = (heads: number): number => (heads <= 48 ? 64 : heads <= 144 ? 40 : 24)
