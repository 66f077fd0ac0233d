/** A word of a text, and whether the other text lacks it. */
export interface Differing {
  word: string
  isOther: boolean
}

/** Both texts word by word: what is not in their longest common run of words is marked. */
export function differ(before: string, after: string): { before: Differing[]; after: Differing[] } {
  const [a, b] = [before, after].map((text) => text.match(/\s+|[\p{L}\p{N}\p{M}’'-]+|[^\s]/gu) ?? [])
  // common[i][j]: how many words a from i on and b from j on have in common.
  const common = Array.from({ length: a.length + 1 }, () => new Int32Array(b.length + 1))
  for (let i = a.length - 1; i >= 0; i--)
    for (let j = b.length - 1; j >= 0; j--)
      common[i][j] = a[i] === b[j] ? common[i + 1][j + 1] + 1 : Math.max(common[i + 1][j], common[i][j + 1])
  const found = { before: [] as Differing[], after: [] as Differing[] }
  const push = (list: Differing[], word: string, isOther: boolean) =>
    list.push({ word, isOther: isOther && word.trim() !== '' })
  let [i, j] = [0, 0]
  while (i < a.length || j < b.length) {
    if (i < a.length && j < b.length && a[i] === b[j]) {
      push(found.before, a[i++], false)
      push(found.after, b[j++], false)
    } else if (j < b.length && (i === a.length || common[i][j + 1] >= common[i + 1][j]))
      push(found.after, b[j++], true)
    else push(found.before, a[i++], true)
  }
  return found
}
