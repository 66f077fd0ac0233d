import { describe, expect, it, test } from 'vitest'
import type { Model } from '../models/index.js'
import { coded } from '../testing/index.js'
import { tinyGpt2 } from '../testing/tiny-gpt2.js'
import { tinyTransformer } from '../testing/tiny-transformer.js'
import { capture, type HeadsOptions, measureHeads, measures, separatorsOf, sortHeads } from './index.js'

const texts = ['the dog sees', 'the dog', 'a dog, he.']

/** What `measureHeads` should say of a head, from captures of their own. */
async function meansOf(model: Model, site: string, head: number) {
  const [sums, all] = [new Map<string, number>(), [] as Record<string, number>[]]
  let queries = 0
  for (const text of texts) {
    using captured = await capture(model, text, { sites: site })
    const { source, target = [] } = captured.of!.tokens
    const keys = site.startsWith('encoder') || site.endsWith('cross') || target.length === 0 ? source : target
    const got = await captured
      .map(site, head)
      .stats({ ids: keys.map(({ id }) => id), separators: separatorsOf(keys) })
    queries += got.queries
    for (const [name, mean] of Object.entries(got.means))
      sums.set(name, (sums.get(name) ?? 0) + mean * got.queries)
    all.push(got.means as Record<string, number>)
  }
  return { queries, all, means: Object.fromEntries([...sums].map(([name, sum]) => [name, sum / queries])) }
}

describe.each([
  { name: 'gpt2', make: tinyGpt2, site: 'layers.1.self' },
  { name: 'transformer', make: () => tinyTransformer({ max_positions: 16 }), site: 'decoder.1.cross' },
  { name: 'transformer', make: () => tinyTransformer({ max_positions: 16 }), site: 'decoder.0.self' },
])('$name, $site', ({ make, site }) => {
  it('has the means over all queries of all texts, and ranks the texts', async () => {
    using model: Model = make()
    const by = 'entropy'
    const rows = await measureHeads(model, texts, { by })
    expect(rows.map((row) => `${row.site} ${row.head}`)).toEqual(
      model.sites.flatMap((name) => [`${name} 0`, `${name} 1`]),
    )
    const row = rows.find((one) => one.site === site && one.head === 1)!
    const { queries, means, all } = await meansOf(model, site, 1)
    expect(row.queries).toBe(queries)
    expect(Object.keys(row.means).sort()).toEqual(Object.keys(means).sort())
    for (const [name, mean] of Object.entries(row.means)) expect(mean).toBeCloseTo(means[name], 10)
    expect(row.top).toHaveLength(3)
    for (const { text, value } of row.top) expect(value).toBeCloseTo(all[text][by], 10)
    const values = row.top.map(({ value }) => value)
    expect(values).toEqual(values.toSorted((a, b) => b - a))
  })
})

test('a head has the links of its texts, without special tokens and the first token', async () => {
  using model = tinyTransformer({ max_positions: 16 })
  const [row] = await measureHeads(model, texts, { sites: 'encoder.0.self', heads: [1], top: 1 })
  const [{ text, link }] = row.top
  using captured = await capture(model, texts[text], { sites: 'encoder.0.self' })
  const { source } = captured.of!.tokens
  const inside = (index: number) => index > 0 && index < source.length - 1
  const [expected] = await captured.map('encoder.0.self', 1).strongest(1, { queries: inside, keys: inside })
  expect(link).toEqual({
    query: { index: expected.query, text: source[expected.query].text },
    key: { index: expected.key, text: source[expected.key].text },
    weight: expected.weight,
  })
  expect((await measureHeads(model, ['t'], { sites: 'encoder.0.self' }))[0].top[0].link).toBeNull()
})

test('what an encoder does is the same without a translation', async () => {
  using model = tinyTransformer({ max_positions: 16 })
  const all = await measureHeads(model, texts, { sites: ['encoder.*.self', 'decoder.0.self'] })
  const alone = await measureHeads(model, texts, { sites: 'encoder.*.self' })
  expect(alone).toEqual(all.filter(({ site }) => site.startsWith('encoder.')))
})

test('a measure that a head does not have ranks none of its texts, and sorts it last', async () => {
  using model = tinyTransformer({ max_positions: 16 })
  const rows = await measureHeads(model, texts, { by: 'previous', top: 2 })
  for (const { site, top, means } of rows) {
    expect(top).toHaveLength(site.endsWith('.cross') ? 0 : 2)
    expect('previous' in means).toBe(!site.endsWith('.cross'))
  }
  for (const ascending of [false, true]) {
    const sorted = sortHeads(rows, 'previous', ascending)
    const values = sorted.flatMap(({ means }) => means.previous ?? [])
    expect(values).toEqual(values.toSorted((a, b) => (ascending ? a - b : b - a)))
    expect(sorted.slice(values.length).every(({ site }) => site.endsWith('.cross'))).toBe(true)
    expect(sorted).toHaveLength(rows.length)
  }
  const least = await measureHeads(model, texts, { by: 'max', ascending: true })
  const found = least[0].top.map(({ value }) => value)
  expect(found).toEqual(found.toSorted((a, b) => a - b))
})

test('a text that is too long is an error, or is cut where that is wanted', async () => {
  using model = tinyGpt2({ n_positions: 8 })
  const long = 'the dog sees the cat großer Elefant'
  await expect(measureHeads(model, ['the', long])).rejects.toThrow(coded('input', 'text 2 has', 'at most 8'))
  const told: object[] = []
  const [row] = await measureHeads(model, ['the', long], { onTooLong: (text) => told.push(text) })
  expect(told).toEqual([{ index: 1, tokens: model.sourceTokens(long).length, limit: 8 }])
  expect(row.queries).toBeLessThanOrEqual(8 + model.sourceTokens('the').length)
  expect(row.queries).toBeGreaterThan(model.sourceTokens('the').length)
})

test('tells how far it is, and stops', async () => {
  using model = tinyGpt2()
  const seen: number[] = []
  await measureHeads(model, texts, { onProgress: ({ done, total }) => seen.push(done / total) })
  expect(seen).toHaveLength(texts.length * model.sites.length * model.heads)
  expect(seen).toEqual(seen.toSorted((a, b) => a - b))
  expect(seen.at(-1)).toBe(1)
  const stop = new AbortController()
  const options: HeadsOptions = { signal: stop.signal, onProgress: () => stop.abort() }
  await expect(measureHeads(model, texts, options)).rejects.toThrow(coded('aborted', 'stopped'))
})

test('an intervention changes what is measured', async () => {
  using model = tinyGpt2()
  const plain = await measureHeads(model, texts, { sites: 'layers.0.self' })
  const blurred = await measureHeads(model, texts, {
    sites: 'layers.0.self',
    with: [{ attention: ({ options }) => ({ options: { ...options, scale: 0 } }) }],
  })
  // Scores of 0: query i takes 1 / (i + 1) of each key that it sees.
  for (const [n, { means }] of blurred.entries())
    expect(means.entropy).toBeGreaterThan(plain[n].means.entropy!)
})

test('refuses what cannot be', async () => {
  using model = tinyGpt2()
  const refuses = async (texts: readonly string[], options: object, error: unknown) =>
    expect(measureHeads(model, texts, options)).rejects.toThrow(error as Error)
  await refuses([], {}, coded('input', 'no texts'))
  await refuses(['the', ' '], {}, coded('input', 'text 2 is empty'))
  await refuses(['the'], { by: 'beauty' }, coded('option', 'beauty', ...measures.map(({ name }) => name)))
  await refuses(['the'], { top: -1 }, coded('option', 'top'))
  await refuses(['the'], { sites: 'none' }, coded('not-found', 'none'))
  await refuses(['the'], { heads: [2] }, coded('not-found', 'no head 2'))
  await refuses(['the'], { site: 'x' }, coded('option', 'site'))
})
