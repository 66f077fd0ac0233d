import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Transformer } from '../models/index.js'
import { type AttentionOptions, randn, scale, tensor } from '../ops/index.js'
import { coded } from '../testing/index.js'
import { tinyGpt2 } from '../testing/tiny-gpt2.js'
import { tinyTransformer } from '../testing/tiny-transformer.js'
import type { Token } from '../text/index.js'
import { forbid, see, type SeenMap, swapSoftmax } from './index.js'

async function using<R>(fn: (model: Transformer) => Promise<R>, max_positions = 24): Promise<R> {
  const model = tinyTransformer({ max_positions })
  try {
    return await fn(model)
  } finally {
    model.dispose()
  }
}

/** The map in float64 from the float32 q and k, by softmax. */
function softmaxOf({ q, k, scale, causal, lengths }: SeenMap): number[][] {
  return q!.map((query, i) => {
    const scores = k!.map((key, j) =>
      (causal && j > i + causal.offset) || (lengths && j >= lengths[0])
        ? -Infinity
        : scale! * query.reduce((sum, x, d) => sum + x * key[d], 0),
    )
    const most = Math.max(...scores)
    const exponentials = scores.map((s) => Math.exp(s - most))
    const sum = exponentials.reduce((a, b) => a + b)
    return exponentials.map((e) => e / sum)
  })
}

test('gives the translation, the tokens of both sides and every map', () =>
  using(async (model) => {
    const text = 'the dog sees the cat'
    const seen = await see(model, text)
    expect(Object.keys(seen)).toEqual(['text', 'output', 'tokens', 'maps'])
    expect(seen.text).toBe(text)
    expect([seen.output]).toEqual(await model.translate([text]))
    expect(seen.tokens.source.map((token) => token.text).join('')).toBe(`${text}</s>`)
    expect(seen.tokens.target[0]).toEqual({ id: 1, text: '<s>', start: 0, end: 0 })
    const [S, T] = [seen.tokens.source.length, seen.tokens.target.length]
    expect(seen.maps.map(({ site, head }) => `${site} ${head}`)).toEqual(
      model.sites.flatMap((site) => [`${site} 0`, `${site} 1`]),
    )
    for (const { site, queries, keys, weights } of seen.maps) {
      expect(queries).toBe(site.startsWith('encoder') ? 'source' : 'target')
      expect(keys).toBe(site.startsWith('decoder') && site.endsWith('self') ? 'target' : 'source')
      expect(weights.length).toBe(queries === 'source' ? S : T)
      for (const [i, row] of weights.entries()) {
        expect(row.length).toBe(keys === 'source' ? S : T)
        expect(Math.abs(row.reduce((a, b) => a + b) - 1)).toBeLessThan(1e-6)
        if (keys === 'target') expect(row.slice(i + 1).every((w) => w === 0)).toBe(true)
      }
    }
  }))

test('a map can be recomputed from q, k, m, l and the rules', () =>
  using(async (model) => {
    const { maps } = await see(model, 'the dog sees', { qk: true, target: 'der Hund' })
    for (const map of maps) {
      expect(map.scale).toBe(0.5)
      expect(map.causal).toEqual(
        map.site.startsWith('decoder') && map.keys === 'target' ? { offset: 0 } : undefined,
      )
      expect(map.lengths).toEqual(map.keys === 'source' ? [map.k!.length] : undefined)
      const expected = softmaxOf(map)
      for (const [i, row] of map.weights.entries())
        for (const [j, w] of row.entries()) {
          expect(Math.abs(w - expected[i][j])).toBeLessThan(2e-6)
          const score = map.scale! * map.q![i].reduce((sum, x, d) => sum + x * map.k![j][d], 0)
          if (w > 0) expect(Math.abs(w - Math.exp(score - map.m![i]) / map.l![i])).toBeLessThan(2e-6)
        }
    }
  }))

test('rules that an intervention sets are the ones that are told and obeyed', () =>
  using(async (model) => {
    const rules = { causal: { offset: 1 }, scale: 2 }
    const { maps } = await see(model, 'the dog sees', {
      sites: ['encoder.1.self', 'encoder.0.self'],
      heads: [1],
      qk: true,
      target: 'x',
      with: [{ sites: 'encoder.1.self', attention: () => ({ options: rules }) }],
    })
    expect(maps.map(({ causal, scale, lengths }) => ({ causal, scale, lengths }))).toEqual([
      { causal: undefined, scale: 0.5, lengths: [maps[0].k!.length] },
      { ...rules, lengths: undefined },
    ])
    const expected = softmaxOf(maps[1]).flat()
    maps[1].weights.flat().forEach((w, n) => expect(Math.abs(w - expected[n])).toBeLessThan(2e-6))
  }))

test('window, softcap, bias and sink are told where they are in force, of each head', () =>
  using(async (model) => {
    using bias = randn([1, 2, 1, 3], { seed: 3 })
    using table = randn([4, 2], { seed: 4 })
    using sink = tensor([0.5, -0.25])
    const rules = { causal: true, window: [1, Infinity], softcap: 3, sink } as const
    const seen = (more: () => AttentionOptions) =>
      see(model, 'ab', {
        sites: 'encoder.0.self',
        qk: true,
        target: 'x',
        with: [{ sites: 'encoder.0.self', attention: () => ({ options: { ...rules, ...more() } }) }],
      })
    // Made in the pass, as a model does: what an option holds may live no longer.
    const dense = () => ({ bias: scale(bias, 1) })
    const byDistance = () => ({ bias: { relative: scale(table, 1), bidirectional: false, maxDistance: 4 } })
    const columns = [...(await bias.data())]
    const values = [...(await table.data())]
    const distances = (i: number, head: number) =>
      [0, 1, 2].map((j) => values[Math.min(2, 3, Math.max(0, i - j)) * 2 + head])
    for (const relative of [false, true]) {
      const { maps } = await seen(relative ? byDistance : dense)
      for (const [head, map] of maps.entries()) {
        expect(Object.keys(map).slice(9)).toEqual(['scale', 'causal', 'window', 'softcap', 'bias', 'sink'])
        expect(map).toMatchObject({ causal: { offset: 0 }, window: [1, Infinity], softcap: 3 })
        expect(map.sink).toBe([0.5, -0.25][head])
        map.bias!.forEach((row, i) => {
          const expected = relative ? distances(i, head) : columns.slice(head * 3, head * 3 + 3)
          row.forEach((b, j) => expect(b).toBeCloseTo(expected[j], 7))
        })
        map.weights.forEach((row, i) => {
          const exponentials = map.k!.map((key, j) => {
            const score = map.scale! * map.q![i].reduce((sum, x, d) => sum + x * key[d], 0)
            return j > i || j < i - 1 ? 0 : Math.exp(3 * Math.tanh(score / 3) + map.bias![i][j])
          })
          const total = exponentials.reduce((a, b) => a + b) + Math.exp(map.sink!)
          row.forEach((w, j) => expect(w).toBeCloseTo(exponentials[j] / total, 6))
        })
      }
    }
    const [map] = JSON.parse(JSON.stringify((await seen(() => ({}))).maps)) as SeenMap[]
    expect(map.window).toEqual([1, null])
    expect(map).not.toHaveProperty('bias')
  }))

test('a causal model has the source alone', async () => {
  using model = tinyGpt2()
  const seen = await see(model, 'the dog', { qk: true })
  expect(seen.output).toBeNull()
  expect(Object.keys(seen.tokens)).toEqual(['source'])
  expect(seen.maps.map(({ site, head }) => `${site} ${head}`)).toEqual(
    ['layers.0.self', 'layers.1.self'].flatMap((site) => [`${site} 0`, `${site} 1`]),
  )
  for (const map of seen.maps) {
    expect([map.queries, map.keys, map.causal]).toEqual(['source', 'source', { offset: 0 }])
    const expected = softmaxOf(map)
    map.weights.forEach((row, i) => row.forEach((w, j) => expect(w).toBeCloseTo(expected[i][j], 6)))
  }
})

test('sites by pattern, heads by number, each once and in the order of the model', () =>
  using(async (model) => {
    const { maps } = await see(model, 'the', {
      target: 'x',
      sites: ['decoder.*.cross', 'encoder.0.self', 'decoder.1.*'],
      heads: [1, 0, 1],
    })
    expect(maps.map(({ site, head }) => `${site} ${head}`)).toEqual(
      ['encoder.0.self', 'decoder.0.cross', 'decoder.1.self', 'decoder.1.cross'].flatMap((site) => [
        `${site} 0`,
        `${site} 1`,
      ]),
    )
  }))

test('unknown sites and heads, texts without words or too long, and the signal end it', () =>
  using(async (model) => {
    const sites = see(model, 'the', { sites: 'encoder.9.self' })
    await expect(sites).rejects.toThrow(coded('not-found', 'encoder.9.self', ...model.sites))
    for (const head of [2, -1, 0.5, NaN])
      await expect(see(model, 'the', { heads: [head] })).rejects.toThrow(
        coded('not-found', `${head}`, '0 to 1'),
      )
    await expect(see(model, ' \n')).rejects.toThrow(coded('input', 'empty'))
    await expect(see(model, 'z'.repeat(24))).rejects.toThrow(coded('input', '25', '24'))
    await expect(see(model, 'the', { target: 'z'.repeat(24) })).rejects.toThrow(coded('input', '25', '24'))
    await expect(see(model, 'the', { signal: AbortSignal.abort() })).rejects.toThrow(coded('aborted'))
    await expect(see(model, 'the', { target: 'x', signal: AbortSignal.abort() })).rejects.toThrow(
      coded('aborted'),
    )
  }))

/** What section 4 of the contract says of spans. */
function checkSpans(tokens: readonly Token[], text: string): void {
  const covered = new Set<number>()
  for (const { text: piece, start, end } of tokens) {
    const special = /^<\/?s>$/.test(piece) && start === end
    expect(end > start).toBe(!special)
    for (let i = start; i < end; i++) covered.add(i)
  }
  for (let i = 0; i < text.length; i++)
    if (/\S/.test(text[i])) expect(covered, `offset ${i} of ${JSON.stringify(text)}`).toContain(i)
}

test('spans cover every text, and every output of a model that knows no characters', () =>
  using(async (model) => {
    const odd = [
      '👩‍👩‍👧',
      '大象',
      'é',
      '\ud83d',
      '\udc00x',
      '\ufeff',
      '\r\n',
      '\t',
      '</s>',
      ' ',
      '\0',
      '\u2028',
      'a',
    ]
    const texts = fc.oneof(
      fc.array(fc.constantFrom(...odd), { minLength: 1, maxLength: 5 }).map((parts) => parts.join('')),
      fc.string({ unit: 'binary', minLength: 1, maxLength: 5 }),
    )
    await fc.assert(
      fc.asyncProperty(
        texts.filter((text) => text.trim() !== ''),
        fc.array(fc.integer({ min: 3, max: 269 }), { maxLength: 12 }),
        async (text, target) => {
          const { tokens, output } = await see(model, text, { target, sites: 'encoder.0.self', heads: [0] })
          checkSpans(tokens.source, text)
          checkSpans(
            tokens.target.filter(({ id }) => id !== 3), // <unk> is special
            output,
          )
        },
      ),
      { numRuns: 60 },
    )
  }, 128))

test('a mask is told as a bias, and weights that q and k do not give are not explained by them', async () => {
  using model = tinyTransformer()
  const forbidden = forbid('encoder.1.self', [[2, 1]], { heads: 1 })
  const { maps } = await see(model, 'the dog sees', { sites: 'encoder.1.self', qk: true, with: [forbidden] })
  expect(maps[1].weights[2][1]).toBe(0)
  expect(maps[1].bias![2][1]).toBe(-Infinity)
  expect(maps[1].bias!.flat().filter((x) => x === 0)).toHaveLength(maps[1].weights.flat().length - 1)
  expect(maps[0].bias?.flat().every((x) => x === 0) ?? true).toBe(true)
  const swapped = { sites: 'encoder.1.self', with: [swapSoftmax('encoder.1.self', 'sparsemax')] }
  await expect(see(model, 'the dog sees', { ...swapped, qk: true })).rejects.toThrow(
    coded('unsupported', 'encoder.1.self', 'q and k'),
  )
  expect((await see(model, 'the dog sees', swapped)).maps).toHaveLength(2)
})
