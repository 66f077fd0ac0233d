import { throwIfAborted } from '../errors.js'
import type { Transformer } from '../models/transformer.js'
import type { Token } from '../text/index.js'
import { see } from './see.js'

/** How often a layer's cross-attention finds the source of a copied word. */
export interface AlignmentScore {
  layer: number
  hits: number
  words: number
}

export interface AlignmentOptions {
  signal?: AbortSignal
  onProgress?: (progress: { done: number; total: number }) => void
}

/**
 * Which decoder layer's cross-attention aligns best, measured on pairs of sentences. A copied word (a name, a number)
 * of at least three letters or digits that stands exactly once on either side is its own translation: for the row that
 * predicts its first piece, the largest weight (mean of heads) over the source's words should lie on it.
 *
 * Needs no dictionary, and no choice by hand: the best layer is the one with the most hits, the earlier one of equals.
 * Pairs without a copied word, or with more tokens than the model has positions, count for nothing.
 */
export async function alignmentScores(
  model: Transformer,
  pairs: readonly SentencePair[],
  { signal, onProgress }: AlignmentOptions = {},
): Promise<AlignmentScore[]> {
  const scores = Array.from({ length: model.config.decoder_layers }, (_, layer) => ({
    layer,
    hits: 0,
    words: 0,
  }))
  for (const [done, pair] of pairs.entries()) {
    throwIfAborted(signal)
    const words = copiedWords(pair.source, pair.target)
    if (words.length > 0 && fits(model, pair)) await addHits(model, pair, words, scores)
    onProgress?.({ done: done + 1, total: pairs.length })
  }
  return scores
}

export interface SentencePair {
  source: string
  target: string
}

/** Either side has one token more: the end token, and the start token. */
const fits = (model: Transformer, pair: SentencePair): boolean =>
  [pair.source, pair.target].every((text) => model.targetIds(text).length < model.config.max_positions)

async function addHits(
  model: Transformer,
  { source, target }: SentencePair,
  words: readonly CopiedWord[],
  scores: readonly AlignmentScore[],
): Promise<void> {
  const { maps, tokens } = await see(model, source, { target, sites: 'decoder.*.cross' })
  for (const score of scores) {
    const heads = maps.filter(({ site }) => site === `decoder.${score.layer}.cross`)
    for (const word of words) {
      const piece = tokens.target.findIndex(({ start, end }) => start <= word.inTarget && word.inTarget < end)
      const mean = meanRow(heads.map(({ weights }) => weights[piece - 1]))
      const { start, end } = tokens.source[strongest(mean, tokens.source)]
      score.words++
      if (start < word.inSource + word.length && end > word.inSource) score.hits++
    }
  }
}

export interface CopiedWord {
  inSource: number
  inTarget: number
  length: number
}

/** Words that stand exactly once in both sentences. */
export function copiedWords(source: string, target: string): CopiedWord[] {
  const [inSource, inTarget] = [wordsOnce(source), wordsOnce(target)]
  return [...inSource]
    .filter(([word]) => inTarget.has(word))
    .map(([word, at]) => ({ inSource: at, inTarget: inTarget.get(word)!, length: word.length }))
}

function wordsOnce(text: string): Map<string, number> {
  const found = [...text.matchAll(/[\p{L}\p{N}]{3,}/gu)]
  const count = new Map<string, number>()
  for (const [word] of found) count.set(word, (count.get(word) ?? 0) + 1)
  return new Map(found.filter(([word]) => count.get(word) === 1).map((match) => [match[0], match.index]))
}

const meanRow = (rows: readonly number[][]): number[] =>
  rows[0].map((_, j) => rows.reduce((sum, row) => sum + row[j], 0) / rows.length)

/** The largest weight among tokens that are text. */
const strongest = (weights: readonly number[], tokens: readonly Token[]): number =>
  tokens.reduce(
    (best, { start, end }, j) => (end > start && (best < 0 || weights[j] > weights[best]) ? j : best),
    -1,
  )
