import type { DrawnToken } from 'heed/look'
import type { WritingPart } from '../../../engine/generate'

/** A text as it grows: what has come of it, row by row. Parts may come faster than they can be drawn: one look a frame. */
export class Writer {
  part = $state.raw<WritingPart>()
  /** Row i over tokens 0 to i, and perhaps further ones, which it could not see. */
  rows = $state.raw<readonly Float32Array[]>([])

  readonly tokens: readonly DrawnToken[] = $derived(this.part?.tokens ?? [])

  readonly #waiting: WritingPart[] = []
  #frame: number | undefined

  take(part: WritingPart): void {
    this.#waiting.push(part)
    this.#frame ??= requestAnimationFrame(() => this.flush())
  }

  /** Shows all that has come. */
  flush(): void {
    if (this.#frame !== undefined) cancelAnimationFrame(this.#frame)
    this.#frame = undefined
    let rows = this.rows
    for (const part of this.#waiting) {
      const width = part.tokens.length
      const own = Array.from({ length: part.rows.length / width }, (_, n) =>
        part.rows.subarray(n * width, (n + 1) * width),
      )
      // Of a run that was begun anew the earlier rows are the old ones.
      rows = [...rows.slice(0, part.first), ...own]
    }
    if (rows !== this.rows) this.rows = rows
    this.part = this.#waiting.at(-1) ?? this.part
    this.#waiting.length = 0
  }

  /** The whole map [tokens, tokens], row after row. */
  readonly weights: Float32Array = $derived.by(() => {
    const size = this.tokens.length
    const all = new Float32Array(size * size)
    this.rows.forEach((row, i) => all.set(row.subarray(0, Math.min(size, row.length)), i * size))
    return all
  })
}
