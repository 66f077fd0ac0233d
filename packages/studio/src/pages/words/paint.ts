import { palettes, type Theme } from 'heed/look'
import { seq } from '../../look/scale'
import { bytesOf, discStamp, stampDots } from './dots'
import { type Label, placeLabels, type Rect, Taken, type Wish } from './labels'
import { type Frame, toScreen } from './view'

/** A word that stands out: its mark is ink, its name large. */
export interface Marked {
  word: string
  place: readonly [x: number, y: number]
  row?: number
  /** The one that the rest is about. */
  isOf: boolean
}

/** A line between two marked words, with what is measured on it. */
export interface Link {
  from: readonly [x: number, y: number]
  to: readonly [x: number, y: number]
  value: string
}

/** All that is on the map. */
export interface Scene {
  words: readonly string[]
  /** [W, 2] */
  places: Float32Array
  /** [W]: what fills marks; absent until it is known. */
  cosines?: Float32Array
  /** Rows in the order in which they get names. */
  order: readonly number[]
  marked: readonly Marked[]
  links: readonly Link[]
  /** A word that is not to be seen: it is being guessed. */
  hidden?: number
  theme: Theme
  isSmall: boolean
}

/** px beyond what is in sight within which words get names. */
export const BEYOND = 192

/** px of each word's name, [W]: every letter is measured once. */
export function widthsOf(words: readonly string[], context: CanvasRenderingContext2D): Float32Array {
  const letters = new Map<string, number>()
  return Float32Array.from(words, (word) => {
    let sum = 0
    for (const letter of word) {
      let width = letters.get(letter)
      if (width === undefined) letters.set(letter, (width = context.measureText(letter).width))
      sum += width
    }
    return sum
  })
}

const MONO = '"JetBrains Mono Variable", ui-monospace, monospace'
const SANS = '"Inter Variable", system-ui, sans-serif'
export const labelFont = (isSmall: boolean) => `400 ${isSmall ? 11 : 13}px ${SANS}`
const markedFont = (isSmall: boolean) => `600 ${isSmall ? 14 : 17}px ${MONO}`
const LINK_FONT = `500 12px ${MONO}`
/** px of a letter of a marked word, of a number on a link. */
const [MARKED_LETTER, LINK_LETTER] = [0.602, 7.23]

/** Where names and links of a frame are, in px. */
export interface Named {
  labels: Label[]
  marked: { at: Marked; x: number; y: number; left: number; middle: number }[]
  links: { x0: number; y0: number; x1: number; y1: number; value?: Rect; text: string }[]
}

/** Where on its line a number stands, and how many px beside it where there is no room. */
const ON_LINE = [0.5, 0.4, 0.6, 0.3, 0.7, 0.22, 0.78]
const BESIDE = [28, -28, 36, -36, 46, -46, 58, -58]

/** Names and links of a frame, in px. */
export function arrange(scene: Scene, frame: Frame, widths: Float32Array): Named {
  const taken = new Taken()
  const { marked, links } = scene
  const at = (place: readonly [number, number]) => toScreen(frame, place[0], place[1])
  const size = scene.isSmall ? 14 : 17
  for (const { place } of marked) {
    const [x, y] = at(place)
    taken.take([x - 8, y - 8, x + 8, y + 8])
  }
  const names = marked.map((one) => {
    const [x, y] = at(one.place)
    const width = one.word.length * size * MARKED_LETTER
    const [gap, half] = [12, size * 0.65]
    const places = [
      [x + gap, y],
      [x - gap - width, y],
      [x + 4, y - 9 - half],
      [x + 4, y + 9 + half],
      [x - width / 2, y - 10 - half],
      [x - width / 2, y + 10 + half],
    ]
    const rects = places.map(([left, middle]): Rect => [left, middle - half, left + width, middle + half])
    const found = rects.findIndex((rect) => isInside(rect, frame) && taken.isFree(rect))
    const n = found < 0 ? 0 : found
    taken.take(rects[n])
    return { at: one, x, y, left: places[n][0], middle: places[n][1] }
  })
  const lines = links.map((link) => {
    const [[x0, y0], [x1, y1]] = [at(link.from), at(link.to)]
    const length = Math.hypot(x1 - x0, y1 - y0)
    const half = (link.value.length * LINK_LETTER) / 2 + 6
    /** On the line, or `beside` it, where a short line leads to it. */
    const rectAt = (t: number, beside = 0): Rect => {
      const [nx, ny] = length > 0 ? [(y0 - y1) / length, (x1 - x0) / length] : [0, 1]
      const [x, y] = [x0 + (x1 - x0) * t + beside * nx, y0 + (y1 - y0) * t + beside * ny]
      return [x - half, y - 10, x + half, y + 10]
    }
    const places = [
      ...(length < 2 * half + 24 ? [] : ON_LINE.map((t) => rectAt(t))),
      ...BESIDE.map((px) => rectAt(0.5, px)),
    ]
    const value = places.find((rect) => isInside(rect, frame) && taken.isFree(rect))
    if (value) taken.take([value[0] - 4, value[1] - 4, value[2] + 4, value[3] + 4])
    for (let t = 12; t < length - 12; t += 6) {
      const [x, y] = [x0 + ((x1 - x0) * t) / length, y0 + ((y1 - y0) * t) / length]
      taken.take([x - 2, y - 2, x + 2, y + 2])
    }
    return { x0, y0, x1, y1, value, text: link.value }
  })
  return { marked: names, links: lines, labels: placeLabels(wishesOf(scene, frame, widths), taken) }
}

const isInside = ([x0, y0, x1, y1]: Rect, { width, height }: Frame) =>
  x0 > 2 && y0 > 2 && x1 < width - 2 && y1 < height - 2

function wishesOf({ places, order, marked, hidden }: Scene, frame: Frame, widths: Float32Array): Wish[] {
  const wishes: Wish[] = []
  const given = new Set([...marked.map(({ row }) => row), hidden])
  for (const index of order) {
    if (given.has(index)) continue
    const [x, y] = toScreen(frame, places[2 * index], places[2 * index + 1])
    if (x < -BEYOND || y < -BEYOND || x > frame.width + BEYOND || y > frame.height + BEYOND) continue
    wishes.push({ index, x, y, width: widths[index] })
  }
  return wishes
}

/**
 * Draws the map: all words as dots, those with names as marks filled by their cosine, the chosen ones in ink. The canvas is
 * `beyond` px larger than the frame on every side.
 */
export function paint(
  context: CanvasRenderingContext2D,
  scene: Scene,
  frame: Frame,
  { labels, links, marked }: Named,
  { ratio, beyond }: { ratio: number; beyond: number },
): void {
  const p = palettes[scene.theme]
  paintDots(context, scene, frame, ratio, beyond)
  context.setTransform(ratio, 0, 0, ratio, beyond * ratio, beyond * ratio)
  paintLinks(context, links, scene)
  context.textBaseline = 'middle'
  context.font = labelFont(scene.isSmall)
  context.strokeStyle = p.ink3
  context.lineWidth = 0.75
  for (const { index, x, y } of labels) {
    context.beginPath()
    context.arc(x, y, 4, 0, 2 * Math.PI)
    context.fillStyle = seq(Math.max(0, scene.cosines?.[index] ?? 0), scene.theme)
    context.fill()
    context.stroke()
  }
  context.fillStyle = p.ink2
  for (const { index, left, middle } of labels) context.fillText(scene.words[index], left, middle)
  paintMarked(context, marked, scene)
}

/** Is filled again and again: it takes megabytes. */
let paper: ImageData | undefined

/** Dots of all words, in place of what was there. */
function paintDots(
  context: CanvasRenderingContext2D,
  { places, hidden, theme }: Scene,
  frame: Frame,
  ratio: number,
  beyond: number,
): void {
  const { width, height } = context.canvas
  if (paper?.width !== width || paper.height !== height) paper = context.createImageData(width, height)
  else paper.data.fill(0)
  const stamp = discStamp(ratio * Math.min(2.5, 1.3 * frame.view.k ** 0.25))
  const at = new Float32Array(places.length)
  for (let i = 0; i < places.length; i += 2) {
    const [x, y] = toScreen(frame, places[i], places[i + 1])
    at[i] = hidden === i / 2 ? -1e6 : (x + beyond) * ratio
    at[i + 1] = (y + beyond) * ratio
  }
  stampDots(paper.data, width, height, at, stamp, bytesOf(palettes[theme].line2))
  context.putImageData(paper, 0, 0)
}

function paintLinks(context: CanvasRenderingContext2D, links: Named['links'], { theme }: Scene): void {
  const p = palettes[theme]
  context.strokeStyle = p.ink
  context.lineWidth = 1.25
  context.beginPath()
  for (const { x0, y0, x1, y1, value } of links) {
    context.moveTo(x0, y0)
    context.lineTo(x1, y1)
    if (!value) continue
    context.moveTo((x0 + x1) / 2, (y0 + y1) / 2)
    context.lineTo((value[0] + value[2]) / 2, (value[1] + value[3]) / 2)
  }
  context.stroke()
  context.font = LINK_FONT
  context.textAlign = 'center'
  context.textBaseline = 'middle'
  context.lineWidth = 1
  for (const { value, text } of links) {
    if (!value) continue
    const [x0, y0, x1, y1] = value
    context.beginPath()
    context.roundRect(x0, y0, x1 - x0, y1 - y0, 4)
    context.fillStyle = p.page
    context.fill()
    context.stroke()
    context.fillStyle = p.ink
    context.fillText(text, (x0 + x1) / 2, (y0 + y1) / 2 + 0.5)
  }
  context.textAlign = 'left'
}

function paintMarked(context: CanvasRenderingContext2D, marked: Named['marked'], scene: Scene): void {
  const p = palettes[scene.theme]
  context.lineWidth = 2
  context.strokeStyle = p.ink
  for (const { at, x, y } of marked) {
    context.beginPath()
    context.arc(x, y, 6.5, 0, 2 * Math.PI)
    const cosine = at.row === undefined ? 0 : (scene.cosines?.[at.row] ?? 0)
    context.fillStyle = at.isOf ? p.ink : seq(Math.max(0, cosine), scene.theme)
    context.fill()
    context.stroke()
  }
  context.font = markedFont(scene.isSmall)
  context.lineJoin = 'round'
  context.lineWidth = 4
  context.strokeStyle = p.page
  context.fillStyle = p.ink
  for (const { at, left, middle } of marked) {
    context.strokeText(at.word, left, middle)
    context.fillText(at.word, left, middle)
  }
}
