const KEPT = 'heed.learn'

/** Which parts were read to their end, kept in this browser; storage may be forbidden, or full of something else. */
function kept(): number[] {
  try {
    const found: unknown = JSON.parse(localStorage.getItem(KEPT) ?? '[]')
    return Array.isArray(found) ? found.filter((n) => Number.isInteger(n)) : []
  } catch {
    return []
  }
}

class Progress {
  /** Numbers of parts, from 1. */
  read = $state.raw<readonly number[]>(kept())

  add(part: number): void {
    if (this.read.includes(part)) return
    this.read = [...this.read, part]
    try {
      localStorage.setItem(KEPT, JSON.stringify(this.read))
    } catch {
      // Without storage it lasts as long as the page.
    }
  }
}

export const progress = new Progress()
