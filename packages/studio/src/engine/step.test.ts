import { HeedError } from 'heed'
import { see } from 'heed/lens'
import { loadModel } from 'heed/models'
import { afterEach, describe, expect, it } from 'vitest'
import { untouched } from './changes'
import { closeModels } from './models'
import { requests } from './requests'
import type { Context } from './rpc'
import { MOST_TOKENS, step, type StepView } from './step'

const context: Context = { signal: new AbortController().signal, onProgress: () => undefined }
const model = { name: 'heed-en-de' }
const text = 'The elephant is very large.'
afterEach(closeModels)

async function view(
  change: object = {},
  where: object = { site: 'encoder.1.self', head: 2 },
): Promise<StepView> {
  const answer = await step({ model, text, changes: { ...untouched, ...change }, ...where }, context)
  if (answer.kind !== 'view') throw new Error('too long')
  return answer
}

const row = (matrix: ArrayLike<number>, i: number, width: number) =>
  Array.from({ length: width }, (_, j) => matrix[i * width + j])
const near = (a: ArrayLike<number>, b: ArrayLike<number>, eps: number) => {
  expect(a.length).toBe(b.length)
  const most = Math.max(1e-3, ...Array.from(b, Math.abs))
  for (let i = 0; i < a.length; i++) expect(Math.abs(a[i] - b[i])).toBeLessThanOrEqual(eps * most)
}

describe('one head, step by step', () => {
  it('has the weights of `see`, to the bit, at every kind of site', async () => {
    for (const site of ['encoder.1.self', 'decoder.0.self', 'decoder.2.cross']) {
      const { now, before, sizes } = await view({}, { site, head: 2 })
      using loaded = await loadModel('heed-en-de')
      const seen = await see(loaded, text, { sites: [site], heads: [2] })
      expect(Array.from(now.weights, (w) => Number(w.toPrecision(9)))).toEqual(seen.maps[0].weights.flat())
      expect(now.weights).toEqual(before.weights)
      expect(sizes).toMatchObject({ Tq: seen.maps[0].weights.length, Tk: seen.maps[0].weights[0].length })
    }
  })

  it('each step follows from the one before', async () => {
    const { q, k, v, now, sizes, scale } = await view()
    const { Tq, Tk, d, dv } = sizes
    for (let i = 0; i < Tq; i++) {
      const [qi, products] = [row(q, i, d), row(now.products, i, Tk)]
      near(
        products,
        Array.from({ length: Tk }, (_, j) => qi.reduce((sum, x, c) => sum + x * k[j * d + c], 0)),
        1e-5,
      )
      near(
        row(now.scaled, i, Tk),
        products.map((s) => s * scale),
        1e-6,
      )
      near(row(now.each, i, Tk), row(now.scores, i, Tk).map(Math.exp), 1e-12)
      near(
        row(now.weights, i, Tk),
        row(now.each, i, Tk).map((e) => e / now.sums[i]),
        1e-5,
      )
      const mixed = Array.from({ length: dv }, (_, c) =>
        row(now.weights, i, Tk).reduce((sum, w, j) => sum + w * v[j * dv + c], 0),
      )
      near(row(now.out, i, dv), mixed, 1e-5)
    }
  })

  it('x W + b is q, k and v', async () => {
    const at = { site: 'decoder.1.cross', head: 3 }
    const { read, q, k, v, sizes } = await view({}, at)
    const W = await requests.projections({ model, text, ...at }, context)
    for (const [x, { values, columns, bias }, made] of [
      [read.queries, W.q, q],
      [read.keys, W.k, k],
      [read.keys, W.v, v],
    ] as const)
      for (const i of [0, 3]) {
        const xi = row(x, i, sizes.D)
        const expected = Array.from({ length: columns }, (_, c) =>
          xi.reduce((sum, number, r) => sum + number * values[r * columns + c], bias![c]),
        )
        near(row(made, i, columns), expected, 1e-4)
      }
  })
})

describe('changes', () => {
  it('no scale: weights are softmax of the products', async () => {
    const { now, before, unscaled, isChanged } = await view({ scale: false })
    expect(isChanged).toBe(true)
    expect(now.scaled).toEqual(now.products)
    expect(now.products).toEqual(before.products)
    expect(now.weights).toEqual(unscaled)
    expect(now.weights).not.toEqual(before.weights)
  })

  it('temperature divides scores', async () => {
    const { now, before } = await view({ temperature: 2 })
    near(
      now.scores,
      before.scores.map((s) => s / 2),
      1e-6,
    )
  })

  it.each(['softmax', 'sparsemax', 'relu', 'hardmax'] as const)('%s: rows sum to 1', async (normalizer) => {
    const { now, sizes } = await view({ normalizer })
    for (let i = 0; i < sizes.Tq; i++)
      expect(row(now.weights, i, sizes.Tk).reduce((a, b) => a + b)).toBeCloseTo(1, 5)
    if (normalizer === 'sparsemax')
      near(
        now.weights,
        now.scores.map((s, at) => Math.max(0, s - now.thresholds![Math.floor(at / sizes.Tk)])),
        1e-5,
      )
  })

  it('causal: nobody looks ahead; and the model’s own mask can be taken away', async () => {
    const { now, sizes, mask } = await view({ mask: 'causal' })
    expect(mask).toEqual({ causal: false, window: false })
    now.weights.forEach((w, at) => {
      if (at % sizes.Tk > Math.floor(at / sizes.Tk)) expect(w).toBe(0)
    })
    const decoder = await view({ mask: 'none' }, { site: 'decoder.0.self', head: 0 })
    expect(decoder.mask.causal).toBe(true)
    expect(decoder.before.weights[1]).toBe(0)
    expect(decoder.now.weights[1]).toBeGreaterThan(0)
  })

  it('forbidden links get nothing, and rows without any are zeros', async () => {
    const all = Array.from({ length: 10 }, (_, j) => [1, j] as const)
    const { now, before, sizes } = await view({ forbidden: [[0, 2], ...all] })
    expect(sizes.Tk).toBe(10)
    expect(now.weights[2]).toBe(0)
    expect(now.scores[2]).toBe(-Infinity)
    expect(row(now.weights, 1, 10)).toEqual(Array(10).fill(0))
    expect(row(now.out, 1, sizes.dv)).toEqual(Array(sizes.dv).fill(0))
    near(row(now.weights, 5, 10), row(before.weights, 5, 10), 1e-6)
  })
})

describe('what is opened', () => {
  it('without a head: the one with the strongest link between two whole words, and that link', async () => {
    const { site, head, strongest, before, queries, keys, sizes } = await view({}, {})
    const weight = before.weights[strongest.query * sizes.Tk + strongest.key]
    const whole = (token: { text: string }) => ['The', 'is', 'very', 'large'].includes(token.text)
    expect(whole(queries[strongest.query]) && whole(keys[strongest.key])).toBe(true)
    using loaded = await loadModel('heed-en-de')
    const { maps } = await see(loaded, text, { sites: 'encoder.*' })
    const of = (weights: number[][]) =>
      weights.flatMap((ws, i) => ws.filter((_, j) => i !== j && whole(queries[i]) && whole(keys[j])))
    const best = maps.reduce((a, b) => (Math.max(...of(b.weights)) > Math.max(...of(a.weights)) ? b : a))
    expect({ site, head }).toEqual({ site: best.site, head: best.head })
    expect(weight).toBeCloseTo(Math.max(...of(best.weights)), 6)
  })

  it('says of a model what there is', async () => {
    const info = await requests.open(model, context)
    expect(info).toMatchObject({ name: 'heed-en-de', heads: 4, limit: 256, translates: true })
    expect(info.sites).toHaveLength(9)
    expect(info.parameters).toBeGreaterThan(7e6)
  })

  it('a causal model of bytes too', async () => {
    const answer = await step({ model: { name: 'heed-copy' }, text: 'abcab', changes: untouched }, context)
    expect(answer).toMatchObject({ kind: 'view', mask: { causal: true }, turned: { rotary: true } })
  })

  it('a text that is too long: how long, and where it may be cut', async () => {
    const long = 'word '.repeat(1000)
    const answer = await step({ model, text: long, changes: untouched }, context)
    if (answer.kind !== 'too-long') throw new Error('not too long')
    expect(answer).toMatchObject({ limit: MOST_TOKENS, of: 'model' })
    expect(answer.tokens).toBeGreaterThan(1000)
    const again = await step(
      { model, text: long.slice(0, answer.cut), changes: untouched, site: 'encoder.0.self', head: 0 },
      context,
    )
    expect(again).toMatchObject({ kind: 'view', sizes: { Tq: MOST_TOKENS } })
  })

  it('sites, heads and models that there are not', async () => {
    const fails = (where: object, code: string) =>
      expect(view({}, where)).rejects.toSatisfy((e: unknown) => e instanceof HeedError && e.code === code)
    await fails({ site: 'encoder.9.self', head: 0 }, 'not-found')
    await fails({ site: 'encoder.0.self', head: 4 }, 'not-found')
    await fails({ model: { name: 'no-such-model' } }, 'not-found')
    await fails({ text: ' ' }, 'input')
  })
})
