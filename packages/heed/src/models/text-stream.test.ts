import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { tinyTokenizerJson } from '../testing/tiny-gpt2.js'
import { Tokenizer } from '../text/index.js'
import { TextStream } from './text-stream.js'

const tokenizer = Tokenizer.fromJson(tinyTokenizerJson)
const prompt = tokenizer.encodeIds('the', { addSpecials: false })

/** What each token gives, up to the one that a stop is complete with. */
function pieces(
  ids: readonly number[],
  stops: readonly string[] = [],
  from: ArrayLike<number> = prompt,
): string[] {
  const stream = new TextStream(tokenizer, stops, from)
  const given: string[] = []
  for (const [i, id] of ids.entries()) {
    const { text, stopped } = stream.push(id, i === ids.length - 1)
    given.push(text)
    if (stopped) break
  }
  return given
}

const idsOf = (text: string) => [...tokenizer.encodeIds(text, { addSpecials: false })]
/** One token for each byte. */
const byteIds = (text: string) => [...text].flatMap((character) => idsOf(character))

describe('text that grows by tokens', () => {
  it('comes in whole characters', () => {
    expect(pieces(idsOf('aä🐘b'))).toEqual(['a', '', 'ä', '', '', '', '🐘', 'b'])
    expect(pieces(idsOf('🐘').slice(0, 3))).toEqual(['', '', '\ufffd'])
  })

  it('joined is what the tokenizer makes of all ids, whatever they are', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 269 }), { maxLength: 20 }), (ids) => {
        const given = pieces(ids)
        const all = [...prompt, ...ids]
        expect(given.join('')).toBe(tokenizer.decode(all).slice('the'.length))
        for (const piece of given) expect(piece).not.toMatch(/^[\udc00-\udfff]|[\ud800-\udbff]$/)
      }),
      { numRuns: 300 },
    )
  })

  it('completes the character that the prompt ends in', () => {
    const elephant = idsOf('🐘')
    for (let cut = 1; cut < 4; cut++) {
      const [start, rest] = [elephant.slice(0, cut), elephant.slice(cut)]
      expect(pieces([...rest, ...idsOf('ä')], [], start).join('|')).toBe('|'.repeat(3 - cut) + '🐘||ä')
      // What is none after all is the prompt's.
      expect(pieces(idsOf('ab'), [], [...prompt, ...start])).toEqual(['a', 'b'])
    }
  })

  it('completes it too where bytes are characters all together or not at all', () => {
    // As in Llama 2, each id a byte.
    const strict = new TextDecoder('utf-8', { fatal: true })
    const decode = (ids: number[]) => {
      try {
        return strict.decode(Uint8Array.from(ids))
      } catch {
        return '\ufffd'.repeat(ids.length)
      }
    }
    const bytes = [...new TextEncoder().encode('🐘好ä🐘')]
    for (let cut = 0; cut < 4; cut++) {
      const fallback = { has: () => true, decode } as unknown as Tokenizer
      const stream = new TextStream(fallback, [], bytes.slice(0, cut))
      const given = bytes.slice(cut).map((id) => stream.push(id, false).text)
      expect(given.filter((text) => text)).toEqual(['🐘', '好', 'ä', '🐘'])
    }
  })

  it('never is half a character, wherever the prompt ends', () => {
    const bytes = fc.array(fc.constantFrom(...idsOf('🐘ä'), ...idsOf('a')), { maxLength: 40 })
    fc.assert(
      fc.property(bytes, bytes, (start, ids) => {
        const given = pieces(ids, [], start)
        for (const piece of given) expect(piece).not.toMatch(/\p{Surrogate}/u)
        expect(tokenizer.decode([...start, ...ids]).endsWith(given.join(''))).toBe(true)
      }),
      { numRuns: 300 },
    )
  })

  it('waits a while for characters, and takes no longer for a text without any', () => {
    const [first, second, third] = idsOf('🐘')
    for (const unit of [[third], [first, second, third], [first, second], [first]]) {
      const ids = Array.from({ length: 4001 }, (_, i) => unit[i % unit.length])
      const start = performance.now()
      const given = pieces([...ids, ...idsOf('🐘')])
      expect(performance.now() - start).toBeLessThan(1500)
      expect(given.join('')).toBe(tokenizer.decode([...ids, ...idsOf('🐘')]))
      expect(given.findIndex((piece) => piece !== '')).toBeLessThan(20)
    }
  })

  it('gives nothing for ids that the tokenizer does not have, and for special tokens', () => {
    expect(pieces([idsOf('a')[0], 5000, 0, idsOf('b')[0]])).toEqual(['a', '', '', 'b'])
  })
})

describe('stops', () => {
  it('end the text wherever tokens end, and are not given out', () => {
    const text = 'the dog. the cat'
    for (const ids of [idsOf(text), byteIds(text)])
      for (const [stop, before] of [
        ['. the', 'the dog'],
        ['dog', 'the '],
        ['g', 'the do'],
        ['t', ''],
        ['the dog. the cat', ''],
      ]) {
        const given = pieces(ids, [stop])
        expect(given.join(''), stop).toBe(before)
        expect(given.length).toBeLessThanOrEqual(ids.length)
      }
  })

  it('are waited for only as long as one may come', () => {
    expect(pieces(byteIds('abacab'), ['aca!', 'xyz'])).toEqual(['', 'ab', '', '', '', 'acab'])
    expect(pieces(byteIds('ab!'), ['abc'])).toEqual(['', '', 'ab!'])
    expect(pieces(byteIds('a🐘'), ['🐘🐘'])).toEqual(['a', '', '', '', '🐘'])
  })

  it('the first that is complete counts, of those that end together the longest', () => {
    expect(pieces(byteIds('xabcd'), ['abcd', 'c']).join('')).toBe('xab')
    expect(pieces(idsOf('xabcd'), ['abcd', 'c']).join('')).toBe('xab')
    expect(pieces(byteIds('xabcd'), ['cd', 'bcd']).join('')).toBe('xa')
  })

  it('give the same text however it is cut into tokens', () => {
    const word = fc.string({ unit: fc.constantFrom('a', 'b', 'ä', '🐘'), minLength: 1, maxLength: 3 })
    const text = fc.string({ unit: fc.constantFrom('a', 'b', 'ä', '🐘'), maxLength: 10 })
    fc.assert(
      fc.property(text, fc.array(word, { minLength: 1, maxLength: 3 }), (text, stops) => {
        const ends = stops.flatMap((stop) => (text.includes(stop) ? [text.indexOf(stop) + stop.length] : []))
        const first = Math.min(...ends)
        const starts = stops.filter(
          (stop) => text.indexOf(stop) + stop.length === first && text.includes(stop),
        )
        const expected =
          ends.length === 0 ? text : text.slice(0, Math.min(...starts.map((stop) => text.indexOf(stop))))
        expect(pieces(byteIds(text), stops).join('')).toBe(expected)
      }),
      { numRuns: 300 },
    )
  })
})
