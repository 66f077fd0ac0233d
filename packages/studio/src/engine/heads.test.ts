import { HeedError } from 'heed'
import { damageOf, effect, forbid, headEffects, measureHeads, see } from 'heed/lens'
import { loadModel } from 'heed/models'
import { afterEach, describe, expect, it } from 'vitest'
import { argmax, rowOf } from '../look/numbers'
import { head, type HeadRequest, type HeadView, heads, type HeadsView } from './heads'
import { damages, link, type Worth, worth } from './heads-worth'
import { closeModels } from './models'
import type { Context } from './rpc'
import { MOST_TOKENS, step } from './step'
import { untouched } from './changes'

const context: Context = { signal: new AbortController().signal, onProgress: () => undefined }
const model = { name: 'heed-en-de' }
const text = 'The elephant is very large.'
const at = { site: 'encoder.2.self', head: 3 }
afterEach(closeModels)

async function all(request: Parameters<typeof heads>[0] = { model, text }): Promise<HeadsView> {
  const answer = await heads(request, context)
  if (answer.kind !== 'view') throw new Error('too long')
  return answer
}
async function one(request: Partial<HeadRequest> = at): Promise<HeadView> {
  const answer = await head({ model, text, over: 'tokens', ...request }, context)
  if (answer.kind !== 'view') throw new Error('too long')
  return answer
}

describe('all heads', () => {
  it('have the measures of `heed heads` and the maps of `heed see`', async () => {
    const view = await all()
    using loaded = await loadModel('heed-en-de')
    const rows = await measureHeads(loaded, [text])
    const { maps, output } = await see(loaded, text)
    expect(view.output).toBe(output)
    expect(view.heads.map(({ site, head }) => ({ site, head }))).toEqual(
      rows.map(({ site, head }) => ({ site, head })),
    )
    view.heads.forEach(({ means, cells, rows: height, columns }, n) => {
      expect(means).toEqual(rows[n].means)
      expect([height, columns]).toEqual([maps[n].weights.length, maps[n].weights[0].length])
      expect(Array.from(cells, (w) => Number(w.toPrecision(9)))).toEqual(maps[n].weights.flat())
    })
  })

  it('of a long text are pooled by their largest; where each query looks most is of its own tokens', async () => {
    const request = { model: { name: 'heed-copy' }, text: 'abcdefghij'.repeat(10) }
    const { heads } = await all({ ...request, withTops: true })
    const [{ cells, rows, columns, tops }] = heads
    expect([rows, columns]).toEqual([64, 64])
    const map = await one({
      model: { name: 'heed-copy' },
      text: 'abcdefghij'.repeat(10),
      site: heads[0].site,
      head: 0,
    })
    expect(Math.max(...cells)).toBe(Math.max(...map.weights))
    const width = map.keys.length
    expect(tops).toHaveLength(map.queries.length)
    expect([...tops!]).toEqual(map.queries.map((_, i) => argmax(rowOf(map.weights, i, width))))
    expect((await all(request)).heads[0].tops).toBeUndefined()
  })

  it('too long a text: how long', async () => {
    const answer = await heads({ model, text: 'word '.repeat(1000) }, context)
    expect(answer).toMatchObject({ kind: 'too-long', limit: MOST_TOKENS })
  })
})

describe('one head', () => {
  it('opens where the step page opens', async () => {
    const { site, head } = await one({})
    expect(await step({ model, text, changes: untouched }, context)).toMatchObject({ site, head })
  })

  it('over words: added over keys, averaged over queries, each with its tokens', async () => {
    const tokens = await one()
    const words = await one({ ...at, over: 'words' })
    expect(words.queries.map(({ text }) => text)).toEqual(['The', 'elephant', 'is', 'very', 'large.', '</s>'])
    words.rows.forEach(([from, to], i) =>
      words.columns.forEach(([start, end], j) => {
        let sum = 0
        for (let q = from; q < to; q++)
          for (let k = start; k < end; k++) sum += tokens.weights[q * tokens.columns.length + k]
        expect(words.weights[i * words.columns.length + j]).toBeCloseTo(sum / (to - from), 6)
      }),
    )
    const { query, key } = words.strongest
    expect(words.rows[query][0]).toBeLessThanOrEqual(tokens.strongest.query)
    expect(words.columns[key][0]).toBeLessThanOrEqual(tokens.strongest.key)
  })

  it('rows of a cross-attention are the words being written', async () => {
    const view = await one({ site: 'decoder.1.cross', head: 0, over: 'words' })
    expect(view.queries.map(({ text }) => text)).toEqual(['Der', 'Elefant', 'ist', 'sehr', 'groß.', '</s>'])
    expect(view.rows.at(-1)![1]).toBe((await one({ site: 'decoder.1.cross', head: 0 })).rows.length)
    expect(view.ofPredicted).toBe(true)
  })

  it('that there is not: an error, or the opening one where another model was asked', async () => {
    const wrong = { site: 'encoder.9.self', head: 0 }
    await expect(one(wrong)).rejects.toSatisfy(
      (e: unknown) => e instanceof HeedError && e.code === 'not-found',
    )
    expect(await one({ model: { name: 'heed-describe' }, ...at, orOpening: true })).toMatchObject({
      model: 'heed-describe',
      site: 'layers.0.self',
    })
  })
})

describe('what a head is worth', () => {
  it('is the effect of the lens, taken out or replaced by its mean', async () => {
    using loaded = await loadModel('heed-en-de')
    const cross = { site: 'decoder.2.cross', head: 1 }
    const [expected] = await headEffects(loaded, text, { sites: cross.site, heads: [1] })
    const { text: _, ...parts } = expected.effect
    const found = await worth({ model, text, ...cross, change: { to: 'zero' } }, context)
    expect(found).toMatchObject({ ...parts, damage: damageOf(parts), damageName: 'loss', described: null })
    const mean = await worth({ model, text, ...cross, change: { to: 'mean' } }, context)
    expect(mean.loss!.before).toBe(found.loss!.before)
    expect(mean.loss!.after).not.toBe(found.loss!.after)
  })

  it('of all heads of a site at once', async () => {
    const { damages: found, damageName } = await damages(
      { model, text, site: 'decoder.2.cross', to: 'zero' },
      context,
    )
    const single = await worth(
      { model, text, site: 'decoder.2.cross', head: 1, change: { to: 'zero' } },
      context,
    )
    expect(damageName).toBe('loss')
    expect(found).toHaveLength(4)
    expect(found[1]).toBe(single.damage)
  })

  it('of links: forbidden, and link by link as `heed see --matters`', async () => {
    using loaded = await loadModel('heed-en-de')
    const pairs: [number, number][] = [
      [1, 4],
      [2, 5],
    ]
    const { text: _, ...expected } = await effect(loaded, text, [forbid(at.site, pairs, { heads: at.head })])
    expect(await worth({ model, text, ...at, change: { links: pairs } }, context)).toMatchObject(expected)
    const { links } = await one()
    expect(links).toHaveLength(5)
    const [{ queries, keys, weight }] = links
    expect(weight).toBeGreaterThan(0.1)
    const { logProb, cosine, output } = await link({ model, text, ...at, queries, keys }, context)
    expect(cosine).toBeNull()
    const cut = Array.from({ length: queries[1] - queries[0] }, (_, i) => queries[0] + i).flatMap((i) =>
      Array.from({ length: keys[1] - keys[0] }, (_, j): [number, number] => [i, keys[0] + j]),
    )
    const whole = await effect(loaded, text, [forbid(at.site, cut, { heads: at.head })])
    expect(output).toEqual(whole.output)
    // The loss is the mean over the translation's tokens and its end.
    const target = (await loaded.run(text)).tokens as { target: unknown[] }
    expect(-logProb!.after / target.target.length).toBeCloseTo(whole.loss!.after, 5)
  })

  it('of a model that says which word describes which: what it then says', async () => {
    const of = { model: { name: 'heed-describe' }, text, site: 'layers.0.self' }
    const changed: Worth[] = []
    for (const head of [0, 1, 2, 3])
      changed.push(await worth({ ...of, head, change: { to: 'zero' } }, context))
    for (const { described, damageName, embedding } of changed) {
      expect(described!.before).toMatchObject([{ text: 'elephant', by: { text: 'large' } }])
      expect(damageName).toBe('1 − cosine')
      expect(embedding).not.toBeNull()
    }
    expect(changed.some(({ described }) => described!.after[0]?.by.text !== 'large')).toBe(true)
  })

  it('of a model that goes on from a text', async () => {
    const of = { model: { name: 'heed-copy' }, text: 'abcab', site: 'layers.1.self', head: 0 }
    const found = await worth({ ...of, change: { to: 'zero' } }, context)
    expect(found.predictions[0].position).toBe(5) // a start token and five bytes
    expect(found.loss).not.toBeNull()
    const { links } = await one(of)
    const { logProb, output } = await link({ ...of, ...links[0] }, context)
    expect([logProb, output].includes(null)).toBe(false)
  })
})
