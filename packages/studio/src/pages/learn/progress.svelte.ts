import { keep, kept } from '../../app/kept'

const KEPT = 'heed.learn'

/** Which parts were read to their end, as this browser kept it. */
function found(): number[] {
  const list = kept(KEPT)
  return Array.isArray(list) ? list.filter((n) => Number.isInteger(n)) : []
}

class Progress {
  /** Numbers of parts, from 1. */
  read = $state.raw<readonly number[]>(found())

  add(part: number): void {
    if (this.read.includes(part)) return
    this.read = [...this.read, part]
    keep(KEPT, this.read)
  }
}

export const progress = new Progress()
