import { expect, it } from 'vitest'
import { coded } from '../testing/index.js'
import { byteTokenizer, Tokenizer } from '../text/index.js'
import { randomSequences, repeatedSequences, type SequenceKind } from './sequences.js'

const tokenizer = Tokenizer.fromJson(byteTokenizer())
const kinds: SequenceKind[] = ['bytes', 'characters', 'words', 'script']

/** Share of the bytes from the 50th on whose last twelve bytes stood in this order before. */
function seenBefore(ids: Int32Array): number {
  const seen = new Set<string>()
  let again = 0
  for (let i = 12; i <= ids.length; i++) {
    const twelve = ids.slice(i - 12, i).join()
    if (i >= 50 && seen.has(twelve)) again++
    seen.add(twelve)
  }
  return again / (ids.length - 49)
}

it.each(kinds)('documents of %s are pure functions of seed and number, bytes all', (kind) => {
  for (const make of [repeatedSequences, randomSequences]) {
    const [one, same] = [1, 1].map((seed) => make({ length: 300, seed, kinds: [kind] }))
    const other = make({ length: 300, seed: 2, kinds: [kind] })
    for (const n of [0, 1, 77]) {
      expect(one(n)).toHaveLength(300)
      expect(same(n)).toEqual(one(n))
      expect(other(n)).not.toEqual(one(n))
      expect(one(n + 1)).not.toEqual(one(n))
      for (const id of one(n)) expect(id >= 3 && id < 259).toBe(true)
    }
  }
})

it.each(kinds)('much of a repeated document of %s stood before, and hardly any of a random one', (kind) => {
  const mean = (make: typeof randomSequences) => {
    const document = make({ length: 512, kinds: [kind] })
    return Array.from({ length: 20 }, (_, n) => seenBefore(document(n))).reduce((a, b) => a + b) / 20
  }
  const [repeated, random] = [mean(repeatedSequences), mean(randomSequences)]
  expect(repeated).toBeGreaterThan(0.3)
  expect(random).toBeLessThan(0.05)
})

it('words are words and scripts are scripts', () => {
  const text = (kind: SequenceKind) => tokenizer.decode(randomSequences({ length: 400, kinds: [kind] })(5))
  expect(text('words').match(/\b[a-z]+\b/gi)!.length).toBeGreaterThan(40)
  expect(text('script')).toMatch(/^\P{ASCII}+$/u)
  expect(text('characters')).toMatch(/^[ -~]+$/)
})

it('refuses lengths and kinds that there are not', () => {
  expect(() => repeatedSequences({ length: 0 })).toThrow(coded('option', 'length'))
  const wrong = { length: 9, kinds: ['music' as SequenceKind] }
  expect(() => randomSequences(wrong)).toThrow(coded('option', "'music'", 'bytes, characters'))
  expect(() => randomSequences({ length: 9, kinds: [] })).toThrow(coded('option', 'kinds'))
})
