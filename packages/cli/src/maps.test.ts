import type { Seen } from 'heed/lens'
import { describe, expect, it } from 'vitest'
import { arraysOf, mapsToShow, viewOf, withoutQk } from './maps.js'

const token = (text: string, start: number, end: number) => ({ id: 0, text, start, end })

/** `a b` → `A`, two heads, one layer on either side. */
const seen: Seen = {
  text: 'a b',
  output: 'A',
  tokens: {
    source: [token('a', 0, 1), token(' b', 1, 3), token('</s>', 3, 3)],
    target: [token('<s>', 0, 0), token('A', 0, 1)],
  },
  maps: [0, 1].flatMap((head) => [
    { site: 'encoder.0.self', head, queries: 'source', keys: 'source', weights: square(3, head) },
    {
      site: 'decoder.0.cross',
      head,
      queries: 'target',
      keys: 'source',
      weights:
        head === 0
          ? [
              [1, 0, 0],
              [0, 1, 0],
            ]
          : [
              [0, 1, 0],
              [0, 0.5, 0.5],
            ],
    },
  ]),
}

/** Rows that give all to one key. */
function square(size: number, key: number): number[][] {
  return Array.from({ length: size }, () => Array.from({ length: size }, (_, j) => (j === key ? 1 : 0)))
}

describe('mapsToShow', () => {
  it('gives the mean of the heads of each site', () => {
    const [encoder, cross, ...rest] = mapsToShow(seen, { mean: true })
    expect(rest).toEqual([])
    expect(encoder.title).toBe('Encoder 0 reads itself · mean of 2 heads')
    expect(encoder.weights).toEqual([0, 1, 2].map(() => [0.5, 0.5, 0]))
    expect(encoder.note).toBeUndefined()
    expect(cross.title).toBe('Decoder 0 reads the source · mean of 2 heads')
    expect(cross.weights).toEqual([
      [0.5, 0.5, 0],
      [0, 0.75, 0.25],
    ])
  })

  it('names the rows of a cross-attention after the tokens that they predict, others after those that ask', () => {
    const [encoder, cross] = mapsToShow(seen, { mean: true })
    expect(encoder.queries.map(({ text }) => text)).toEqual(['a', 'b', '</s>'])
    expect(cross.queries.map(({ text, special }) => [text, special])).toEqual([
      ['A', false],
      ['</s>', true],
    ])
    expect(cross.keys.map(({ text }) => text)).toEqual(['a', 'b', '</s>'])
    expect(cross.note).toBe('rows are the words being predicted')
  })

  it('gives one map per head of the sites wanted, with the rule that chose them', () => {
    const maps = mapsToShow(seen, { sites: ['decoder.0.cross'], mean: false, note: 'the rule' })
    expect(maps.map(({ title }) => title)).toEqual([
      'Decoder 0 reads the source · head 0',
      'Decoder 0 reads the source · head 1',
    ])
    expect(maps[1].weights).toBe(seen.maps[3].weights)
    expect(maps[0].note).toBe('the rule; rows are the words being predicted')
  })
})

describe('viewOf', () => {
  const shown = (size: number) => [
    {
      title: 'a map',
      queries: Array.from({ length: size }, (_, i) => ({ text: `q${i}`, special: false, startsWord: true })),
      keys: Array.from({ length: size }, (_, i) => ({ text: `k${i}`, special: false, startsWord: true })),
      weights: square(size, 0),
    },
  ]

  it('draws the view asked for, and a long map as an overview', () => {
    const options = { theme: 'light' as const }
    expect(viewOf('map', seen, shown(3), options)).toContain('Heat map of attention weights')
    expect(viewOf('map', seen, shown(600), options)).toContain(
      'Each cell is the largest of up to 2 × 2 weights.',
    )
    expect(viewOf('lines', seen, shown(3), options)).toContain('Lines from 3 queries to 3 keys')
    expect(viewOf('text', seen, shown(3), { ...options, query: 2 })).toContain('What q2 attends to.')
    const heads = viewOf('heads', seen, shown(3), options)
    expect(heads).toContain('4 heads read “a b”')
    expect(heads).toContain('<title>e0·1: mean of the largest weight of every row 1.00</title>')
    expect(heads).toContain('<title>x0·1: mean of the largest weight of every row 0.75</title>')
  })
})

describe('arrays', () => {
  const full: Seen = {
    ...seen,
    maps: [{ ...seen.maps[1], q: [[1, 2]], k: [[3, 4]], m: [5], l: [6], scale: 0.5, bias: [[-Infinity]] }],
  }

  it('are what the maps hold, by site, head and name', () => {
    const site = 'decoder.0.cross.0'
    expect(arraysOf(full)).toEqual({
      [`${site}.weights`]: { shape: [2, 3], data: Float32Array.of(1, 0, 0, 0, 1, 0) },
      [`${site}.q`]: { shape: [1, 2], data: Float32Array.of(1, 2) },
      [`${site}.k`]: { shape: [1, 2], data: Float32Array.of(3, 4) },
      [`${site}.bias`]: { shape: [1, 1], data: Float32Array.of(-Infinity) },
      [`${site}.m`]: { shape: [1], data: Float32Array.of(5) },
      [`${site}.l`]: { shape: [1], data: Float32Array.of(6) },
      [`${site}.scale`]: { shape: [1], data: Float32Array.of(0.5) },
    })
    expect(Object.keys(arraysOf(withoutQk(full)))).toEqual([`${site}.weights`])
    expect(withoutQk(full).maps[0]).toEqual(seen.maps[1])
  })
})
