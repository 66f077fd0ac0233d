import type { DrawnToken } from 'heed/look'
import type { WritingPart } from '../../../engine/generate'

/** A text as it grows: what has come of it, row by row. */
export class Writer {
  part = $state.raw<WritingPart>()
  /** Row i over tokens 0 to i, and perhaps further ones, which it could not see. */
  rows = $state.raw<readonly Float32Array[]>([])

  readonly tokens: readonly DrawnToken[] = $derived(this.part?.tokens ?? [])

  take(part: WritingPart): void {
    const width = part.tokens.length
    const count = part.rows.length / width
    const rows = Array.from({ length: count }, (_, n) => part.rows.subarray(n * width, (n + 1) * width))
    // Of a run that was begun anew the earlier rows are the old ones.
    this.rows = [...this.rows.slice(0, part.first), ...rows]
    this.part = part
  }

  /** The whole map [tokens, tokens], row after row. */
  readonly weights: Float32Array = $derived.by(() => {
    const size = this.tokens.length
    const all = new Float32Array(size * size)
    this.rows.forEach((row, i) => all.set(row.subarray(0, Math.min(size, row.length)), i * size))
    return all
  })
}
