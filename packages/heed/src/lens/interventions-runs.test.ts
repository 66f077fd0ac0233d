import { expect, test } from 'vitest'
import { Cache, type CausalModel, type Intervention, Run, translateIds } from '../models/index.js'
import { attention, randn, slice, tensor, zeros } from '../ops/index.js'
import { scope, type Tensor } from '../tensor/index.js'
import { coded, expectWithin, gradcheck, held, onBackends } from '../testing/index.js'
import { knownMap } from '../testing/known-map.js'
import { tinyGpt2 } from '../testing/tiny-gpt2.js'
import { tinyTransformer } from '../testing/tiny-transformer.js'
import {
  ablate,
  AttentionMap,
  capture,
  forbid,
  headMeans,
  type PositionPair,
  replacePattern,
  rescale,
  see,
  swapSoftmax,
} from './index.js'

const text = 'the dog sees the cat'
const names = { sites: ['s'], activations: ['s.heads'] }

/** log p of every token of a generation. */
async function generated(model: CausalModel, changes: Intervention[], cache: boolean): Promise<number[]> {
  const found: number[] = []
  const options = { maxTokens: 12, endIds: [], temperature: 2, seed: 5, cache, with: changes }
  for await (const { logProb } of model.generate(text, options)) found.push(logProb)
  return found
}

onBackends('interventions in every kind of run', () => {
  test('a generation is the same with a cache and without', async () => {
    using model = tinyGpt2()
    const means = await headMeans(model, ['der Hund', 'the cat'])
    const prompt = model.tokenizer!.encodeIds(text).length
    // In the prompt, from a generated position to the prompt, and among generated ones.
    const pairs: PositionPair[] = [
      [2, 0],
      [prompt + 1, 3],
      [prompt + 4, prompt + 2],
    ]
    const changes: Record<string, Intervention[]> = {
      zero: [ablate('layers.1.self', 0)],
      mean: [ablate('layers.*.self', 1, { to: means })],
      uniform: [replacePattern('layers.0.self', 'uniform', { heads: 1 })],
      forbid: [forbid('layers.*', pairs)],
      'forbid in a head': [forbid('layers.1.self', pairs, { heads: 0 })],
      rescale: [rescale('layers.0.self', 3), rescale('layers.1.self', 0.2, { heads: 0 })],
      softmax: [swapSoftmax('layers.1.self', 'sparsemax')],
      all: [
        rescale('*.self', 2),
        forbid('*.self', pairs),
        swapSoftmax('*.self', 'relu', { heads: 1 }),
        ablate('*', 0),
      ],
    }
    const plain = await generated(model, [], true)
    for (const [name, change] of Object.entries(changes)) {
      const cached = await generated(model, change, true)
      await expectWithin(await generated(model, change, false), cached, 1e-5, name)
      expect(cached, name).not.toEqual(plain)
    }
  })

  test('a translation found step by step, beam by beam, has the log p of one pass over the pair', async () => {
    using model = tinyTransformer()
    const source = model.sourceIds(text)
    const { eos_token_id: eos } = model.config
    const changes: Record<string, Intervention[]> = {
      none: [],
      'a query of the cross-attention': [
        forbid('decoder.*.cross', [
          [1, 0],
          [3, 2],
          [3, 3],
        ]),
      ],
      'of one head': [
        forbid(
          'decoder.1.cross',
          [
            [2, 1],
            [0, 4],
          ],
          { heads: 1 },
        ),
      ],
      'of the target': [
        forbid('decoder.*.self', [
          [2, 0],
          [4, 4],
        ]),
      ],
      'a pattern for every position': [
        replacePattern(
          'decoder.0.cross',
          Array.from({ length: 20 }, (_, i) => Array.from(source, (_, j) => Number(j === i % source.length))),
          { heads: 0 },
        ),
      ],
      several: [
        ablate('encoder.0.self', 1),
        rescale('decoder.*', 2, { heads: 0 }),
        swapSoftmax('*.cross', 'sparsemax'),
      ],
    }
    const scores = new Set<number>()
    for (const [name, change] of Object.entries(changes))
      for (const beam of [1, 3]) {
        const [{ tokens, logProb }] = await translateIds(model, [source], {
          beam,
          maxLength: 12,
          with: change,
        })
        const { logits } = await model.run(text, { target: tokens, with: change })
        const V = model.config.vocab_size
        const sum = [...tokens, eos].reduce((sum, id, t) => {
          const row = logits.subarray(t * V, (t + 1) * V)
          return sum + row[id] - Math.log(row.reduce((a, x) => a + Math.exp(x), 0))
        }, 0)
        expect(logProb, name).toBeCloseTo(sum, 4)
        if (beam === 1) scores.add(logProb)
      }
    expect(scores.size).toBe(Object.keys(changes).length)
  })

  test('see, capture, embed and translate pass on what changes the pass', async () => {
    using model = tinyTransformer()
    const change = [ablate('encoder.0.self')]
    const [plain, changed] = [
      await see(model, text, { target: 'x' }),
      await see(model, text, { target: 'x', with: change }),
    ]
    const of = (seen: typeof plain, site: string) =>
      seen.maps.filter((map) => map.site === site).map(({ weights }) => weights)
    expect(of(changed, 'encoder.0.self')).toEqual(of(plain, 'encoder.0.self'))
    expect(of(changed, 'encoder.1.self')).not.toEqual(of(plain, 'encoder.1.self'))
    using captured = await capture(model, text, { sites: 'encoder.0.heads', with: change })
    expect(new Set(await captured.activation('encoder.0.heads').data())).toEqual(new Set([0]))
    expect(await model.embed([text], { with: change })).not.toEqual(await model.embed([text]))
    expect(await model.translate([text], { with: change })).not.toEqual(await model.translate([text]))
    using gpt2 = tinyGpt2()
    const own = [ablate('layers.0.self')]
    expect(await gpt2.embed([text], { with: own })).not.toEqual(await gpt2.embed([text]))
    expect(await gpt2.complete(text, { maxTokens: 8, with: own })).not.toBe(
      await gpt2.complete(text, { maxTokens: 8 }),
    )
  })

  test('query heads that share keys are changed one by one', async () => {
    const shapes = [
      [1, 3, 4, 2],
      [1, 3, 2, 2],
      [1, 3, 2, 2],
    ]
    const [q, k, v] = held(shapes.map((shape, seed) => randn(shape, { seed })))
    const through = async (...changes: Intervention[]) => [
      ...(await held(
        scope(() => new Run(names, { with: changes }).attend('s', q, k, v, { causal: true })),
      ).data()),
    ]
    const before = await through()
    const first = [
      [1, 0, 0],
      [1, 0, 0],
      [1, 0, 0],
    ]
    const after = await through(
      replacePattern('s', first, { heads: 1 }),
      swapSoftmax('s', 'hardmax', { heads: 2 }),
      ablate('s', 0),
    )
    const values = await v.data()
    for (let t = 0; t < 3; t++)
      for (let d = 0; d < 2; d++) {
        const at = (head: number) => t * 8 + head * 2 + d
        expect(after[at(0)]).toBe(0)
        expect(after[at(1)]).toBeCloseTo(values[d], 6) // key 0 of the first key head
        expect([0, 1, 2].map((j) => values[j * 4 + 2 + d])).toContain(after[at(2)])
        expect(after[at(3)]).toBeCloseTo(before[at(3)], 6)
      }
  })

  test('a mask that a model has of its own stays', async () => {
    const [q, k, v] = held([1, 2, 3].map((seed) => randn([2, 3, 2, 4], { seed })))
    for (const shape of [
      [1, 1, 1, 3],
      [2, 1, 3, 3],
      [1, 2, 1, 3],
    ]) {
      const size = shape.reduce((a, b) => a * b)
      using mask = tensor(
        Uint8Array.from({ length: size }, (_, i) => Number(i % 4 !== 1)),
        shape,
      )
      const run = new Run(names, { with: [forbid('s', [[1, 0]], { heads: 1 })] })
      const [got, own] = held(scope(() => [run.attend('s', q, k, v, { mask }), attention(q, k, v, { mask })]))
      // All but query 1 of head 1 is as it was.
      for (const [t, h] of [
        [0, 0],
        [1, 0],
        [2, 0],
        [0, 1],
        [2, 1],
      ])
        for (const b of [0, 1]) {
          const part = (x: typeof q) =>
            scope(() => slice(slice(slice(x, 0, b, b + 1), 1, t, t + 1), 2, h, h + 1))
          await expectWithin(held(part(got)), held(part(own)), 1e-12)
        }
    }
  })

  test('what does not exist or fit is named', async () => {
    using model = tinyTransformer()
    const run = (...changes: Intervention[]) => model.run(text, { target: 'der', with: changes })
    const T = model.sourceIds(text).length
    const refused = async (
      code: Parameters<typeof coded>[0],
      change: Intervention | Intervention[],
      ...words: string[]
    ) => expect(run(...[change].flat())).rejects.toThrow(coded(code, ...words))
    for (const make of [
      (site: string, heads?: number | number[]) => ablate(site, heads),
      (site: string, heads?: number | number[]) => replacePattern(site, 'uniform', { heads }),
      (site: string, heads?: number | number[]) => forbid(site, [[0, 0]], { heads }),
      (site: string, heads?: number | number[]) => rescale(site, 2, { heads }),
      (site: string, heads?: number | number[]) => swapSoftmax(site, 'relu', { heads }),
    ]) {
      await refused('not-found', make('encoder.7.self'), "'encoder.7.self'", 'encoder.1.self')
      await refused('option', make('encoder.1.self', '1' as unknown as number), '"1"')
      await refused('option', make('encoder.1.self', [0, null] as number[]), 'null')
      for (const head of [2, -1, 0.5])
        await refused('not-found', make('encoder.1.self', [0, head]), `${head}`, 'encoder.1.self', '0 to 1')
    }
    await refused('not-found', forbid('encoder.0.self', [[0, T]]), `key ${T}`, `0 to ${T - 1}`)
    await refused('not-found', forbid('encoder.0.self', [[T, 0]]), `query ${T}`, `0 to ${T - 1}`)
    await refused('not-found', forbid('decoder.0.cross', [[0, T]]), `key ${T}`)
    const square = Array.from({ length: 3 }, () => [1, 0, 0])
    await refused('input', replacePattern('encoder.0.self', square), '3 queries × 3 keys', `${T} × ${T}`)
    await refused(
      'input',
      [
        replacePattern(
          'encoder.0.self',
          Array.from({ length: T }, () => Array.from({ length: T }, () => 1 / T)),
        ),
        rescale('encoder.0.self', 2),
      ],
      'put rescale before',
    )
    await refused(
      'input',
      [swapSoftmax('encoder.0.self', 'relu'), forbid('encoder.0.self', [[0, 0]])],
      'put forbid before',
    )
    expect(() => forbid('s', [[0, -1]])).toThrow(coded('option', '[0,-1]'))
    expect(() => forbid('s', [[0] as unknown as PositionPair])).toThrow(coded('option', '[query, key]'))
    expect(() => forbid('s', null as unknown as [])).toThrow(coded('option', '[query, key]', 'null'))
    expect(() => replacePattern('s', [null as unknown as number[]])).toThrow(coded('option', 'row 0', 'null'))
    expect(() => rescale('s', NaN)).toThrow(coded('option', 'NaN'))
    expect(() => swapSoftmax('s', 'softmin' as 'relu')).toThrow(coded('option', 'softmin', 'sparsemax'))
    expect(() => replacePattern('s', [])).toThrow(coded('option', "'uniform'"))
    expect(() => replacePattern('s', [[0.5, 0.4]])).toThrow(coded('option', 'row 0 sums to 0.9'))
    expect(() => replacePattern('s', [[1, 0], [1]])).toThrow(coded('shape', 'row 1 has 1'))
    expect(() => replacePattern('s', [[2, -1]])).toThrow(coded('option', '[0][1] is -1'))
    expect(() => ablate('s', 0, { to: 'mean' as 'zero' })).toThrow(coded('option', 'headMeans'))
  })

  test('a step with a cache takes its own rows of a map', async () => {
    const [q, k, v] = held([1, 2, 3].map((seed) => randn([1, 3, 2, 4], { seed })))
    using one = knownMap(
      [
        [1, 0, 0],
        [0.25, 0.75, 0],
        [0.5, 0.3, 0.2],
      ],
      { options: { causal: true } },
    )
    const mean = new AttentionMap([...one.map.parts, ...one.map.parts])
    const both = { sites: ['own', 's'], activations: ['own.heads', 's.heads'] }
    const pass = (run: Run, start: number, end: number) =>
      scope(() => {
        const rows = (t: Tensor) => slice(t, 1, start, end)
        run.attend('own', rows(q), rows(k), rows(v), { causal: true })
        return run.attend('s', rows(q), k, v)
      })
    using cache = new Cache()
    const stepwise = new Run(both, { cache, with: [replacePattern('s', mean)] })
    using first = pass(stepwise, 0, 2)
    using last = pass(stepwise, 2, 3)
    using whole = pass(new Run(both, { with: [replacePattern('s', mean)] }), 0, 3)
    await expectWithin(
      Float64Array.from([...(await first.data()), ...(await last.data())]),
      Float64Array.from(await whole.data()),
      1e-6,
    )
  })

  test('maps and masks that do not fit are refused with their size', () => {
    const T = 2 ** 14 // [1, 8, T, T] floats are 8 GB
    const [q, k, v] = held([1, 2, 3].map(() => zeros([1, T, 8, 1])))
    const attend = (change: Intervention) => () =>
      scope(() => void new Run(names, { with: [change] }).attend('s', q, k, v))
    expect(attend(swapSoftmax('s', 'relu'))).toThrow(coded('memory', `[1, 8, ${T}, ${T}]`, 'GB'))
    expect(attend(forbid('s', [[0, 0]], { heads: 2 }))).toThrow(coded('memory', '2.00 GB', 'all heads'))
    // A map's weights are not written out first: what they are made of is gone.
    const stats = { m: zeros([1, 8, T]), l: zeros([1, 8, T]) }
    const kept = { site: 's', q, k, options: {}, ...stats }
    const mean = new AttentionMap([0, 1].map((head) => ({ kept, head, batch: 0 })))
    for (const t of Object.values(stats)) t.dispose()
    expect(attend(replacePattern('s', mean))).toThrow(coded('memory', `[1, 8, ${T}, ${T}]`))
  })
})

test('gradients go to what was put in place, and around it', async () => {
  const params = Object.fromEntries(
    ['q', 'k', 'v'].map((name, seed) => [name, held(randn([1, 3, 2, 2], { seed, dtype: 'float64' }))]),
  ) as Record<'q' | 'k' | 'v', Tensor>
  const changes = [
    rescale('s', 3, { heads: 0 }),
    forbid('s', [[2, 1]]),
    swapSoftmax('s', 'sigmoid', { heads: 1 }),
    ablate('s', 0),
  ]
  for (const change of [...changes.map((one) => [one]), changes.slice(0, 3)])
    await gradcheck(
      ({ q, k, v }) => new Run(names, { mode: 'train', with: change }).attend('s', q, k, v, { causal: true }),
      params,
    )
})
