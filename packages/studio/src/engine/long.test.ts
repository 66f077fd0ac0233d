import { capture, ablate } from 'heed/lens'
import { type CausalModel, loadModel } from 'heed/models'
import { afterEach, describe, expect, it } from 'vitest'
import {
  type LongHead,
  longCell,
  longLinks,
  longRead,
  longSize,
  longTile,
  type LongView,
  longWorth,
} from './long'
import { losses } from './long-read'
import { closeModels } from './models'
import type { Context, Progress } from './rpc'
import { TILE } from './tile'

const context: Context = { signal: new AbortController().signal, onProgress: () => undefined }
const model = { name: 'heed-copy' }
/** More than one part of the reading, and more than one tile. */
const text = 'Vixo jumps. The zebra Vixo jumps over 12 logs. '.repeat(28)
const long = { model, text, id: 'a' }
const of: LongHead = { model, id: 'a', site: 'layers.1.self', head: 2 }
afterEach(closeModels)

async function read(asked: object = {}): Promise<LongView> {
  const answer = await longRead({ ...long, ...asked }, context)
  if (answer.kind !== 'read') throw new Error('too long')
  return answer
}

/** The map of one pass over the whole text. */
async function plainMap(run: (cells: Float32Array, T: number) => void | Promise<void>) {
  using loaded = await loadModel('heed-copy')
  using seen = await capture(loaded, text)
  const map = seen.map(of.site, of.head)
  await run(await map.tile(), map.rows)
}

const close = (a: ArrayLike<number>, b: ArrayLike<number>) => {
  expect(a.length).toBe(b.length)
  let most = 0
  for (let i = 0; i < a.length; i++) most = Math.max(most, Math.abs(a[i] - b[i]))
  expect(most).toBeLessThan(1e-5)
}

describe('a long text', () => {
  it('costs what is then held of it', async () => {
    const size = await longSize({ model, text }, context)
    const view = await read()
    // q, k: 4 heads of 32; m, l: 4 heads; two layers; four bytes.
    const bytes = 2 * 4 * view.tokens * (2 * 4 * 32 + 2 * 4)
    expect(size).toEqual({ kind: 'size', tokens: text.length + 1, bytes, held: 2, sites: 2 })
    expect(view).toMatchObject({
      tokens: text.length + 1,
      bytes,
      heads: 4,
      predicts: true,
      site: 'layers.1.self',
    })
    expect(view.labels.split('\n').slice(0, 6)).toEqual(['start', 'V', 'i', 'x', 'o', '·'])
    expect([view.starts[3], view.ends[3]]).toEqual([2, 3])
  })

  it('is read part by part, and its tiles are those of one pass', async () => {
    const stages: Progress[] = []
    await longRead({ ...long }, { ...context, onProgress: (progress) => stages.push(progress) })
    const reading = stages.filter(({ stage }) => stage === 'tokens')
    expect(reading.length).toBeGreaterThan(2)
    expect(reading.at(-1)).toEqual({ stage: 'tokens', done: text.length + 1, total: text.length + 1 })
    await plainMap(async (cells, T) => {
      for (const [level, row, column] of [
        [0, 0, 0],
        [0, 10, 3],
        [0, 3, 10],
        [2, 2, 1],
        [3, 1, 0],
      ])
        for (const pool of ['max', 'mean'] as const) {
          const tile = await longTile({ ...of, level, row, column, pool }, context)
          const [block, side] = [2 ** level, TILE * 2 ** level]
          const [Tq, Tk] = [row, column].map((n) => Math.min(T, (n + 1) * side) - n * side)
          expect([tile.rows, tile.cols]).toEqual([Math.ceil(Tq / block), Math.ceil(Tk / block)])
          const pooled = Array.from(tile.values, (_, n) => {
            const [i, j] = [
              row * side + Math.floor(n / tile.cols) * block,
              column * side + (n % tile.cols) * block,
            ]
            const all: number[] = []
            for (let a = i; a < Math.min(T, i + block); a++)
              for (let b = j; b < Math.min(T, j + block); b++) all.push(cells[a * T + b])
            return pool === 'max' ? Math.max(...all) : all.reduce((sum, w) => sum + w, 0) / all.length
          })
          close(tile.values, pooled)
        }
    })
  })

  it('has the strongest links of its rows, over so many tokens, without special ones', async () => {
    await read()
    const links = await longLinks({ ...of, rows: [700, 1100], apart: 9, most: 5 }, context)
    await plainMap((cells, T) => {
      const all: [number, number, number][] = []
      for (let i = 700; i < 1100; i++) for (let j = 1; j <= i - 9; j++) all.push([cells[i * T + j], i, j])
      all.sort((a, b) => b[0] - a[0])
      close(
        links.weights,
        all.slice(0, 5).map(([weight]) => weight),
      )
      links.queries.forEach((query, n) => {
        expect(query - links.keys[n]).toBeGreaterThanOrEqual(9)
        expect(cells[query * T + links.keys[n]]).toBeCloseTo(links.weights[n], 5)
      })
    })
  })

  it('tells of the strongest cell of a pixel what made it', async () => {
    await read()
    const cell = await longCell({ ...of, rows: [640, 648], cols: [592, 600] }, context)
    await plainMap((cells, T) => {
      let most = 0
      for (let i = 640; i < 648; i++) for (let j = 592; j < 600; j++) most = Math.max(most, cells[i * T + j])
      expect(cell.weight).toBeCloseTo(most, 5)
      expect(cells[cell.query * T + cell.key]).toBeCloseTo(most, 5)
    })
    expect(cell.score).toBeCloseTo(cell.product / Math.sqrt(32), 4)
    expect(Math.exp(cell.score - cell.largest) / cell.sum).toBeCloseTo(cell.weight, 5)
    const ahead = await longCell({ ...of, rows: [3, 4], cols: [9, 10] }, context)
    expect(ahead).toMatchObject({ query: 3, key: 9, weight: 0, score: -Infinity })
  })

  it('says what a head is worth: the losses of one pass with it and without', async () => {
    const own = 'The zebra Vixo jumps. '.repeat(30)
    const worth = await longWorth({ model, text: own, id: 'b', site: of.site, head: of.head }, context)
    using loaded = (await loadModel('heed-copy')) as CausalModel
    const { effect } = await import('heed/lens')
    const { loss } = await effect(loaded, own, [ablate(of.site, of.head)], { maxTokens: 1 })
    expect(worth.before).toBeCloseTo(loss!.before, 4)
    expect(worth.after).toBeCloseTo(loss!.after, 4)
    expect(worth.tokens).toBe(own.length)
    const [before, after] = [
      await losses(loaded, own, [], '', context),
      await losses(loaded, own, [ablate(of.site, of.head)], '', context),
    ]
    const most = Math.max(...after.map((loss, n) => loss - before[n]))
    expect(worth.missed[0].after - worth.missed[0].before).toBeCloseTo(most, 5)
  })

  it('of an encoder is read at once, without a translation', async () => {
    const answer = await longRead({ model: { name: 'heed-en-de' }, text: 'I see a dog.', id: 'c' }, context)
    expect(answer).toMatchObject({ kind: 'read', site: 'encoder.2.self', predicts: false })
    const head = { model: { name: 'heed-en-de' }, id: 'c', site: 'encoder.0.self', head: 0 }
    const { values, rows } = await longTile({ ...head, level: 0, row: 0, column: 0, pool: 'max' }, context)
    for (let i = 0; i < rows; i++)
      expect(values.subarray(i * rows, (i + 1) * rows).reduce((sum, w) => sum + w, 0)).toBeCloseTo(1, 5)
  })
})

describe('what cannot be', () => {
  it('a text longer than the model, with the number and where to cut', async () => {
    const asked = { model: { name: 'heed-describe' }, text: 'a dog and '.repeat(40), id: 'd' }
    for (const answer of [await longSize(asked, context), await longRead(asked, context)])
      expect(answer).toMatchObject({ kind: 'too-long', limit: 64, of: 'model' })
  })

  it('a part of a text that was let go', async () => {
    await read()
    await longRead({ model, text: 'Another one.', id: 'e' }, context)
    await expect(
      longTile({ ...of, level: 0, row: 0, column: 0, pool: 'max' }, context),
    ).rejects.toMatchObject({
      code: 'disposed',
    })
  })

  it('an attention that does not read the text', async () => {
    await expect(read({ site: 'layers.7.self' })).rejects.toThrow(
      'does not read a text at layers.7.self; it does at layers.0',
    )
  })

  it('a reading that is stopped leaves nothing', async () => {
    const controller = new AbortController()
    const onProgress = () => controller.abort()
    await expect(longRead(long, { signal: controller.signal, onProgress })).rejects.toThrow()
    await expect(
      longTile({ ...of, level: 0, row: 0, column: 0, pool: 'max' }, context),
    ).rejects.toMatchObject({
      code: 'disposed',
    })
  })
})
