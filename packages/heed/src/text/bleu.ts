import { HeedError } from '../errors.js'

/** Lengths are in 13a tokens. */
export interface BleuScore {
  /** 0 to 100. */
  score: number
  /** Of 1-, 2-, 3- and 4-grams, 0 to 100; one without matches is smoothed unless nothing matches at all. */
  precisions: number[]
  brevityPenalty: number
  hypLength: number
  /** Sum over sentences of the length of the reference whose length is closest. */
  refLength: number
}

const maxOrder = 4

// What Python's str.split() takes for white space.
const space = '[\\p{White_Space}\\x1c-\\x1f]+'
const spaces = new RegExp(space, 'u')
const trailingSpaces = new RegExp(`${space}$`, 'u')

/**
 * Corpus BLEU of whole, untokenised sentences, as sacreBLEU computes it by default: 13a tokens, case kept,
 * exponential smoothing of orders without matches.
 *
 * @param hypotheses one translation per sentence
 * @param references for each sentence one or more references, not necessarily as many for each
 * @throws HeedError `input` when the numbers of sentences differ or a sentence has no reference
 */
export function bleu(hypotheses: readonly string[], references: readonly (readonly string[])[]): BleuScore {
  if (hypotheses.length !== references.length)
    throw new HeedError(
      'input',
      `bleu: ${hypotheses.length} hypotheses, but references for ${references.length} sentences; give one list for each`,
    )
  const matched = Array<number>(maxOrder).fill(0)
  const total = Array<number>(maxOrder).fill(0)
  let hypLength = 0
  let refLength = 0
  for (const [i, hypothesis] of hypotheses.entries()) {
    if (references[i].length === 0) throw new HeedError('input', `bleu: sentence ${i} has no reference`)
    const hyp = tokenize13a(hypothesis)
    const refs = references[i].map(tokenize13a)
    hypLength += hyp.length
    refLength += closest(
      refs.map((ref) => ref.length),
      hyp.length,
    )
    for (let order = 1; order <= maxOrder; order++) {
      const refCounts = refs.map((ref) => countNgrams(ref, order))
      for (const [ngram, count] of countNgrams(hyp, order)) {
        // An n-gram counts as often as the reference that has it most.
        matched[order - 1] += Math.min(count, Math.max(...refCounts.map((counts) => counts.get(ngram) ?? 0)))
        total[order - 1] += count
      }
    }
  }
  const precisions = smoothed(matched, total)
  const brevityPenalty =
    hypLength >= refLength ? 1 : hypLength === 0 ? 0 : Math.exp(1 - refLength / hypLength)
  // An order without n-grams has precision 0, its logarithm is −∞ and the score 0.
  const meanLog = precisions.reduce((sum, p) => sum + Math.log(p), 0) / maxOrder
  return { score: brevityPenalty * Math.exp(meanLog), precisions, brevityPenalty, hypLength, refLength }
}

/** Percentages; the k-th order that has n-grams but no match counts as 1 / 2^k of a match. */
function smoothed(matched: number[], total: number[]): number[] {
  if (matched.every((n) => n === 0)) return matched
  let part = 1
  return matched.map((n, i) => {
    if (total[i] === 0) return 0
    if (n === 0) part /= 2
    return (100 * (n || part)) / total[i]
  })
}

/** Of two equally close lengths the shorter one. */
function closest(lengths: number[], length: number): number {
  return lengths.reduce((best, n) => {
    const gain = Math.abs(best - length) - Math.abs(n - length)
    return gain > 0 || (gain === 0 && n < best) ? n : best
  })
}

function countNgrams(tokens: string[], order: number): Map<string, number> {
  const counts = new Map<string, number>()
  for (let i = 0; i + order <= tokens.length; i++) {
    const ngram = tokens.slice(i, i + order).join(' ')
    counts.set(ngram, (counts.get(ngram) ?? 0) + 1)
  }
  return counts
}

/** The tokens of mteval-v13a, WMT's scorer. */
function tokenize13a(sentence: string): string[] {
  const line = sentence
    .replace(trailingSpaces, '')
    .replaceAll('<skipped>', '')
    .replaceAll('-\n', '')
    .replaceAll('\n', ' ')
    .replaceAll('&quot;', '"')
    .replaceAll('&amp;', '&')
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
  return ` ${line} `
    .replace(/([{-~[-` -&(-+:-@/])/g, ' $1 ') // ASCII symbols but ' , - .
    .replace(/([^0-9])([.,])/gu, '$1 $2 ') // . and , unless a digit stands before
    .replace(/([.,])([^0-9])/gu, ' $1 $2') // … or after
    .replace(/([0-9])(-)/g, '$1 $2 ') // a dash after a digit
    .split(spaces)
    .filter((token) => token !== '')
}
