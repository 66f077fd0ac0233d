/** What is said of work whose parts take longer and longer, as attention's do: each token looks at all before it. */
export interface Pace {
  /** Tokens a second, of late. */
  rate: number
  /** Seconds to go; undefined as long as nobody can tell. */
  left?: number
}

/** Tokens that were done at a time, in ms. */
export interface Mark {
  done: number
  time: number
}

/** Marks that the rate is of. */
const LATE = 6

/**
 * The rate of late, and the time to go if a token costs a + b·(tokens before it): a line through the times of parts, by
 * least squares.
 */
export function paceOf(marks: readonly Mark[], total: number): Pace | undefined {
  if (marks.length < 2) return undefined
  const [first, last] = [marks[Math.max(0, marks.length - 1 - LATE)], marks[marks.length - 1]]
  const rate = (1000 * (last.done - first.done)) / Math.max(1, last.time - first.time)
  if (marks.length < 4) return { rate }
  // [middle of a part, ms a token in it]
  const points = marks.slice(1).map(({ done, time }, n) => {
    const before = marks[n]
    return [(done + before.done) / 2, (time - before.time) / (done - before.done)] as const
  })
  const mean = (n: 0 | 1) => points.reduce((sum, point) => sum + point[n], 0) / points.length
  const [x, y] = [mean(0), mean(1)]
  const spread = points.reduce((sum, [at]) => sum + (at - x) ** 2, 0)
  const slope = Math.max(0, points.reduce((sum, [at, ms]) => sum + (at - x) * (ms - y), 0) / spread)
  const each = Math.max(0, y + slope * ((last.done + total) / 2 - x))
  return { rate, left: (each * (total - last.done)) / 1000 }
}
