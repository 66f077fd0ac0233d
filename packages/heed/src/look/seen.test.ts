import { describe, expect, it } from 'vitest'
import { wordsOf } from './map.js'
import { drawnAxes, drawnMap, drawnTokens, headGroups, type SeenText, siteOf, siteTitle } from './seen.js'

const token = (text: string, start: number, end: number) => ({ text, start, end })

const seen: SeenText = {
  text: 'a b',
  output: 'A',
  tokens: {
    source: [token('a', 0, 1), token(' b', 1, 3), token('</s>', 3, 3)],
    target: [token('<s>', 0, 0), token('A', 0, 1)],
  },
  maps: [
    {
      site: 'encoder.0.self',
      head: 0,
      queries: 'source',
      keys: 'source',
      weights: [
        [1, 0, 0],
        [0, 1, 0],
        [0, 0, 1],
      ],
    },
    {
      site: 'encoder.1.self',
      head: 1,
      queries: 'source',
      keys: 'source',
      weights: [
        [0, 0, 1],
        [0, 1, 0],
        [0, 0, 1],
      ],
    },
    {
      site: 'decoder.0.cross',
      head: 1,
      queries: 'target',
      keys: 'source',
      weights: [
        [1, 0, 0],
        [0, 1, 0],
      ],
    },
  ],
}

describe('sites', () => {
  it('have titles, kinds, patterns and short names of their heads', () => {
    expect(siteTitle('encoder.2.self')).toBe('Encoder 2 reads itself')
    expect(siteTitle('decoder.0.cross')).toBe('Decoder 0 reads the source')
    expect(siteTitle('layers.11.self')).toBe('Layer 11 reads itself')
    expect(siteOf('decoder.1.cross', 2)).toEqual({
      layer: 1,
      kind: 'Decoder, reads the source',
      pattern: 'decoder.*.cross',
      name: 'x1·2',
    })
    expect(
      ['encoder.2.self', 'decoder.0.self', 'layers.11.self'].map((site) => siteOf(site, 3).name),
    ).toEqual(['e2·3', 'd0·3', '11·3'])
  })

  it('are groups of a grid, with the measure of each head', () => {
    const groups = headGroups(seen, ({ weights }) => weights.length)
    expect(
      groups.map(({ name, site, heads }) => [name, site, heads.map(({ name, value }) => [name, value])]),
    ).toEqual([
      [
        'Encoder, reads itself',
        'encoder.*.self',
        [
          ['e0·0', 3],
          ['e1·1', 3],
        ],
      ],
      ['Decoder, reads the source', 'decoder.*.cross', [['x0·1', 2]]],
    ])
    expect(headGroups(seen)[0].heads[0].value).toBeUndefined()
  })
})

describe('drawnMap', () => {
  it('has one array of tokens where a sequence reads itself, and the words being predicted in a cross-attention', () => {
    const own = drawnAxes(seen, seen.maps[0])
    expect(own.queries).toBe(own.keys)
    const cross = drawnMap(seen, seen.maps[2], undefined, 'the rule')
    expect(cross.title).toBe('Decoder 0 reads the source · head 1')
    expect(cross.note).toBe('the rule; rows are the words being predicted')
    expect(cross.queries.map(({ text }) => text)).toEqual(['A', '</s>'])
    expect(cross.keys.map(({ text }) => text)).toEqual(['a', 'b', '</s>'])
    expect(cross.weights).toBe(seen.maps[2].weights)
  })
})

describe('drawnTokens', () => {
  const drawn = (text: string, ...tokens: ReturnType<typeof token>[]) =>
    drawnTokens(tokens, text).map(({ text, startsWord }) => (startsWord ? text : `+${text}`))

  it('starts words after white space, wherever the space belongs', () => {
    expect(drawn('the elephant', token('the', 0, 3), token(' ele', 3, 7), token('phant', 7, 12))).toEqual([
      'the',
      'ele',
      '+phant',
    ])
    expect(drawn('a b', token('a', 0, 1), token('b', 2, 3))).toEqual(['a', 'b'])
    expect(drawn('a  b', token('a', 0, 1), token('  ', 1, 3), token('b', 3, 4))).toEqual(['a', '  ', 'b'])
  })

  it('gives a character that is split to the first of its pieces', () => {
    const text = 'x大象'
    const tokens = [token('x�', 0, 2), token('�', 1, 2), token('�', 1, 2), token('象', 2, 3)]
    expect(drawn(text, ...tokens)).toEqual(['x大', '+', '+', '象'])
    expect(wordsOf(drawnTokens(tokens, text)).map(({ text }) => text)).toEqual(['x大', '象'])
  })

  it('keeps what a piece holds after the character it ends', () => {
    expect(drawn('é!', token('�', 0, 1), token('�!', 0, 2))).toEqual(['é', '+!'])
  })

  it('lets characters of scripts without spaces stand for themselves', () => {
    expect(drawn('大象a', token('大', 0, 1), token('象', 1, 2), token('a', 2, 3))).toEqual(['大', '象', '+a'])
  })

  it('knows special tokens by their empty spans', () => {
    expect(drawnTokens([token('</s>', 1, 1)], 'a')).toEqual([
      { text: '</s>', special: true, startsWord: true },
    ])
  })
})
