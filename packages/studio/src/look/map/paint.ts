import { palettes, seqRgb, type Theme, weightInCell } from 'heed/look'
import { onWeight } from '../scale'
import { WRITABLE } from './grid'
import type { MapData } from './map'

/** Steps of the ramp that cells are looked up in. */
const STEPS = 256

/**
 * Paints a map, a square of `cell` px for each weight, hairlines between them, with its number where there is room; what is
 * forbidden is hatched.
 */
export function paintWeights(
  canvas: HTMLCanvasElement,
  { queries, keys, weights, isForbidden }: MapData,
  cell: number,
  theme: Theme,
): void {
  const [rows, columns] = [queries.length, keys.length]
  const context = canvas.getContext('2d')
  if (!context) return
  const scale = Math.min(2, globalThis.devicePixelRatio ?? 1)
  Object.assign(canvas, { width: columns * cell * scale, height: rows * cell * scale })
  Object.assign(canvas.style, { width: `${columns * cell}px`, height: `${rows * cell}px` })
  const ramp = Array.from({ length: STEPS }, (_, i) => `rgb(${seqRgb(i / (STEPS - 1), theme).join(' ')})`)
  const { card, line2, cell: hair } = palettes[theme]
  context.scale(scale, scale)
  context.fillStyle = card
  context.fillRect(0, 0, columns * cell, rows * cell)
  const isWritten = cell >= WRITABLE
  if (isWritten) context.font = `${0.4 * cell}px ${getComputedStyle(canvas).getPropertyValue('--mono')}`
  context.textAlign = 'center'
  context.textBaseline = 'middle'
  // All that is hatched is one path: half of a causal map is.
  context.beginPath()
  for (let at = 0; at < rows * columns; at++) {
    const [i, j] = [Math.floor(at / columns), at % columns]
    const [x, y] = [j * cell, i * cell]
    const step = Math.round(Math.max(0, Math.min(1, weights[at])) * (STEPS - 1))
    if (isForbidden?.(i, j)) {
      context.moveTo(x + 2, y + cell - 2)
      context.lineTo(x + cell - 2, y + 2)
    } else if (step > 0) {
      context.fillStyle = ramp[step]
      context.fillRect(x + 0.5, y + 0.5, cell - 1, cell - 1)
      const number = isWritten ? weightInCell(weights[at]) : ''
      if (number !== '') {
        context.fillStyle = onWeight(weights[at], theme)
        context.fillText(number, x + cell / 2, y + cell / 2)
      }
    }
  }
  context.strokeStyle = line2
  context.stroke()
  context.fillStyle = hair
  for (let j = 0; j <= columns; j++) context.fillRect(j * cell - 0.5, 0, 1, rows * cell)
  for (let i = 0; i <= rows; i++) context.fillRect(0, i * cell - 0.5, columns * cell, 1)
}
