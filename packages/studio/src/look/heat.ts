import { palettes, seqRgb, type Theme } from 'heed/look'

/** Red, green and blue of every step of a ramp, one after another: cells are looked up, not computed. */
type Ramp = Uint8ClampedArray

const perTheme = (make: (theme: Theme) => Ramp) => {
  const made = new Map<Theme, Ramp>()
  return (theme: Theme): Ramp => {
    const ramp = made.get(theme) ?? make(theme)
    made.set(theme, ramp)
    return ramp
  }
}

/** The signed ramp, of 511 steps. */
const signedRamp = perTheme((theme) => {
  const stops = palettes[theme].div.map((hex) => {
    const n = Number.parseInt(hex.slice(1), 16)
    return [n >> 16, (n >> 8) & 255, n & 255]
  })
  const out = new Uint8ClampedArray(3 * 511)
  for (let at = 0; at < 511; at++) {
    const x = (at / 510) * (stops.length - 1)
    const i = Math.min(stops.length - 2, Math.floor(x))
    for (let c = 0; c < 3; c++) out[3 * at + c] = stops[i][c] + (x - i) * (stops[i + 1][c] - stops[i][c])
  }
  return out
})

/** The ramp of weights, of 256 steps. */
const weightRamp = perTheme((theme) =>
  Uint8ClampedArray.from(Array.from({ length: 256 }, (_, i) => seqRgb(i / 255, theme)).flat()),
)

/** Paints a matrix, a pixel for each number; the browser makes it as large as its box. */
function paint(
  canvas: HTMLCanvasElement,
  values: ArrayLike<number>,
  rows: number,
  columns: number,
  ramp: Ramp,
  stepOf: (value: number) => number,
): void {
  const context = canvas.getContext('2d')
  if (!context || rows * columns === 0) return
  canvas.width = columns
  canvas.height = rows
  const image = context.createImageData(columns, rows)
  for (let at = 0; at < rows * columns; at++) {
    const step = 3 * stepOf(values[at])
    image.data[4 * at] = ramp[step]
    image.data[4 * at + 1] = ramp[step + 1]
    image.data[4 * at + 2] = ramp[step + 2]
    image.data[4 * at + 3] = 255
  }
  context.putImageData(image, 0, 0)
}

/** Paints a signed matrix, −max to max. */
export const paintSigned = (
  canvas: HTMLCanvasElement,
  values: ArrayLike<number>,
  rows: number,
  columns: number,
  max: number,
  theme: Theme,
): void =>
  paint(canvas, values, rows, columns, signedRamp(theme), (x) =>
    Math.round(255 + 255 * Math.max(-1, Math.min(1, x / max))),
  )

/** Paints a small map of weights, 0 to 1. */
export const paintCells = (
  canvas: HTMLCanvasElement,
  weights: ArrayLike<number>,
  rows: number,
  columns: number,
  theme: Theme,
): void =>
  paint(canvas, weights, rows, columns, weightRamp(theme), (w) =>
    Math.round(255 * Math.max(0, Math.min(1, w))),
  )
