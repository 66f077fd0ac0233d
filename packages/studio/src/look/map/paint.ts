import { palettes, seqRgb, type Theme, weightInCell } from 'heed/look'
import { onWeight } from '../scale'
import { NUMBERED, numberSize } from './grid'
import type { MapData } from './map'

/** Steps of the ramp that cells are looked up in. */
const STEPS = 256

/** The part of a map that is painted, in px of the whole one, whose cells are so large. */
export interface Part {
  cell: number
  left: number
  top: number
  width: number
  height: number
}

/**
 * Paints a part of a map, a square of `cell` px for each weight, hairlines between them; what is forbidden is hatched. Numbers
 * are in the canvas's own font, where there is room.
 */
export function paintWeights(
  canvas: HTMLCanvasElement,
  { queries, keys, weights, isForbidden }: MapData,
  { cell, left, top, width, height }: Part,
  theme: Theme,
): void {
  const [rows, columns] = [queries.length, keys.length]
  const context = canvas.getContext('2d')
  if (!context) return
  const scale = Math.min(2, globalThis.devicePixelRatio ?? 1)
  const [across, down] = [Math.round(width * scale), Math.round(height * scale)]
  // A canvas that is given its size, even the one it has, is made anew.
  if (canvas.width !== across || canvas.height !== down)
    Object.assign(canvas, { width: across, height: down })
  const ramp = Array.from({ length: STEPS }, (_, i) => `rgb(${seqRgb(i / (STEPS - 1), theme).join(' ')})`)
  const { card, line2, cell: hair } = palettes[theme]
  context.setTransform(scale, 0, 0, scale, -left * scale, -top * scale)
  context.fillStyle = card
  context.fillRect(left, top, width, height)
  const [firstRow, lastRow] = [Math.floor(top / cell), Math.min(rows, Math.ceil((top + height) / cell))]
  const [first, last] = [Math.floor(left / cell), Math.min(columns, Math.ceil((left + width) / cell))]
  // All that is hatched is one path: half of a causal map is.
  context.beginPath()
  for (let i = firstRow; i < lastRow; i++)
    for (let j = first; j < last; j++) {
      const [x, y] = [j * cell, i * cell]
      const step = Math.round(Math.max(0, Math.min(1, weights[i * columns + j])) * (STEPS - 1))
      if (isForbidden?.(i, j)) {
        context.moveTo(x + 2, y + cell - 2)
        context.lineTo(x + cell - 2, y + 2)
      } else if (step > 0) {
        context.fillStyle = ramp[step]
        context.fillRect(x + 0.5, y + 0.5, cell - 1, cell - 1)
      }
    }
  context.strokeStyle = line2
  context.stroke()
  context.fillStyle = hair
  for (let j = first; j <= last; j++) context.fillRect(j * cell - 0.5, top, 1, height)
  for (let i = firstRow; i <= lastRow; i++) context.fillRect(left, i * cell - 0.5, width, 1)
  if (cell < NUMBERED) return
  context.font = `400 ${numberSize(cell)}px ${getComputedStyle(canvas).fontFamily}`
  context.textAlign = 'center'
  const ascent = context.measureText('0').actualBoundingBoxAscent
  for (let i = firstRow; i < lastRow; i++)
    for (let j = first; j < last; j++) {
      const weight = weights[i * columns + j]
      const number = isForbidden?.(i, j) ? '' : weightInCell(weight)
      if (number === '') continue
      context.fillStyle = onWeight(weight, theme)
      context.fillText(number, (j + 0.5) * cell, (i + 0.5) * cell + ascent / 2)
    }
}
