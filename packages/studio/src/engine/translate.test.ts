import { HeedError } from 'heed'
import { see } from 'heed/lens'
import { loadModel, type Transformer, translateIds } from 'heed/models'
import { afterEach, describe, expect, it } from 'vitest'
import { closeModels } from './models'
import type { StreamContext } from './rpc'
import {
  MOST_SOURCE_TOKENS,
  translate,
  type TranslateRequest,
  type Translation,
  type TranslationPart,
} from './translate'

const model = { name: 'heed-en-de' }
const text = 'The elephant is very large.'
afterEach(closeModels)

async function translated(
  request: Partial<TranslateRequest> = {},
  context: Partial<StreamContext<TranslationPart>> = {},
): Promise<Translation> {
  const whole = {
    signal: new AbortController().signal,
    onProgress: () => undefined,
    onPart: () => undefined,
    ...context,
  }
  const answer = await translate({ model, text, ...request }, whole)
  if (answer.kind !== 'translation') throw new Error('too long')
  return answer
}
const near = (a: ArrayLike<number>, b: ArrayLike<number>, eps = 1e-6) => {
  expect(a.length).toBe(b.length)
  for (let i = 0; i < a.length; i++) expect(Math.abs(a[i] - b[i])).toBeLessThanOrEqual(eps)
}

describe('a translation with its alignment', () => {
  it('is the library’s own, and so are its maps, by token and by head', async () => {
    const { output, ids, sites, heads, aligns, tokens, search, own } = await translated()
    using loaded = (await loadModel('heed-en-de')) as Transformer
    expect(output).toBe((await loaded.translate([text]))[0])
    expect(sites).toEqual(['decoder.0.cross', 'decoder.1.cross', 'decoder.2.cross'])
    expect(aligns).toBe(`decoder.${loaded.generation.alignmentLayer}.cross`)
    expect(search).toEqual({ beam: loaded.generation.beam, lengthPenalty: loaded.generation.lengthPenalty })
    expect(own).toEqual(search)
    const seen = await see(loaded, text, { sites: 'decoder.*.cross' })
    expect(ids).toEqual(seen.tokens.target!.slice(1).map(({ id }) => id))
    expect(tokens.target).toHaveLength(ids.length + 1)
    for (const { site, head, weights } of seen.maps)
      near(tokens.maps[sites.indexOf(site) * (heads + 1) + head], weights.flat())
    const heads1 = seen.maps.filter(({ site }) => site === 'decoder.1.cross')
    const mean = heads1[0].weights.map((row, i) =>
      row.map((_, j) => heads1.reduce((sum, { weights }) => sum + weights[i][j], 0) / heads1.length),
    )
    near(tokens.maps[1 * (heads + 1) + heads], mean.flat())
  })

  it('over words: added over a key’s tokens, averaged over a query’s', async () => {
    const { tokens, words } = await translated()
    expect(words.source.map(({ label }) => label)).toEqual([
      'The',
      'elephant',
      'is',
      'very',
      'large',
      '.',
      'end',
    ])
    expect(words.target.map(({ label }) => label)).toEqual([
      'Der',
      'Elefant',
      'ist',
      'sehr',
      'groß',
      '.',
      'end',
    ])
    const [n, m] = [tokens.source.length, words.source.length]
    tokens.maps.forEach((map, at) =>
      words.target.forEach((asks, i) => {
        words.source.forEach((answers, j) => {
          let sum = 0
          for (let q = asks.start; q < asks.end; q++)
            for (let k = answers.start; k < answers.end; k++) sum += map[q * n + k]
          expect(words.maps[at][i * m + j]).toBeCloseTo(sum / (asks.end - asks.start), 5)
        })
        const row = words.maps[at].subarray(i * m, (i + 1) * m)
        expect(row.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 5)
      }),
    )
  })

  it('choices: what was taken, its probability, and the likeliest, which add up to log p', async () => {
    const { choices, ids, logProb } = await translated({ beam: 1 })
    using loaded = (await loadModel('heed-en-de')) as Transformer
    const [found] = await translateIds(loaded, [loaded.sourceIds(text)], { beam: 1 })
    expect(choices.map(({ id }) => id)).toEqual([...ids, loaded.config.eos_token_id])
    expect(logProb).toBeCloseTo(found.logProb, 4)
    for (const { id, p, candidates } of choices) {
      expect(candidates).toHaveLength(8)
      // Greedy takes the likeliest.
      expect(candidates[0]).toMatchObject({ id, p })
      expect(candidates.map((one) => one.p)).toEqual(candidates.map((one) => one.p).sort((a, b) => b - a))
    }
    expect(choices.at(-1)!.candidates[0]).toMatchObject({ label: 'end', special: true })
    expect(choices[1].candidates[0].label).toMatch(/^·/)
  })
})

describe('on the way', () => {
  it('a greedy search gives each token with its row, which are those of the whole', async () => {
    const parts: TranslationPart[] = []
    const whole = await translated({ beam: 1 }, { onPart: (part) => parts.push(part) })
    expect(parts).toHaveLength(whole.ids.length)
    parts.forEach(({ source, target, rows, sites, heads, aligns }, i) => {
      expect([sites, heads, aligns]).toEqual([whole.sites, whole.heads, whole.aligns])
      expect(source).toEqual(whole.tokens.source)
      expect(target.map(({ label }) => label)).toEqual(
        whole.tokens.target.slice(0, i + 1).map(({ label }) => label),
      )
      rows.forEach((row, at) =>
        near(row, whole.tokens.maps[at].subarray(i * source.length, (i + 1) * source.length), 1e-5),
      )
    })
  })

  it('a beam search says how far it is', async () => {
    const [parts, done] = [[] as TranslationPart[], [] as number[]]
    const onProgress = ({ stage, done: n }: { stage: string; done: number }) =>
      stage === 'search' && done.push(n)
    await translated({ beam: 3 }, { onPart: (part) => parts.push(part), onProgress })
    expect(parts).toEqual([])
    expect(done).toEqual(done.map((_, n) => n + 1))
    expect(done.length).toBeGreaterThan(5)
  })

  it('ends by the signal', async () => {
    const controller = new AbortController()
    const onPart = () => controller.abort()
    await expect(translated({ beam: 1 }, { signal: controller.signal, onPart })).rejects.toMatchObject({
      code: 'aborted',
    })
  })
})

describe('what is forbidden', () => {
  const nothing = { everywhere: true, links: [], sources: [] }

  it('a source word: no weight anywhere, and another translation', async () => {
    const before = await translated()
    const { start, end } = before.words.source[1]
    const sources = Array.from({ length: end - start }, (_, n) => start + n)
    const after = await translated({ forbidden: { ...nothing, sources }, reference: before.ids })
    expect(after.output).not.toBe(before.output)
    expect(after.referenceLogProb).toBeLessThan(before.logProb - 1)
    for (const map of after.words.maps)
      for (let i = 0; i < after.words.target.length; i++)
        expect(map[i * after.words.source.length + 1]).toBe(0)
  })

  it('a link: at one head, at one layer, or everywhere', async () => {
    const { heads, tokens } = await translated()
    const links = [[1, 2]] as const
    const at = (maps: Float32Array[]) => maps.map((map) => map[tokens.source.length + 2] === 0)
    const everywhere = await translated({ forbidden: { ...nothing, links } })
    expect(at(everywhere.tokens.maps)).toEqual(Array(3 * (heads + 1)).fill(true))
    const layer = await translated({
      forbidden: { ...nothing, everywhere: false, site: 'decoder.1.cross', links },
    })
    expect(at(layer.tokens.maps)).toEqual([0, 1, 2].flatMap((site) => Array(heads + 1).fill(site === 1)))
    const head = await translated({
      forbidden: { ...nothing, everywhere: false, site: 'decoder.2.cross', head: 3, links },
    })
    expect(at(head.tokens.maps).flatMap((is, n) => (is ? [n] : []))).toEqual([2 * (heads + 1) + 3])
  })

  it('nothing forbidden changes nothing', async () => {
    const [before, after] = [await translated(), await translated({ forbidden: nothing })]
    expect(after).toEqual(before)
  })
})

it('what it cannot do is said', async () => {
  const fails = (request: Partial<TranslateRequest>, code: string) =>
    expect(translated(request)).rejects.toSatisfy((e: unknown) => e instanceof HeedError && e.code === code)
  await fails({ model: { name: 'heed-copy' } }, 'unsupported')
  await fails({ forbidden: { everywhere: true, links: [[0, 99]], sources: [] } }, 'not-found')
  const context = {
    signal: new AbortController().signal,
    onProgress: () => undefined,
    onPart: () => undefined,
  }
  expect(await translate({ model, text: 'word '.repeat(300) }, context)).toMatchObject({
    kind: 'too-long',
    limit: MOST_SOURCE_TOKENS,
    of: 'page',
  })
})
