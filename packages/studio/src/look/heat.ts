import { palettes, type Theme } from 'heed/look'

/** The signed ramp as red, green and blue of 511 steps: cells are looked up, not computed. */
function ramp(theme: Theme): Uint8ClampedArray {
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
}

const ramps = new Map<Theme, Uint8ClampedArray>()

/** Paints a signed matrix, a pixel for each number; the browser makes it as large as its box. */
export function paintSigned(
  canvas: HTMLCanvasElement,
  values: ArrayLike<number>,
  rows: number,
  columns: number,
  max: number,
  theme: Theme,
): void {
  const context = canvas.getContext('2d')
  if (!context || rows * columns === 0) return
  const colours = ramps.get(theme) ?? ramp(theme)
  ramps.set(theme, colours)
  canvas.width = columns
  canvas.height = rows
  const image = context.createImageData(columns, rows)
  for (let at = 0; at < rows * columns; at++) {
    const t = Math.max(-1, Math.min(1, values[at] / max))
    const step = 3 * Math.round(255 + 255 * t)
    image.data[4 * at] = colours[step]
    image.data[4 * at + 1] = colours[step + 1]
    image.data[4 * at + 2] = colours[step + 2]
    image.data[4 * at + 3] = 255
  }
  context.putImageData(image, 0, 0)
}
