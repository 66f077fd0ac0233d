const BARS = [...'▁▂▃▄▅▆▇█']

/**
 * Numbers as a line of bars, at most `width` of them, each the mean of its share of the numbers: the highest bar is the
 * highest mean, the lowest the lowest. What is not finite is a gap.
 */
export function sparkline(values: readonly number[], width: number): string {
  const count = Math.min(width, values.length)
  const means = Array.from({ length: count }, (_, n) => {
    const part = values.slice(
      Math.floor((n * values.length) / count),
      Math.floor(((n + 1) * values.length) / count),
    )
    const known = part.filter(Number.isFinite)
    return known.length > 0 ? known.reduce((sum, x) => sum + x, 0) / known.length : NaN
  })
  const known = means.filter(Number.isFinite)
  const [low, high] = [Math.min(...known), Math.max(...known)]
  const bar = (x: number) => BARS[high > low ? Math.round(((x - low) / (high - low)) * (BARS.length - 1)) : 0]
  return means.map((x) => (Number.isFinite(x) ? bar(x) : ' ')).join('')
}
