/** Rows of the words that are meant by what was typed: itself, then those that begin with it, then those that hold it. */
export function matches(words: readonly string[], typed: string, most: number): number[] {
  const wanted = typed.trim().toLowerCase()
  if (wanted === '') return []
  const ranks = new Map<number, number>()
  words.forEach((word, row) => {
    const lower = word.toLowerCase()
    const at = lower.indexOf(wanted)
    if (at < 0) return
    ranks.set(row, word === typed.trim() ? 0 : lower === wanted ? 1 : at === 0 ? 2 : 3)
  })
  return [...ranks.keys()].sort((a, b) => ranks.get(a)! - ranks.get(b)! || a - b).slice(0, most)
}
