import { expect, test } from 'vitest'
import { type CausalModel, type Intervention, Run } from '../models/index.js'
import { attention, attentionScores, normalizers, randn, softmax, tensor } from '../ops/index.js'
import { elementsOf } from '../ops/host.js'
import { scope } from '../tensor/index.js'
import { coded, expectWithin, held, onBackends } from '../testing/index.js'
import { tinyGpt2 } from '../testing/tiny-gpt2.js'
import { tinyTransformer } from '../testing/tiny-transformer.js'
import { ablate, capture, forbid, headMeans, normMap, replacePattern, rescale, swapSoftmax } from './index.js'

const text = 'the dog sees the cat'
const [H, D] = [2, 8]
const width = D / H

/** Every weight of every row of one head: [queries][keys]. */
async function mapOf(
  model: Parameters<typeof capture>[0],
  site: string,
  head: number,
  changes: Intervention[] = [],
  of = text,
): Promise<number[][]> {
  using captured = await capture(model, of, {
    sites: site,
    with: changes,
    ...('translate' in model && { target: 'der' }),
  })
  const map = captured.map(site, head)
  const cells = [...(await map.tile())]
  return Array.from({ length: map.rows }, (_, i) => cells.slice(i * map.cols, (i + 1) * map.cols))
}

const hidden = async (model: CausalModel, ...changes: Intervention[]) =>
  (await model.run(text, { with: changes })).hidden

onBackends('interventions', () => {
  test('a map under a mask is walked over, and leaves nothing behind', async () => {
    using model = tinyGpt2()
    using seen = await capture(model, text, {
      sites: 'layers.0.self',
      with: [forbid('layers.0.self', [[3, 1]])],
    })
    const map = seen.map('layers.0.self', 1)
    const one = (n: number) => ({ start: n, end: n + 1, text: '' })
    const rows = await map.over({ queries: [one(3)], keys: [one(0), one(1), one(2), one(3)] })
    expect(rows[0][1]).toBe(0)
    expect(rows[0][0]).toBe(await map.cell(3, 0))
  })

  test('a head that gives zeros is a head whose rows of W_O are gone', async () => {
    using model = tinyGpt2()
    using cut = tinyGpt2()
    const output = elementsOf(cut.weights['transformer.h.1.attn.c_proj.weight'])
    output.fill(0, width * D, 2 * width * D)
    await expectWithin(await hidden(model, ablate('layers.1.self', 1)), await hidden(cut), 2e-6)
    output.fill(0)
    await expectWithin(await hidden(model, ablate('layers.1.self')), await hidden(cut), 2e-6)
    expect(await hidden(model, ablate('layers.1.self', []))).toEqual(await hidden(model))
  })

  test('a head that gives its mean over other texts adds the same to every position', async () => {
    using model = tinyGpt2()
    using cut = tinyGpt2()
    const texts = ['the cat', 'der Hund sieht']
    const means = await headMeans(model, texts, { sites: 'layers.0.*' })
    expect([...means.keys()]).toEqual(['layers.0.self'])
    const outputs = held(
      await Promise.all(
        texts.map(async (one) => {
          using captured = await capture(model, one, { sites: 'layers.0.heads' })
          const out = captured.activation('layers.0.heads')
          return out.view(out.shape).keep()
        }),
      ),
    )
    const rows = (await Promise.all(outputs.map((out) => out.data()))).flatMap((data) => [...data])
    const head1 = rows.filter((_, i) => i % D >= width)
    for (let d = 0; d < width; d++) {
      const own = head1.filter((_, i) => i % width === d)
      expect(means.get('layers.0.self')![1][d]).toBeCloseTo(own.reduce((a, b) => a + b) / own.length, 6)
    }
    // b + mean · W_O's rows of the head, which are then gone
    const W = elementsOf(cut.weights['transformer.h.0.attn.c_proj.weight'])
    const b = elementsOf(cut.weights['transformer.h.0.attn.c_proj.bias'])
    means.get('layers.0.self')![1].forEach((x, d) => {
      for (let o = 0; o < D; o++) b[o] += x * W[(width + d) * D + o]
    })
    W.fill(0, width * D)
    await expectWithin(
      await hidden(model, ablate('layers.0.self', 1, { to: means })),
      await hidden(cut),
      5e-6,
    )
    await expect(hidden(model, ablate('layers.1.self', 1, { to: means }))).rejects.toThrow(
      coded('not-found', 'layers.1.self', 'layers.0.self'),
    )
    using other = tinyGpt2({ n_head: 4 })
    await expect(hidden(other, ablate('layers.0.self', 1, { to: means }))).rejects.toThrow(
      coded('input', '2 heads', '4'),
    )
    await expect(headMeans(model, [])).rejects.toThrow(coded('input', 'no text'))
  })

  test('a pattern that names self-attentions leaves cross-attentions alone', async () => {
    using model = tinyTransformer()
    const after = async (...changes: Intervention[]) =>
      (await model.run(text, { target: 'der Hund', with: changes })).logits
    const both = await after(ablate(['decoder.0.self', 'decoder.1.self'], 0))
    expect(await after(ablate('decoder.*.self', 0))).toEqual(both)
    expect(await after(ablate('*.self', 0))).not.toEqual(both)
    expect(await after(ablate('*', [0, 1]))).toEqual(
      await after(ablate('encoder.*', 0), ablate('encoder.*', 1), ablate('decoder.*', [1, 0])),
    )
  })

  test('heads are named by their attention: what names none is not found', async () => {
    using model = tinyGpt2()
    for (const name of ['layers.0.heads', '*.output', 'embedding'])
      await expect(hidden(model, ablate(name, 1))).rejects.toThrow(
        coded('not-found', `'${name}'`, 'layers.0.self'),
      )
    await expect(hidden(model, ablate(['*.self', '*.heads']))).rejects.toThrow(
      coded('not-found', "'*.heads'"),
    )
  })

  test('a map of norms is no pattern', async () => {
    using model = tinyGpt2()
    using captured = await capture(model, text, { values: true })
    const norms = await normMap(model, captured, 'layers.0.self', 0)
    expect(() => replacePattern('layers.0.self', norms)).toThrow(coded('option', 'norms', 'captured.map'))
  })

  test('uniform: 1/n over the n keys that a query may see, of the heads named', async () => {
    using gpt2 = tinyGpt2()
    const change = replacePattern('layers.1.self', 'uniform', { heads: 0 })
    const map = await mapOf(gpt2, 'layers.1.self', 0, [change])
    map.forEach((row, i) => row.forEach((w, j) => expect(w).toBeCloseTo(j <= i ? 1 / (i + 1) : 0, 7)))
    expect(await mapOf(gpt2, 'layers.1.self', 1, [change])).toEqual(await mapOf(gpt2, 'layers.1.self', 1))
    using model = tinyTransformer()
    const even = await mapOf(model, 'encoder.0.self', 1, [replacePattern('encoder.*', 'uniform')])
    for (const w of even.flat()) expect(w).toBeCloseTo(1 / even.length, 7)
  })

  test('uniform knows no bias, and sees what is masked', async () => {
    const [q, k, v] = held([1, 2, 3].map((seed) => randn([1, 3, H, width], { seed })))
    using bias = tensor([0, 5, -Infinity, 1, 2, 3, 4, 0, 0], [1, 1, 3, 3])
    const run = new Run(names, { with: [replacePattern('s', 'uniform', { heads: 1 })] })
    const [out, plain] = held(scope(() => [run.attend('s', q, k, v, { bias }), attention(q, k, v, { bias })]))
    const [got, before, values] = [await out.data(), await plain.data(), await v.data()]
    for (let i = 0; i < 3; i++)
      for (let d = 0; d < D; d++) {
        const seen = [0, 1, 2].filter((j) => i > 0 || j < 2)
        const mean = seen.reduce((sum, j) => sum + values[j * D + d], 0) / seen.length
        expect(got[i * D + d]).toBeCloseTo(d < width ? before[i * D + d] : mean, 5)
      }
  })

  test('forbidden links have no weight, and the others of the row share it', async () => {
    using model = tinyTransformer()
    const before = await mapOf(model, 'encoder.1.self', 1)
    const change = forbid(
      'encoder.1.self',
      [
        [2, 0],
        [2, 3],
        [4, 1],
      ],
      { heads: 1 },
    )
    const after = await mapOf(model, 'encoder.1.self', 1, [change])
    for (const [i, gone] of [
      [2, [0, 3]],
      [4, [1]],
      [0, []],
    ] as const) {
      const left = 1 - gone.reduce<number>((sum, j) => sum + before[i][j], 0)
      after[i].forEach((w, j) =>
        expect(w).toBeCloseTo((gone as readonly number[]).includes(j) ? 0 : before[i][j] / left, 6),
      )
    }
    expect(await mapOf(model, 'encoder.1.self', 0, [change])).toEqual(await mapOf(model, 'encoder.1.self', 0))
    // In all heads, one forbidding after another is both at once.
    const together = await mapOf(model, 'encoder.1.self', 0, [
      forbid('encoder.1.self', [
        [2, 0],
        [4, 1],
      ]),
    ])
    const pieces = [forbid('encoder.1.self', [[2, 0]]), forbid('encoder.1.self', [[4, 1]])]
    expect(await mapOf(model, 'encoder.1.self', 0, pieces)).toEqual(together)
    expect((await mapOf(model, 'encoder.1.self', 0, [...pieces, change]))[2]).toEqual(together[2])
  })

  test('forbidding every link but one is the pattern with that link alone', async () => {
    using model = tinyTransformer()
    const before = await mapOf(model, 'encoder.0.self', 1)
    const pattern = before.map((row, i) => (i === 3 ? row.map((_, j) => (j === 5 ? 1 : 0)) : row))
    const pairs = before[3].flatMap((_, j): [number, number][] => (j === 5 ? [] : [[3, j]]))
    const logits = async (change: Intervention) =>
      (await model.run(text, { target: 'der', with: [change] })).logits
    const forbidden = await logits(forbid('encoder.0.self', pairs, { heads: 1 }))
    await expectWithin(await logits(replacePattern('encoder.0.self', pattern, { heads: 1 })), forbidden, 1e-5)
    expect(forbidden).not.toEqual((await model.run(text, { target: 'der' })).logits)
    // A query that may see nothing gives zeros, as a pattern of zeros does.
    const none = before.map((row, i) => (i === 3 ? row.map(() => 0) : row))
    await expectWithin(
      await logits(forbid('encoder.0.self', [...pairs, [3, 5]], { heads: 1 })),
      await logits(replacePattern('encoder.0.self', none, { heads: 1 })),
      1e-5,
    )
  })

  test('rescaled scores, of all heads or some', async () => {
    using model = tinyGpt2()
    const q = {
      sites: 'layers.0.self',
      attention: ({ options }) => ({ options: { ...options, scale: 1.5 } }),
    } as Intervention
    const all = rescale('layers.0.self', 3)
    await expectWithin(await hidden(model, all), await hidden(model, q), 1e-6)
    const one = rescale('layers.0.self', 3, { heads: 0 })
    const [both, some] = [
      await mapOf(model, 'layers.0.self', 0, [all]),
      await mapOf(model, 'layers.0.self', 0, [one]),
    ]
    some.flat().forEach((w, n) => expect(w).toBeCloseTo(both.flat()[n], 6))
    expect(await mapOf(model, 'layers.0.self', 1, [one])).toEqual(await mapOf(model, 'layers.0.self', 1))
    // Halving and doubling are exact.
    expect(await hidden(model, rescale('*', 4), rescale('*', 0.25))).toEqual(await hidden(model))
    await expectWithin(
      await hidden(model, rescale('*', 0)),
      await hidden(model, replacePattern('*', 'uniform')),
      1e-6,
    )
  })

  test('another normaliser makes the weights of its heads', async () => {
    using model = tinyGpt2()
    await expectWithin(await hidden(model, swapSoftmax('*', 'softmax')), await hidden(model), 1e-5)
    using captured = await capture(model, text, { sites: 'layers.0.self' })
    const { q, k, options } = captured.attention('layers.0.self')
    const [sparse, soft] = held(
      scope(() => [
        normalizers.sparsemax(attentionScores(q, k, options)),
        softmax(attentionScores(q, k, options)),
      ]),
    )
    const T = q.shape[1]
    const change = swapSoftmax('layers.0.self', 'sparsemax', { heads: 1 })
    for (const [head, expected] of [
      [0, soft],
      [1, sparse],
    ] as const) {
      const rows = [...(await expected.data())].slice(head * T * T, (head + 1) * T * T)
      const map = await mapOf(model, 'layers.0.self', head, [change])
      map.flat().forEach((w, n) => expect(w).toBeCloseTo(rows[n], 6))
    }
    const own = swapSoftmax('*', (scores) => normalizers.sparsemax(scores))
    expect(await hidden(model, own)).toEqual(await hidden(model, swapSoftmax('*', 'sparsemax')))
    // Scores first, then what makes weights of them.
    expect(await hidden(model, rescale('*', 2), own)).not.toEqual(await hidden(model, own))
  })

  test('a map of another run is put in place: to the bit by q and k, else by its weights', async () => {
    using model = tinyGpt2()
    using own = await capture(model, text)
    using other = await capture(model, 'the cat sees the dog')
    const site = 'layers.1.self'
    expect(await hidden(model, replacePattern(site, own.map(site, 1), { heads: 1 }))).toEqual(
      await hidden(model),
    )
    const change = replacePattern(site, other.map(site, 0), { heads: 1 })
    expect((await mapOf(model, site, 1, [change])).flat()).toEqual([...(await other.map(site, 0).tile())])
    expect(await mapOf(model, site, 0, [change])).toEqual(await mapOf(model, site, 0))
    // A mean of heads, and a map made under other rules, have no q and k of their own.
    const mean = replacePattern(site, other.mean({ sites: site }), { heads: 1 })
    const expected = await other.mean({ sites: site }).tile()
    ;(await mapOf(model, site, 1, [mean])).flat().forEach((w, n) => expect(w).toBeCloseTo(expected[n], 6))
    using sharp = await capture(model, text, { sites: site, with: [rescale(site, 3)] })
    const sharper = await sharp.map(site, 1).tile()
    const map = await mapOf(model, site, 1, [replacePattern(site, sharp.map(site, 1))])
    map.flat().forEach((w, n) => expect(w).toBeCloseTo(sharper[n], 6))
    using short = await capture(model, 'the cat')
    await expect(hidden(model, replacePattern(site, short.map(site, 0)))).rejects.toThrow(
      coded('input', `${short.map(site, 0).rows} queries`, `${own.map(site, 0).rows} ×`),
    )
  })
})

const names = { sites: ['s'], activations: ['s.heads'] }
