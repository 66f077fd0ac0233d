import {
  type OverviewScale,
  overviewLevel,
  palettes,
  seqRgb,
  type Theme,
  WRITTEN_FROM,
  weightInCell,
} from 'heed/look'
import { TILE, type TilePlace } from '../../engine/tile'
import { onWeight } from '../../look/scale'
import { words } from '../../words/words.svelte'
import { ticks } from './axes'
import type { Tile, Tiles } from './tiles'
import { weightAt } from './weights'
import { type Frame, levelOf, pixelOf, type Place, type View, visibleTiles } from './view'

/** Steps of the ramp that pixels are looked up in. */
const STEPS = 1024
/** px of a cell from which on cells have hairlines, and from which on numbers. */
const [HAIRLINES, NUMBERS] = [10, 28]

/** px behind the picture: half a label of its last token. */
export const EDGE = 8

/** px beside the picture for labels: of queries on the left, of keys above. */
export interface Gutter {
  left: number
  top: number
}

/** All that a drawing is of. */
export interface Scene {
  view: View
  frame: Frame
  gutter: Gutter
  tiles: Tiles
  labels: readonly string[]
  scale: OverviewScale
  theme: Theme
  fonts: { sans: string; mono: string }
  /** Cells that are pointed at: one, or all of a pixel. */
  pointed?: Record<'rows' | 'cols', readonly [start: number, end: number]>
  chosen?: Place
}

const inks = new Map<Theme, Uint32Array>()

/** The ramp as pixels of a little-endian image. */
function inksOf(theme: Theme): Uint32Array {
  let found = inks.get(theme)
  if (!found) {
    found = Uint32Array.from({ length: STEPS }, (_, i) => {
      const [r, g, b] = seqRgb(i / (STEPS - 1), theme)
      return ((255 << 24) | (b << 16) | (g << 8) | r) >>> 0
    })
    inks.set(theme, found)
  }
  return found
}

/** A tile as an image, painted anew when theme or scale have changed. */
function imageOf(tile: Tile, scale: OverviewScale, theme: Theme): HTMLCanvasElement {
  const key = `${scale} ${theme}`
  if (tile.image?.key === key) return tile.image.canvas
  const canvas = tile.image?.canvas ?? document.createElement('canvas')
  ;[canvas.width, canvas.height] = [tile.cols, tile.rows]
  const image = new ImageData(tile.cols, tile.rows)
  const pixels = new Uint32Array(image.data.buffer)
  const [ramp, level] = [inksOf(theme), overviewLevel(scale)]
  for (let i = 0; i < pixels.length; i++) {
    const t = Math.max(0, Math.min(1, level(tile.values[i])))
    pixels[i] = ramp[Math.round(t * (STEPS - 1))]
  }
  canvas.getContext('2d')!.putImageData(image, 0, 0)
  tile.image = { key, canvas }
  return canvas
}

/** Draws the picture with its axes. Asks for nothing: tiles that are not there are stood in for. */
export function draw(canvas: HTMLCanvasElement, scene: Scene): void {
  const { frame, gutter, view, theme } = scene
  const [width, height] = [gutter.left + frame.side + EDGE, gutter.top + frame.side + EDGE]
  const sharp = Math.min(2, globalThis.devicePixelRatio || 1)
  const [w, h] = [Math.round(width * sharp), Math.round(height * sharp)]
  if (canvas.width !== w || canvas.height !== h) Object.assign(canvas, { width: w, height: h })
  const c = canvas.getContext('2d')!
  c.setTransform(sharp, 0, 0, sharp, 0, 0)
  c.clearRect(0, 0, width, height)
  c.save()
  c.translate(gutter.left, gutter.top)
  const { x, y } = pixelOf({ query: 0, key: 0 }, view, frame)
  const all = frame.tokens * view.zoom
  // Pixels at the end of the map may cover more than there is of it.
  const [right, bottom] = [Math.min(frame.side, x + all), Math.min(frame.side, y + all)]
  c.beginPath()
  c.rect(0, 0, right, bottom)
  c.clip()
  c.fillStyle = palettes[theme].sunk
  c.fillRect(0, 0, right, bottom)
  for (const place of visibleTiles(view, frame)) drawTile(c, place, scene)
  if (view.zoom >= HAIRLINES) drawCells(c, scene)
  drawMarks(c, scene)
  c.restore()
  c.strokeStyle = palettes[theme].line2
  c.lineWidth = 1
  c.strokeRect(gutter.left - 0.5, gutter.top - 0.5, right + 1, bottom + 1)
  for (const side of ['query', 'key'] as const) drawAxis(c, side, scene)
}

function drawTile(
  c: CanvasRenderingContext2D,
  place: TilePlace,
  { view, frame, tiles, scale, theme }: Scene,
): void {
  const size = TILE * 2 ** place.level
  const { x, y } = pixelOf({ query: place.row * size, key: place.column * size }, view, frame)
  // px of a pixel of the tile; edges on whole px of the screen, so that no seam is seen.
  const px = 2 ** place.level * view.zoom
  c.imageSmoothingEnabled = false
  const put = (tile: Tile, sx: number, sy: number, side: number) => {
    const [cols, rows] = [Math.min(side, tile.cols - sx), Math.min(side, tile.rows - sy)]
    if (cols <= 0 || rows <= 0) return
    const zoom = (px * TILE) / side
    const [left, top] = [Math.round(x), Math.round(y)]
    const [right, bottom] = [Math.round(x + cols * zoom), Math.round(y + rows * zoom)]
    c.drawImage(imageOf(tile, scale, theme), sx, sy, cols, rows, left, top, right - left, bottom - top)
  }
  const tile = tiles.get(place)
  if (tile) return put(tile, 0, 0, TILE)
  const coarse = tiles.standIn(place)
  if (coarse) put(coarse.tile, coarse.x, coarse.y, coarse.side)
}

/** Hairlines between cells, and weights where there is room. */
function drawCells(c: CanvasRenderingContext2D, { view, frame, tiles, theme, fonts, scale }: Scene): void {
  const { zoom } = view
  const at = pixelOf({ query: 0, key: 0 }, view, frame)
  const first = (from: number) => Math.max(0, Math.floor(-from / zoom))
  const last = (from: number) => Math.min(frame.tokens, Math.ceil((frame.side - from) / zoom))
  const [top, bottom, left, right] = [first(at.y), last(at.y), first(at.x), last(at.x)]
  c.fillStyle = palettes[theme].cell
  for (let i = top; i <= bottom; i++)
    c.fillRect(at.x + left * zoom, at.y + i * zoom - 0.5, (right - left) * zoom, 1)
  for (let j = left; j <= right; j++)
    c.fillRect(at.x + j * zoom - 0.5, at.y + top * zoom, 1, (bottom - top) * zoom)
  if (zoom < NUMBERS) return
  c.font = `400 11px ${fonts.mono}`
  c.textAlign = 'center'
  c.textBaseline = 'middle'
  for (let i = top; i < bottom; i++)
    for (let j = left; j < right; j++) {
      const weight = weightAt(tiles, { query: i, key: j })
      if (weight === undefined || weight < WRITTEN_FROM) continue
      c.fillStyle = onWeight(overviewLevel(scale)(weight), theme)
      c.fillText(weightInCell(weight), at.x + (j + 0.5) * zoom, at.y + (i + 0.5) * zoom)
    }
}

/** The link that is selected in a frame with its row and column; what is pointed at in a thin one. */
function drawMarks(c: CanvasRenderingContext2D, { view, frame, theme, pointed, chosen }: Scene): void {
  const p = palettes[theme]
  const box = (
    rows: readonly [number, number],
    cols: readonly [number, number],
    line: number,
    ink: string,
    grow = 0,
  ) => {
    const { x, y } = pixelOf({ query: rows[0], key: cols[0] }, view, frame)
    const side = (span: readonly [number, number]) => Math.max(5, (span[1] - span[0]) * view.zoom)
    c.strokeStyle = ink
    c.lineWidth = line
    c.strokeRect(x - grow, y - grow, side(cols) + 2 * grow, side(rows) + 2 * grow)
  }
  if (chosen) {
    const { x, y } = pixelOf(chosen, view, frame)
    const side = Math.max(5, view.zoom)
    const [cx, cy] = [x + side / 2, y + side / 2]
    c.fillStyle = p.ink
    for (const [at, from, to] of [
      [cy, 0, cx - side / 2 - 6],
      [cy, cx + side / 2 + 6, frame.side],
    ])
      if (view.zoom < HAIRLINES) c.fillRect(from, at - 0.5, Math.max(0, to - from), 1)
    for (const [at, from, to] of [
      [cx, 0, cy - side / 2 - 6],
      [cx, cy + side / 2 + 6, frame.side],
    ])
      if (view.zoom < HAIRLINES) c.fillRect(at - 0.5, from, 1, Math.max(0, to - from))
    const [rows, cols] = [
      [chosen.query, chosen.query + 1],
      [chosen.key, chosen.key + 1],
    ] as const
    box(rows, cols, 2, p.card, 2)
    box(rows, cols, 2, p.ink)
  }
  if (pointed) box(pointed.rows, pointed.cols, 1.25, p.ink)
}

/** Names or numbers of tokens along an axis; those of the cell that is pointed at or selected always. */
function drawAxis(c: CanvasRenderingContext2D, side: 'query' | 'key', scene: Scene): void {
  const { view, frame, gutter, labels, theme, fonts, pointed, chosen } = scene
  const p = palettes[theme]
  const half = frame.side / view.zoom / 2
  const [from, to] = [view[side] - half, Math.min(frame.tokens, view[side] + half)]
  const place = (token: number) => (token + 0.5 - from) * view.zoom
  const letters = Math.floor(((side === 'query' ? gutter.left : gutter.top) - 14) / 7.3)
  const clip = (text: string) =>
    [...text].length > letters ? `${[...text].slice(0, letters - 1).join('')}…` : text
  const write = (token: number, text: string, ink: string, font: string) => {
    c.save()
    if (side === 'query') c.translate(gutter.left - 8, gutter.top + place(token))
    else c.translate(gutter.left + place(token), gutter.top - 8)
    if (side === 'key') c.rotate(-Math.PI / 2)
    c.textAlign = side === 'query' ? 'right' : 'left'
    c.textBaseline = 'middle'
    c.font = font
    c.fillStyle = ink
    c.fillText(clip(text), 0, 0)
    c.restore()
  }
  const lit = [chosen?.[side], pointed && (side === 'query' ? pointed.rows : pointed.cols)[0]].filter(
    (token) => token !== undefined && place(token) >= 0 && place(token) <= frame.side,
  ) as number[]
  const role = p.roles[side === 'query' ? 'q' : 'k'].text
  const isFree = (token: number) => lit.every((one) => Math.abs(place(one) - place(token)) >= 13)
  for (const { token, isNumber } of ticks(from, to, view.zoom)) {
    if (place(token) < 0 || place(token) > frame.side || !isFree(token)) continue
    if (isNumber) write(token, words.now.numbers.count(token), p.ink3, `400 11px ${fonts.mono}`)
    else write(token, labels[token], p.ink2, `500 12px ${fonts.mono}`)
  }
  const named = (token: number) => (levelOf(view.zoom) > 0 ? words.now.numbers.count(token) : labels[token])
  for (const [n, token] of lit.entries())
    if (n === 0 || Math.abs(place(token) - place(lit[0])) >= 13)
      write(token, named(token), role, `600 12px ${fonts.mono}`)
}
