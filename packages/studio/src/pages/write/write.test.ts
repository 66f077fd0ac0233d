import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { PRESET } from '../../app/sentence'
import type { Translation, TranslationPart, Unit } from '../../engine/translate'
import { curve, lineSize, linesOf } from './links'
import { formatLinks } from '../../app/links'
import { csvOf, drawnUnits } from './save'
import {
  idsParam,
  placesParam,
  plainSampling,
  readGenerate,
  readTranslate,
  samplingParams,
  writers,
} from './state'
import {
  differing,
  growing,
  linksOfRow,
  mapIndex,
  shownOf,
  siteOf,
  strongest,
  unitAt,
} from './translate/shown'

const given = (params: Record<string, string | undefined>) =>
  Object.fromEntries(Object.entries(params).filter(([, value]) => value !== undefined)) as Record<
    string,
    string
  >
const unit = (label: string, start = 0, end = start + 1, special = false): Unit => ({
  label,
  special,
  start,
  end,
  joined: false,
  spaced: true,
})
const units = (text: string) => text.split(' ').map((label, i) => unit(label, i, i + 1, label === 'end'))

describe('the address', () => {
  it('holds what was written, forbidden and chosen', () => {
    const ids = fc.array(fc.nat(200_000), { maxLength: 40 })
    const places = fc.array(fc.nat(999), { maxLength: 5 })
    const links = fc.array(fc.tuple(fc.nat(300), fc.nat(300)), { maxLength: 5 })
    const sampling = fc.record({
      temperature: fc.integer({ min: 0, max: 40 }).map((n) => n / 20),
      topP: fc.integer({ min: 1, max: 20 }).map((n) => n / 20),
      seed: fc.nat(1e6),
      topK: fc.integer({ min: 1, max: 500 }),
    })
    fc.assert(
      fc.property(ids, places, links, sampling, (ids, places, links, sampling) => {
        const on = given({ on: idsParam(ids), hide: placesParam(places), ...samplingParams(sampling) })
        expect(readGenerate(on)).toMatchObject({ ids, hidden: places, sampling })
        const forbid = given({ forbid: formatLinks(links), hide: placesParam(places) })
        expect(readTranslate(forbid)).toMatchObject({ links, hidden: places })
      }),
    )
  })

  it('without anything is the preset, as the model does it', () => {
    expect(readTranslate({})).toEqual({
      text: PRESET,
      site: undefined,
      head: undefined,
      query: undefined,
      hidden: [],
      unit: 'words',
      beam: undefined,
      lengthPenalty: undefined,
      links: [],
      isHere: false,
    })
    expect(readGenerate({})).toMatchObject({ ids: [], sampling: plainSampling })
    expect(given(samplingParams(plainSampling))).toEqual({})
  })

  it('what it cannot mean is as by default', () => {
    const odd = { beam: '0', lp: 'x', unit: '?', forbid: '1-2_3_-1-4', hide: 'a_4_', head: '-1', only: '2' }
    expect(readTranslate(odd)).toMatchObject({
      beam: undefined,
      lengthPenalty: undefined,
      unit: 'words',
      links: [[1, 2]],
      hidden: [4],
      head: undefined,
      isHere: false,
    })
    const ids = { on: '1.%.2', temp: '-1', topp: '0', topk: '0', seed: '1.5' }
    expect(readGenerate(ids)).toMatchObject({ ids: [], sampling: plainSampling })
  })

  it('models that write: translators first', () => {
    const entry = (name: string, type: string) => ({
      name,
      type,
      bytes: 1,
      description: '',
      address: '',
      files: [],
    })
    const entries = [entry('d', 'bert'), entry('c', 'qwen2'), entry('t', 'heed-transformer')]
    expect(writers(entries).map(({ name }) => name)).toEqual(['t', 'c'])
  })
})

const translation = (weights: number[], source: string, target: string): Translation => {
  const alignment = { source: units(source), target: units(target), maps: [] as Float32Array[] }
  alignment.maps = Array.from({ length: 6 }, (_, n) => Float32Array.from(weights, (w) => (n === 5 ? w : 0)))
  return {
    kind: 'translation',
    output: target,
    ids: [],
    sites: ['decoder.0.cross', 'decoder.1.cross'],
    aligns: 'decoder.1.cross',
    heads: 2,
    tokens: alignment,
    words: alignment,
    choices: [],
    search: { beam: 1, lengthPenalty: 0 },
    own: { beam: 1, lengthPenalty: 0 },
    logProb: 0,
  }
}

describe('what is shown', () => {
  const view = translation([0.7, 0.2, 0.1, 0.3, 0.6, 0.1, 0.01, 0.01, 0.98], 'a dog end', 'ein Hund end')
  const shown = shownOf(view, { unit: 'words' })

  it('the map of the site and head in the address; else the one that aligns, the mean of its heads', () => {
    expect(mapIndex(view, {})).toBe(5)
    expect(mapIndex(view, { site: 'decoder.0.cross', head: 1 })).toBe(1)
    expect(mapIndex(view, { site: 'decoder.9.cross', head: 7 })).toBe(5)
    expect(siteOf(view, { site: 'encoder.0.self' })).toBe('decoder.1.cross')
    expect(shown.weights[0]).toBeCloseTo(0.7)
  })

  it('the strongest link: between words, or of one word whatever it is to', () => {
    expect(strongest(shown)).toMatchObject({ target: 0, source: 0 })
    expect(strongest(shown, 1)).toMatchObject({ target: 1, source: 1 })
    expect(strongest(shown, 2)).toMatchObject({ target: 2, source: 2 })
    expect(linksOfRow(shown, 1).map(({ source }) => source)).toEqual([1, 0, 2])
    expect(linksOfRow(shown, 2).map(({ source }) => source)).toEqual([2])
  })

  it('rows as they come make a map', () => {
    const { sites, aligns, heads } = view
    const part = (n: number): TranslationPart => ({
      sites,
      aligns,
      heads,
      source: units('a dog end'),
      target: units('ein Hund end').slice(0, n + 1),
      rows: view.words.maps.map((map) => map.subarray(3 * n, 3 * n + 3)),
    })
    expect(growing([], readTranslate({}))).toBeUndefined()
    const grown = growing([part(0), part(1)], readTranslate({}))!
    expect(grown.target.map(({ label }) => label)).toEqual(['ein', 'Hund'])
    expect(grown.weights).toEqual(shown.weights.subarray(0, 6))
    const words = [unit('a dog', 0, 2), unit('end', 2, 3, true)]
    const { source, weights } = growing([part(0)], readTranslate({}), words)!
    expect(source).toBe(words)
    expect(Array.from(weights, (w) => w.toFixed(2))).toEqual(['0.90', '0.10'])
  })

  it('the unit that holds a token', () => {
    const words = [unit('the', 0), unit('elephant', 1, 4)]
    expect([0, 1, 3, 4, undefined].map((token) => unitAt(words, token))).toEqual([
      0,
      1,
      1,
      undefined,
      undefined,
    ])
  })

  it('which words are others: as few as can be', () => {
    const differs = (a: string, b: string) =>
      differing(units(a), units(b)).flatMap((is, i) => (is ? [units(b)[i].label] : []))
    expect(differs('a b c', 'a b c')).toEqual([])
    expect(differs('der Elefant ist groß', 'der Schaf ist groß')).toEqual(['Schaf'])
    expect(differs('a b', 'x a y b z')).toEqual(['x', 'y', 'z'])
    const text = fc.array(fc.constantFrom('a', 'b', 'c'), { minLength: 1, maxLength: 8 })
    fc.assert(
      fc.property(text, text, (a, b) => {
        const kept = differing(units(a.join(' ')), units(b.join(' '))).flatMap((is, i) => (is ? [] : [b[i]]))
        // What is not marked stands in the first list, in that order.
        let at = -1
        for (const label of kept) expect((at = a.indexOf(label, at + 1))).toBeGreaterThanOrEqual(0)
      }),
    )
  })
})

describe('links', () => {
  it('sentences stand on a line each as long as they fit', () => {
    const short = units('The elephant is very large . end')
    expect(lineSize([short, short], 816)).toBe(30)
    expect(lineSize([short, short], 360)).toBeGreaterThanOrEqual(17)
    expect(lineSize([short, units('word '.repeat(30).trim())], 816)).toBeUndefined()
  })

  it('links under .02 are not drawn; the strongest lie on top', () => {
    const lines = linesOf(Float32Array.of(0.5, 0.019, 1.00001, 0.1), 2, 2)
    expect(lines.map(({ target, source }) => [target, source])).toEqual([
      [1, 1],
      [0, 0],
      [1, 0],
    ])
    expect(lines.at(-1)!.weight).toBe(1)
    expect(curve({ x: 1, y: 0 }, { x: 3, y: 100 }, true)).toBe('M1 0C1 50 3 50 3 100')
    expect(curve({ x: 0, y: 5 }, { x: 80, y: 45 }, false)).toBe('M0 5C40 5 40 45 80 45')
  })
})

it('numbers as CSV, words as pictures take them', () => {
  expect(csvOf(units('a "b"'), units('x'), [0.25, 0.75])).toBe(
    'query,key,query_text,key_text,weight\n0,0,"x","a",0.25\n0,1,"x","""b""",0.75\n',
  )
  expect(drawnUnits(units('a end'))).toEqual([
    { text: 'a', special: false, startsWord: true },
    { text: 'end', special: true, startsWord: true },
  ])
})
