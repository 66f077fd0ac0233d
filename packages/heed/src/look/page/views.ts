import type { PageAxes, PageToken } from './data.js'
import type { Blocks, Head, Maths } from './maths.js'

/** A query and a key. */
export interface Cell {
  i: number
  j: number
}

/** What is shown of a head. */
export interface Shown {
  head: Head
  axes: PageAxes
  /** The query whose row is read, and the key that is selected in it. */
  selected: Cell
  hovered?: Cell
  weights: ArrayLike<number>
}

/** Where a matrix stands on its canvas. */
export interface Grid {
  left: number
  top: number
  /** px of a block. */
  pitch: number
  /** Weights on a side of a block. */
  factor: number
}

export type Views = ReturnType<typeof views>

/** What draws: matrix, thumbnails, lines and words, in the colours of the page. Needs nothing from outside but the maths. */
export function views(maths: Maths) {
  const SVG = 'http://www.w3.org/2000/svg'
  /** px per letter of 12 px mono */
  const MONO = 7.3
  /** Links under this are not drawn. */
  const DRAWN_FROM = 0.02

  const css = (name: string) =>
    getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim()
  let stops: number[][] = []
  let turn = 0

  /** Reads the colours anew, after the theme has changed. */
  function readTheme(): void {
    stops = Array.from({ length: 9 }, (_, i) => {
      const n = Number.parseInt(css(`seq-${i}`).slice(1), 16)
      return [n >> 16, (n >> 8) & 255, n & 255]
    })
    turn = Number(css('seq-turn'))
  }

  const fill = (w: number) => `rgb(${maths.along(stops, w).join(' ')})`
  const onFill = (w: number) => css(w > turn ? 'on-seq-hi' : 'on-seq-lo')

  function clip(label: string, columns: number): string {
    const letters = [...label]
    return letters.length > columns ? `${letters.slice(0, columns - 1).join('')}…` : label
  }

  const room = (tokens: readonly PageToken[], columns: number) =>
    Math.ceil(Math.min(columns, Math.max(...tokens.map(({ label }) => [...label].length))) * MONO)

  /** Labels are shorter where there is little room. */
  const columnsFor = (width: number) => (width < 480 ? 9 : 16)

  /** The matrix of a head on a canvas of this width: cells up to 41 px, or blocks of a pixel and more. */
  function gridOf({ head, axes }: Pick<Shown, 'head' | 'axes'>, width: number): Grid {
    const columns = columnsFor(width)
    const left = room(axes.queries, columns) + 12
    const top = room(axes.keys, columns) + 12
    const [across, down] = [Math.max(64, width - left - 2), 760]
    const factor = Math.max(1, Math.ceil(head.Tk / across), Math.ceil(head.Tq / down))
    const pitch = Math.min(across / Math.ceil(head.Tk / factor), down / Math.ceil(head.Tq / factor), 41)
    return { left, top, factor, pitch: Math.max(1, Math.floor(pitch)) }
  }

  /** A canvas of this size in px, sharp on the screen. */
  function context(canvas: HTMLCanvasElement, width: number, height: number): CanvasRenderingContext2D {
    const zoom = globalThis.devicePixelRatio || 1
    canvas.width = Math.round(width * zoom)
    canvas.height = Math.round(height * zoom)
    canvas.style.width = `${width}px`
    canvas.style.height = `${height}px`
    const c = canvas.getContext('2d')!
    c.setTransform(zoom, 0, 0, zoom, 0, 0)
    return c
  }

  /** A pixel a block. */
  function image({ width, height, largest }: Blocks): HTMLCanvasElement {
    const canvas = document.createElement('canvas')
    canvas.width = width
    canvas.height = height
    const c = canvas.getContext('2d')!
    const pixels = c.createImageData(width, height)
    for (let b = 0; b < width * height; b++) pixels.data.set([...maths.along(stops, largest[b]), 255], 4 * b)
    c.putImageData(pixels, 0, 0)
    return canvas
  }

  function thumbnail(canvas: HTMLCanvasElement, blocks: Blocks): void {
    const [width, height] = [canvas.clientWidth || 64, canvas.clientHeight || 64]
    const c = context(canvas, width, height)
    c.imageSmoothingEnabled = false
    c.drawImage(image(blocks), 0, 0, width, height)
    canvas.style.width = ''
    canvas.style.height = ''
  }

  function cells(c: CanvasRenderingContext2D, blocks: Blocks, { left, top, pitch }: Grid): void {
    const { width, height, largest } = blocks
    if (pitch < 14) {
      c.imageSmoothingEnabled = false
      c.drawImage(image(blocks), left, top, width * pitch, height * pitch)
      c.strokeStyle = css('line-2')
      c.lineWidth = 1
      c.strokeRect(left - 0.5, top - 0.5, width * pitch + 1, height * pitch + 1)
      return
    }
    c.font = `400 11px ${css('mono')}`
    c.textAlign = 'center'
    c.textBaseline = 'middle'
    c.strokeStyle = css('cell')
    c.lineWidth = 1
    for (let b = 0; b < width * height; b++) {
      const [x, y] = [left + (b % width) * pitch, top + Math.floor(b / width) * pitch]
      c.beginPath()
      c.roundRect(x + 0.5, y + 0.5, pitch - 2, pitch - 2, 2)
      c.fillStyle = fill(largest[b])
      c.fill()
      c.stroke()
      c.fillStyle = onFill(largest[b])
      if (pitch >= 26) c.fillText(maths.weightInCell(largest[b]), x + pitch / 2 - 0.5, y + pitch / 2)
    }
  }

  function labels(
    c: CanvasRenderingContext2D,
    shown: Shown,
    { left, top, pitch, factor }: Grid,
    columns: number,
  ): void {
    const { axes, selected, hovered } = shown
    const step = [1, 2, 5, 10, 20, 50, 100, 200, 500].find((n) => (n * pitch) / factor >= 12) ?? 1000
    c.textBaseline = 'middle'
    for (const side of ['queries', 'keys'] as const) {
      const lit = side === 'queries' ? [selected.i, hovered?.i] : [selected.j, hovered?.j]
      const place = (n: number) => (Math.floor(n / factor) + 0.5) * pitch
      // A label that a lit one would touch goes.
      const hidden = (n: number) =>
        lit.some((one) => one !== undefined && Math.abs(place(n) - place(one)) < 12)
      const written = axes[side].flatMap((_, n) =>
        lit.includes(n) || (n % step === 0 && !hidden(n)) ? [n] : [],
      )
      for (const n of written) {
        const { label, special } = axes[side][n]
        const isLit = lit.includes(n)
        c.save()
        if (side === 'queries') c.translate(left - 8, top + place(n))
        else {
          c.translate(left + place(n), top - 8)
          c.rotate(-Math.PI / 2)
        }
        c.textAlign = side === 'queries' ? 'right' : 'left'
        c.font = special ? `400 11px ${css('sans')}` : `${isLit ? 700 : 500} 12px ${css('mono')}`
        const said = clip(label, columns)
        c.fillStyle = isLit ? css(side === 'queries' ? 'q-text' : 'k-text') : css(special ? 'ink-3' : 'ink-2')
        c.fillText(said, 0, 0)
        c.restore()
      }
    }
  }

  /** The matrix with its labels, the row that is read, the selected and the hovered cell. */
  function matrix(canvas: HTMLCanvasElement, shown: Shown, blocks: Blocks, grid: Grid, width: number): void {
    const { left, top, pitch, factor } = grid
    const [w, h] = [blocks.width * pitch, blocks.height * pitch]
    const c = context(canvas, Math.min(width, left + w + 3), top + h + 3)
    cells(c, blocks, grid)
    labels(c, shown, grid, columnsFor(width))
    const { selected, hovered } = shown
    const at = ({ i, j }: Cell) => [
      left + Math.floor(j / factor) * pitch,
      top + Math.floor(i / factor) * pitch,
    ]
    const frame = (x: number, y: number, w: number, h: number, line: number, ink: string) => {
      c.strokeStyle = css(ink)
      c.lineWidth = line
      c.beginPath()
      c.roundRect(x - 0.5, y - 0.5, w, h, 3)
      c.stroke()
    }
    const side = Math.max(pitch, 4)
    const [x, y] = at(selected)
    if (pitch >= 14) frame(x + 2, y + 2, pitch - 4, pitch - 4, 3, 'card')
    frame(x, y, side, side, 1.25, 'ink')
    frame(left, y, w, side, 2, 'ink')
    if (hovered) frame(...(at(hovered) as [number, number]), side, side, 1.25, 'ink')
  }

  /** The cell under a point of the canvas. */
  function cellAt(
    blocks: Blocks,
    { left, top, pitch }: Grid,
    x: number,
    y: number,
    Tk: number,
  ): Cell | undefined {
    const [column, line] = [Math.floor((x - left) / pitch), Math.floor((y - top) / pitch)]
    if (column < 0 || line < 0 || column >= blocks.width || line >= blocks.height) return undefined
    const at = blocks.at[line * blocks.width + column]
    return { i: Math.floor(at / Tk), j: at % Tk }
  }

  function svg(name: string, attributes: Record<string, string | number>, content = ''): SVGElement {
    const element = document.createElementNS(SVG, name)
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, String(value))
    element.textContent = content
    return element
  }

  /** Lines between queries and keys, in the rows of the matrix beside them. */
  function lines(
    into: SVGSVGElement,
    shown: Shown,
    { top, pitch }: Grid,
    width: number,
    pick: (i: number) => void,
  ): void {
    const { head, axes, selected, weights } = shown
    const columns = columnsFor(0)
    const [a, b] = [room(axes.queries, columns) + 8, width - room(axes.keys, columns) - 8]
    const y = (n: number) => top + (n + 0.5) * pitch
    const height = top + Math.max(head.Tq, head.Tk) * pitch + 3
    into.setAttribute('viewBox', `0 0 ${width} ${height}`)
    into.setAttribute('width', String(width))
    into.setAttribute('height', String(height))
    const link = (i: number, j: number) =>
      `M${a} ${y(i)}C${(a + b) / 2} ${y(i)} ${(a + b) / 2} ${y(j)} ${b} ${y(j)}`
    let others = ''
    for (let i = 0; i < head.Tq; i++)
      for (let j = 0; i !== selected.i && j < head.Tk; j++)
        if (maths.weight(head, i, j) >= DRAWN_FROM) others += link(i, j)
    const lit = Array.from(weights, (w, j) => ({ w, j })).filter(({ w }) => w >= DRAWN_FROM)
    const answers = maths.strongest(weights)
    const label = ({ label, special }: PageToken, x: number, n: number, side: 'q' | 'k', isLit: boolean) => {
      const element = svg(
        'text',
        { x, y: y(n) + 4, 'text-anchor': side === 'q' ? 'end' : 'start' },
        clip(label, columns),
      )
      element.setAttribute('class', `${special ? 'special' : ''} ${isLit ? side : ''}`)
      return element
    }
    into.replaceChildren(
      svg('text', { x: a - 8, y: top - 12, 'text-anchor': 'end', class: 'says q' }, 'asks'),
      svg('text', { x: b + 8, y: top - 12, class: 'says k' }, 'answers'),
      svg('path', { d: others || 'M0 0', class: 'other' }),
      ...lit
        .sort((one, other) => one.w - other.w)
        .map(({ w, j }) =>
          svg('path', { d: link(selected.i, j), stroke: fill(0.3 + 0.7 * w), 'stroke-width': 9 * w }),
        ),
      ...axes.keys.map((token, n) => label(token, b + 8, n, 'k', n === answers && weights[n] > 0)),
      ...axes.queries.map((token, n) => {
        const element = label(token, a - 8, n, 'q', n === selected.i)
        element.classList.add('asking')
        element.addEventListener('click', () => pick(n))
        return element
      }),
    )
  }

  /** A word's weight behind it, and below it. */
  function brighten(word: HTMLElement, weight: number): void {
    const box = word.firstElementChild as HTMLElement
    box.style.background = fill(weight)
    box.style.color = onFill(weight)
    word.lastElementChild!.textContent = maths.weightInCell(weight, 0.005)
  }

  return { readTheme, gridOf, matrix, cellAt, thumbnail, lines, brighten }
}
