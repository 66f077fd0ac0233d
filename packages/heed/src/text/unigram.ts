import { byteIds } from './bytes.js'
import { flag } from './format.js'
import type { Config } from './format.js'
import type { Model, Part } from './models.js'
import { Prefixes } from './prefixes.js'

const utf8 = new TextEncoder()

/** How much worse a character that the vocabulary does not have is than its worst piece. */
const unknownPenalty = 10

/** Unigram: the pieces of a word with the highest sum of scores, which are logarithms of probabilities. */
export function unigramModel(
  config: Config,
  vocab: ReadonlyMap<string, number>,
  scores: readonly number[],
  unkId: number,
  isSpecial: (piece: string) => boolean,
): Model {
  const pieces = new Prefixes(new Map([...vocab].filter(([piece]) => !isSpecial(piece))))
  const unknownScore = scores.reduce((least, score) => Math.min(least, score), Infinity) - unknownPenalty
  const bytes =
    config.byte_fallback === undefined || !flag(config, 'byte_fallback') ? undefined : byteIds(vocab)

  return (word) => {
    // The best way to each place: its score, and its last piece.
    const best = new Float64Array(word.length + 1).fill(-Infinity)
    const lastIds = new Int32Array(word.length + 1)
    const lastStarts = new Int32Array(word.length + 1)
    best[0] = 0
    const offer = (id: number, start: number, end: number, score: number) => {
      if (best[start] + score <= best[end]) return
      best[end] = best[start] + score
      lastIds[end] = id
      lastStarts[end] = start
    }
    for (let start = 0, next = 0; start < word.length; start = next) {
      next = start + (word.codePointAt(start)! > 0xffff ? 2 : 1)
      let isKnown = false
      for (const { value: id, end } of pieces.at(word, start)) {
        offer(id, start, end, scores[id])
        isKnown ||= end === next
      }
      if (!isKnown) offer(unkId, start, next, unknownScore)
    }
    const parts: Part[] = []
    for (let end = word.length; end > 0; end = lastStarts[end]) {
      const start = lastStarts[end]
      const last = parts.at(-1)
      // Unknown characters side by side are one token.
      if (lastIds[end] === unkId && last?.id === unkId) last.start = start
      else parts.push({ id: lastIds[end], start, end })
    }
    return parts.reverse().flatMap((part) => (part.id === unkId ? unknown(word, part) : part))
  }

  function unknown(word: string, part: Part): Part | Part[] {
    if (!bytes) return part
    let end = part.start
    return Array.from(word.slice(part.start, part.end)).flatMap((character) => {
      const start = end
      end += character.length
      return Array.from(utf8.encode(character), (byte) => ({ id: bytes[byte], start, end }))
    })
  }
}
