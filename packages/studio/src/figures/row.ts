/** Shares that add up to 1, evenly: what somebody says who does not know. */
export const flat = (count: number): number[] => Array<number>(count).fill(1 / count)

/** Gives one column its share; the others keep their proportions, so that all still add up to 1. */
export function paint(shares: readonly number[], at: number, share: number): number[] {
  const given = Math.max(0, Math.min(1, share))
  const rest = shares.reduce((sum, x, j) => sum + (j === at ? 0 : x), 0)
  // Where all stood on this one, what it lets go of is shared evenly.
  const other = (x: number) => (rest > 0 ? (x * (1 - given)) / rest : (1 - given) / (shares.length - 1))
  return shares.length === 1 ? [1] : shares.map((x, j) => (j === at ? given : other(x)))
}

/** The share of attention that one row puts elsewhere than another: half the sum of differences. */
export const gap = (a: ArrayLike<number>, b: ArrayLike<number>): number =>
  Array.from(a).reduce((sum, x, j) => sum + Math.abs(x - b[j]), 0) / 2

/** Where two rows differ most. */
export function widest(a: ArrayLike<number>, b: ArrayLike<number>): number {
  const far = Array.from(a, (x, j) => Math.abs(x - b[j]))
  return far.indexOf(Math.max(...far))
}

/** What a key does to a share; undefined: nothing. */
export function stepped(key: string, share: number): number | undefined {
  const steps: Record<string, number> = { ArrowUp: 0.05, ArrowDown: -0.05, PageUp: 0.2, PageDown: -0.2 }
  if (key === 'Home') return 0
  if (key === 'End') return 1
  return key in steps ? share + steps[key] : undefined
}
