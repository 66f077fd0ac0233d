import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { coded } from '../testing/index.js'
import { learnBpe } from './bpe.js'
import { byteSymbols } from './bytes.js'
import { gpt2Pattern } from './patterns.js'

const specials = ['<pad>', '<s>', '</s>', '<unk>']
const learn = async (lines: string[], merges: number, options = {}) =>
  (await learnBpe(lines, { vocabSize: 260 + merges, ...options })).model.merges.map(([a, b]) => `${a} ${b}`)

/** Counts all pairs anew for every merge. */
function learnSlowly(lines: string[], count: number): string[] {
  const encoder = new TextEncoder()
  const ids = new Map([...specials, ...[...byteSymbols].sort()].map((piece, id) => [piece, id]))
  let words = lines
    .flatMap((line) => line.match(gpt2Pattern) ?? [])
    .map((word) => Array.from(encoder.encode(word), (byte) => byteSymbols[byte]))
  const merges: string[] = []
  while (merges.length < count) {
    const pairs = new Map<string, { a: string; b: string; n: number }>()
    for (const word of words)
      for (let i = 0; i + 1 < word.length; i++) {
        const key = `${word[i]} ${word[i + 1]}`
        const pair = pairs.get(key) ?? { a: word[i], b: word[i + 1], n: 0 }
        pair.n++
        pairs.set(key, pair)
      }
    const best = [...pairs.values()]
      .filter(({ a, b, n }) => n >= 2 && !ids.has(a + b))
      .sort((x, y) => y.n - x.n || ids.get(x.a)! - ids.get(y.a)! || ids.get(x.b)! - ids.get(y.b)!)[0]
    if (!best) break
    const { a, b } = best
    ids.set(a + b, ids.size)
    merges.push(`${a} ${b}`)
    words = words.map((word) => {
      const merged: string[] = []
      for (let i = 0; i < word.length; i++)
        if (word[i] === a && word[i + 1] === b) {
          merged.push(a + b)
          i++
        } else merged.push(word[i])
      return merged
    })
  }
  return merges
}

describe('learnBpe', () => {
  it('merges the most frequent pair first, of equals the one with smaller ids', async () => {
    // aa stands four times, counting overlaps; then aa·a and a·b twice each.
    expect(await learn(['aaabdaaabac'], 10)).toEqual(['a a', 'a b', 'aa ab'])
    expect(await learn(['zy zy ab ab'], 2)).toEqual(['a b', 'z y'])
  })

  it('agrees with counting anew for every merge', async () => {
    const text = fc.string({ unit: fc.constantFrom('a', 'a', 'b', 'c', ' ', 'ä', '漢', '.'), maxLength: 30 })
    await fc.assert(
      fc.asyncProperty(fc.array(text, { maxLength: 8 }), async (lines) => {
        expect(await learn(lines, 25)).toEqual(learnSlowly(lines, 25))
      }),
      { numRuns: 300 },
    )
  })

  it('does not depend on the order of lines', async () => {
    const lines = ['der große Hund', 'the large dog', 'the small dog', 'der kleine Hund', 'die Hunde']
    const reversed = await learnBpe([...lines].reverse(), { vocabSize: 280 })
    expect(reversed).toEqual(await learnBpe(lines, { vocabSize: 280 }))
  })

  it('gives ids to specials, bytes and merges, in this order', async () => {
    const { model, added_tokens } = await learnBpe(['ab ab', 'ab ab'], { vocabSize: 262 })
    expect(added_tokens.map(({ id, content }) => [id, content])).toEqual(specials.map((s, i) => [i, s]))
    expect(Object.values(model.vocab).sort((a, b) => a - b)).toEqual(Array.from({ length: 262 }, (_, i) => i))
    expect(byteSymbols.every((symbol) => model.vocab[symbol] >= 4 && model.vocab[symbol] < 260)).toBe(true)
    expect([model.vocab['ab'], model.vocab['Ġab']]).toEqual([260, 261])
  })

  it('stops where no pair is frequent enough', async () => {
    expect(await learn(['ab cd'], 10)).toEqual([])
    expect(await learn(['ab'], 10, { minFrequency: 1 })).toEqual(['a b'])
  })

  it('never learns the text of a special token', async () => {
    const { model } = await learnBpe(['## ## ##'], { vocabSize: 270, specials: ['##'] })
    expect(model.vocab['##']).toBe(0)
    expect(model.merges).not.toContainEqual(['#', '#'])
  })

  it('ends texts with </s> only when there is one', async () => {
    expect((await learnBpe([])).post_processor?.special_tokens['</s>'].ids).toEqual([2])
    expect((await learnBpe([], { specials: ['<eos>'] })).post_processor).toBeNull()
  })

  it('reports progress and stops when asked', async () => {
    const lines = Array.from({ length: 300 }, (_, i) => `${i * 7919} ${i * 104729}`)
    const seen: number[] = []
    await learnBpe(lines, { vocabSize: 420, onProgress: ({ done }) => seen.push(done) })
    expect(seen).toEqual([324, 388, 420])
  })

  it('stops when asked from outside', async () => {
    // Endless: only a signal that gets through ends it.
    function* lines() {
      for (let i = 0; ; i++) yield `line ${i % 1000}`
    }
    const learning = learnBpe(lines(), { signal: AbortSignal.timeout(50) })
    await expect(learning).rejects.toThrow(coded('aborted'))
  })

  it('refuses options that cannot be', async () => {
    await expect(learnBpe([], { vocabSize: 259 })).rejects.toThrow(coded('option'))
    await expect(learnBpe([], { vocabSize: 300.5 })).rejects.toThrow(coded('option'))
    await expect(learnBpe([], { specials: ['<s>', '<s>'] })).rejects.toThrow(coded('option'))
    await expect(learnBpe([], { specials: [''] })).rejects.toThrow(coded('option'))
    await expect(learnBpe([3 as unknown as string])).rejects.toThrow(coded('input', 'line 1 is not a string'))
  })
})
