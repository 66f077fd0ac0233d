import { TILE, type TilePlace } from '../../engine/tile'

/** A tile that has come, and how it was painted last. */
export interface Tile {
  rows: number
  cols: number
  /** [rows, cols], a number for each pixel. */
  values: Float32Array
  image?: { key: string; canvas: HTMLCanvasElement }
}

export interface TilesOptions {
  load: (place: TilePlace, signal: AbortSignal) => Promise<Tile>
  /** A tile has come. */
  onload: () => void
  onerror: (error: Error & { code?: string }) => void
  /** Tiles held at most (128 KB each, painted). */
  most?: number
  /** Tiles asked for at once: one is computed, one waits, and no more, so that a view that has moved on is soon served. */
  atOnce?: number
  /** Tiles of this level and above are not let go: the whole map in a few, which stand in for finer ones. Default none. */
  kept?: () => number
}

const keyOf = ({ level, row, column }: TilePlace) => `${level}/${row}/${column}`

/** The tiles of one head: those wanted now are asked for, those looked at longest ago are let go. */
export class Tiles {
  readonly #options: Required<TilesOptions>
  /** The one looked at last comes last. */
  readonly #held = new Map<string, Tile>()
  readonly #asked = new Map<string, AbortController>()
  #wanted: readonly TilePlace[] = []
  #isStopped = false

  constructor(options: TilesOptions) {
    this.#options = { most: 512, atOnce: 2, kept: () => Infinity, ...options }
  }

  /** Tiles that are wanted and not there. */
  get missing(): number {
    return this.#wanted.filter((place) => !this.#held.has(keyOf(place))).length
  }

  get size(): number {
    return this.#held.size
  }

  get(place: TilePlace): Tile | undefined {
    const key = keyOf(place)
    const tile = this.#held.get(key)
    if (tile) {
      this.#held.delete(key)
      this.#held.set(key, tile)
    }
    return tile
  }

  /** The nearest coarser tile that is there, and which part of it lies where the tile would: in its pixels. */
  standIn({ level, row, column }: TilePlace): { tile: Tile; x: number; y: number; side: number } | undefined {
    for (let up = 1; up <= 24; up++) {
      const parts = 2 ** up
      const tile = this.get({
        level: level + up,
        row: Math.floor(row / parts),
        column: Math.floor(column / parts),
      })
      const side = TILE / parts
      if (tile) return { tile, x: (column % parts) * side, y: (row % parts) * side, side }
    }
    return undefined
  }

  /** What is to be there, the most urgent first. What else was asked for is stopped. */
  want(places: readonly TilePlace[]): void {
    this.#wanted = places
    const keys = new Set(places.map(keyOf))
    for (const [key, controller] of this.#asked)
      if (!keys.has(key)) {
        this.#asked.delete(key)
        controller.abort()
      }
    this.#ask()
  }

  /** Asks for nothing any more. */
  stop(): void {
    this.#isStopped = true
    this.want([])
  }

  #ask(): void {
    if (this.#isStopped) return
    for (const place of this.#wanted) {
      if (this.#asked.size >= this.#options.atOnce) return
      const key = keyOf(place)
      if (!this.#held.has(key) && !this.#asked.has(key)) this.#load(place, key)
    }
  }

  #load(place: TilePlace, key: string): void {
    const controller = new AbortController()
    this.#asked.set(key, controller)
    this.#options.load(place, controller.signal).then(
      (tile) => {
        if (controller.signal.aborted) return
        this.#asked.delete(key)
        this.#held.set(key, tile)
        this.#letGo()
        this.#options.onload()
        this.#ask()
      },
      (error: Error) => {
        if (controller.signal.aborted) return
        // It stays among those asked for, so that what fails is not asked for without end.
        this.#options.onerror(error)
      },
    )
  }

  #letGo(): void {
    const { most, kept } = this.#options
    for (const key of this.#held.keys()) {
      if (this.#held.size <= most) return
      if (Number.parseInt(key) < kept()) this.#held.delete(key)
    }
  }
}
