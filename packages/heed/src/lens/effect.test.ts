import { expect, test } from 'vitest'
import {
  type CausalModel,
  type EncoderModel,
  loadModel,
  padIds,
  Run,
  translationBatch,
} from '../models/index.js'
import { softmax } from '../ops/index.js'
import { scope } from '../tensor/index.js'
import { goldenFolder } from '../testing/family-goldens.js'
import { coded, onBackends } from '../testing/index.js'
import { tinyGpt2 } from '../testing/tiny-gpt2.js'
import { tinyTransformer } from '../testing/tiny-transformer.js'
import { Tokenizer } from '../text/index.js'
import {
  ablate,
  capture,
  effect,
  forbid,
  headEffects,
  headMeans,
  linkEffects,
  type MapLink,
  patch,
  replacePattern,
  rescale,
  swapSoftmax,
} from './index.js'

const text = 'the dog sees'

/** p [T, V] of a causal model, row by row. */
async function probabilities(
  model: CausalModel,
  ...changes: Parameters<typeof effect>[2]
): Promise<number[][]> {
  const ids = model.tokenizer!.encodeIds(text)
  const run = new Run(model, { with: changes })
  using p = scope(() => softmax(model.logits(run, padIds([ids], 0)))).keep()
  const [all, V] = [[...(await p.data())], p.shape[2]]
  return Array.from(ids, (_, t) => all.slice(t * V, (t + 1) * V))
}

/** BERT of the golden case, with words for its 40 rows. */
async function masked(): Promise<EncoderModel> {
  const model = await loadModel<EncoderModel>(goldenFolder('bert'))
  const pieces = ['[PAD]', '[UNK]', '[MASK]', 'a', 'dog', 'sees']
  const special = { special: true, single_word: false, lstrip: false, rstrip: false, normalized: false }
  const tokenizer = Tokenizer.fromJson({
    version: '1.0',
    added_tokens: pieces.slice(0, 3).map((content, id) => ({ id, content, ...special })),
    normalizer: null,
    pre_tokenizer: { type: 'WhitespaceSplit' },
    post_processor: null,
    decoder: { type: 'WordPiece', prefix: '##', cleanup: true },
    model: {
      type: 'WordPiece',
      unk_token: '[UNK]',
      continuing_subword_prefix: '##',
      max_input_chars_per_word: 100,
      vocab: Object.fromEntries(pieces.map((piece, id) => [piece, id])),
    },
  })
  return Object.assign(model, { tokenizer })
}

onBackends('effect', () => {
  test('no change has no effect, of any family', async () => {
    using gpt2 = tinyGpt2()
    using translator = tinyTransformer()
    using bert = await masked()
    for (const [model, of] of [
      [gpt2, text],
      [translator, text],
      [bert, 'a [MASK] sees'],
    ] as const) {
      const none = await effect(model, of, [], { beam: 1 })
      expect(none.output?.after).toBe(none.output?.before)
      expect(none.loss?.after).toBe(none.loss?.before)
      for (const { kl, totalVariation, candidates } of none.predictions) {
        expect([kl, totalVariation]).toEqual([0, 0])
        for (const { before, after } of candidates) expect(after).toBe(before)
      }
      expect(none.embedding).toEqual(model === bert ? { cosine: 1, distance: 0 } : null)
      expect(none.predictions).toHaveLength(1)
    }
  })

  test('without the output: all else is the same', async () => {
    using gpt2 = tinyGpt2()
    using translator = tinyTransformer()
    for (const [model, site] of [
      [gpt2, 'layers.0.self'],
      [translator, 'decoder.0.cross'],
    ] as const) {
      const whole = await effect(model, text, [ablate(site, 1)])
      expect(whole.output).not.toBeNull()
      expect(await effect(model, text, [ablate(site, 1)], { output: false })).toEqual({
        ...whole,
        output: null,
      })
    }
  })

  test('of a causal model: how it goes on, the loss of the text, the next token', async () => {
    using model = tinyGpt2()
    const change = [ablate('layers.0.self', 1), rescale('layers.1.self', 3)]
    const found = await effect(model, text, change, { top: 3, maxTokens: 6 })
    const [p, q] = [await probabilities(model), await probabilities(model, ...change)]
    const ids = [...model.tokenizer!.encodeIds(text)]
    const loss = (rows: number[][]) =>
      -ids.slice(1).reduce((sum, id, t) => sum + Math.log(rows[t][id]), 0) / (ids.length - 1)
    expect(found.output).toEqual({
      before: await model.complete(text, { maxTokens: 6 }),
      after: await model.complete(text, { maxTokens: 6, with: change }),
    })
    expect(found.loss!.before).toBeCloseTo(loss(p), 5)
    expect(found.loss!.after).toBeCloseTo(loss(q), 5)
    const [{ position, kl, totalVariation, candidates }] = found.predictions
    expect(position).toBe(ids.length - 1)
    const [a, b] = [p.at(-1)!, q.at(-1)!]
    expect(kl).toBeCloseTo(
      a.reduce((sum, x, i) => sum + x * Math.log(x / b[i]), 0),
      5,
    )
    expect(kl).toBeGreaterThan(0)
    expect(totalVariation).toBeCloseTo(a.reduce((sum, x, i) => sum + Math.abs(x - b[i]), 0) / 2, 5)
    const top = (row: number[]) =>
      row
        .map((_, id) => id)
        .filter((id) => model.tokenizer!.has(id))
        .sort((i, j) => row[j] - row[i])
        .slice(0, 3)
    expect(candidates.map(({ id }) => id)).toEqual([...new Set([...top(a), ...top(b)])])
    for (const { id, before, after } of candidates) {
      expect(before).toBeCloseTo(a[id], 5)
      expect(after).toBeCloseTo(b[id], 5)
    }
    // Another position, by its number.
    const [earlier] = (await effect(model, text, change, { position: 1 })).predictions
    expect(earlier.kl).toBeCloseTo(
      p[1].reduce((sum, x, i) => sum + x * Math.log(x / q[1][i]), 0),
      5,
    )
  })

  test('of a translator: the translation, and the loss of the untouched one', async () => {
    using model = tinyTransformer()
    const change = [ablate('encoder.*.self', 0)]
    const found = await effect(model, text, change, { beam: 2 })
    const { output, target } = await model.run(text, { beam: 2 })
    expect(found.output!.before).toBe(output)
    expect([found.output!.after]).toEqual(await model.translate([text], { beam: 2, with: change }))
    const batch = translationBatch(
      [{ source: model.sourceIds(text), target: [...target.slice(1), model.config.eos_token_id] }],
      model.config,
    )
    for (const [loss, changes] of [
      [found.loss!.before, []],
      [found.loss!.after, change],
    ] as const) {
      using expected = model.loss(new Run(model, { with: changes }), batch)
      expect(loss).toBeCloseTo(await expected.item(), 4)
    }
    // No position changes more than the one that is told.
    const [{ kl, position }] = found.predictions
    for (const t of [0, 1, position]) {
      const [other] = (await effect(model, text, change, { beam: 2, position: t })).predictions
      expect(other.kl).toBeLessThanOrEqual(kl)
      if (t === position) expect(other).toEqual(found.predictions[0])
    }
  })

  test('of an encoder: its vector, and what it puts in place of masks', async () => {
    using model = await masked()
    const of = 'a [MASK] sees [MASK]'
    const change = [rescale('layers.*', -2)]
    const { output, loss, embedding, predictions } = await effect(model, of, change, { top: 6 })
    expect([output, loss]).toEqual([null, null])
    const [[a], [b]] = [await model.embed([of]), await model.embed([of], { with: change })]
    const dot = (x: Float32Array, y: Float32Array) => x.reduce((sum, u, i) => sum + u * y[i], 0)
    expect(embedding!.cosine).toBeCloseTo(dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b)), 5)
    expect(embedding!.cosine).toBeLessThan(1)
    expect(embedding!.distance).toBeCloseTo(Math.hypot(...a.map((x, i) => x - b[i])), 4)
    expect(predictions.map(({ position, token }) => [position, token])).toEqual([
      [1, '[MASK]'],
      [3, '[MASK]'],
    ])
    const [before, after] = [await model.fill(of, { top: 6 }), await model.fill(of, { top: 6, with: change })]
    predictions.forEach(({ candidates }, i) => {
      for (const candidate of candidates) {
        const p = (filled: typeof before) =>
          filled[i].candidates.find(({ id }) => id === candidate.id)!.probability
        expect(candidate.before).toBeCloseTo(p(before), 5)
        expect(candidate.after).toBeCloseTo(p(after), 5)
      }
    })
    using bare = Object.assign(await loadModel<EncoderModel>(goldenFolder('bert-bare')), {
      tokenizer: model.tokenizer,
    })
    const plain = await effect(bare, 'a dog', [ablate('layers.0.self')])
    expect(plain.predictions).toEqual([])
    expect(plain.embedding!.distance).toBeGreaterThan(0)
  })

  test('heads one by one, to zero or to their means', async () => {
    using model = tinyTransformer()
    const means = await headMeans(model, ['der Hund', 'the cat'])
    for (const to of ['zero', means] as const) {
      const seen: number[] = []
      const found = await headEffects(model, text, {
        sites: 'decoder.*',
        beam: 1,
        to,
        onProgress: ({ done, total }) => seen.push(done / total),
      })
      expect(found.map(({ site, head }) => `${site} ${head}`)).toEqual(
        model.sites
          .filter((site) => site.startsWith('decoder'))
          .flatMap((site) => [`${site} 0`, `${site} 1`]),
      )
      expect(seen.at(-1)).toBe(1)
      const { site, head, effect: own } = found[5]
      expect(own).toEqual(await effect(model, text, [ablate(site, head, { to })], { beam: 1 }))
    }
  })

  test('what forbidding a link does to what its queries say, to all, and to the output', async () => {
    using model = tinyTransformer()
    const links: MapLink[] = [
      { site: 'encoder.0.self', queries: [1, 3], keys: [0, 1] },
      { site: 'decoder.1.cross', queries: [0, 1], keys: [1, 3], heads: 1 },
      { site: 'decoder.0.self', queries: [2, 3], keys: [0, 3] },
    ]
    const pairs = [
      [
        [1, 0],
        [2, 0],
      ],
      [
        [0, 1],
        [0, 2],
      ],
      [
        [2, 0],
        [2, 1],
        [2, 2],
      ],
    ] as const
    const found = await linkEffects(model, text, { links, beam: 1 })
    expect(found.map(({ link }) => link)).toEqual(links)
    const { output, target } = await model.run(text, { beam: 1 })
    for (const [n, { link, logProb, here, output: outputs, cosine }] of found.entries()) {
      const change = [forbid(link.site, pairs[n], { heads: link.heads })]
      const { loss, output: same } = await effect(model, text, change, { beam: 1 })
      expect(outputs).toEqual(same)
      expect(outputs!.before).toBe(output)
      expect(logProb!.before).toBeCloseTo(-loss!.before * target.length, 4)
      expect(logProb!.after).toBeCloseTo(-loss!.after * target.length, 4)
      expect(logProb!.after).not.toBe(logProb!.before)
      expect(cosine).toBeNull()
      if (n === 0) expect(here).toBeNull()
      else {
        const position = link.queries[0]
        const { logits } = await model.run(text, { target: target.slice(1), with: change })
        const row = logits.subarray(position * 270, (position + 1) * 270)
        const id = target[position + 1] ?? model.config.eos_token_id
        expect(here!.after).toBeCloseTo(row[id] - Math.log(row.reduce((sum, x) => sum + Math.exp(x), 0)), 4)
      }
    }
  })

  test('links are forbidden in a run that is changed already', async () => {
    using model = tinyGpt2()
    const T = model.tokenizer!.encodeIds(text).length
    // No weight of a sigmoid is 0 before it is forbidden.
    const given = [swapSoftmax('*', 'sigmoid'), ablate('layers.0.self', 0)]
    const [{ logProb }] = await linkEffects(model, text, {
      links: [{ site: 'layers.0.self', queries: [1, 2], keys: [0, 1] }],
      with: given,
    })
    const loss = async (...changes: Parameters<typeof effect>[2]) =>
      (await effect(model, text, changes, { maxTokens: 1 })).loss!.after
    expect(logProb!.before).toBeCloseTo(-(await loss(...given)) * (T - 1), 5)
    expect(logProb!.after).toBeCloseTo(
      -(await loss(forbid('layers.0.self', [[1, 0]]), ...given)) * (T - 1),
      5,
    )
    expect(logProb!.after).not.toBe(logProb!.before)
  })

  test('links of a causal model and of an encoder', async () => {
    using model = tinyGpt2()
    const T = model.tokenizer!.encodeIds(text).length
    const change = [forbid('layers.1.self', [[T - 1, 0]])]
    const [{ logProb, here, output }] = await linkEffects(model, text, {
      links: [{ site: 'layers.1.self', queries: [T - 1, T], keys: [0, 1] }],
    })
    const { loss, predictions } = await effect(model, text, change, { top: 280 })
    // The last token's query says nothing of the text itself.
    expect(logProb!.after).toBe(logProb!.before)
    expect(logProb!.before).toBeCloseTo(-loss!.before * (T - 1), 5)
    const likeliest = (key: 'before' | 'after') =>
      predictions[0].candidates.reduce((a, b) => (b[key] > a[key] ? b : a))
    expect(Math.exp(here!.before)).toBeCloseTo(likeliest('before').before, 6)
    expect(Math.exp(here!.after)).toBeCloseTo(likeliest('before').after, 6)
    expect(output).toEqual({ before: likeliest('before').text, after: likeliest('after').text })
    using bert = await masked()
    const [link] = await linkEffects(bert, 'a dog sees', {
      links: [{ site: 'layers.0.self', queries: [0, 1], keys: [0, 1], heads: [0] }],
    })
    const own = await effect(bert, 'a dog sees', [forbid('layers.0.self', [[0, 0]], { heads: [0] })])
    expect(link).toMatchObject({ logProb: null, here: null, output: null, cosine: own.embedding!.cosine })
  })

  test('what is wrong is named', async () => {
    using model = tinyGpt2()
    const T = model.tokenizer!.encodeIds(text).length
    await expect(effect(model, text, [ablate('layers.0.self', 9)])).rejects.toThrow(
      coded('not-found', 'head 9'),
    )
    await expect(effect(model, ' ', [])).rejects.toThrow(coded('input', 'empty'))
    await expect(effect(model, text, [], { position: T })).rejects.toThrow(
      coded('not-found', `position ${T}`, `0 to ${T - 1}`),
    )
    await expect(effect(model, text, [], { top: 0 })).rejects.toThrow(coded('option', 'top'))
    await expect(effect(model, text, [], { tops: 3 } as object)).rejects.toThrow(coded('option', "'tops'"))
    await expect(headEffects(model, text, { head: 1 } as object)).rejects.toThrow(coded('option', "'head'"))
    await expect(linkEffects(model, text, { link: [] } as unknown as { links: [] })).rejects.toThrow(
      coded('option', "'link'"),
    )
    await expect(effect(model, text, [], { signal: AbortSignal.abort() })).rejects.toThrow(coded('aborted'))
    await expect(headEffects(model, text, { heads: [5] })).rejects.toThrow(coded('not-found', 'head 5'))
    const link = (queries: [number, number], keys: [number, number], site = 'layers.0.self') =>
      linkEffects(model, text, { links: [{ site, queries, keys }] })
    await expect(link([T - 1, T + 1], [0, 1])).rejects.toThrow(coded('not-found', `[${T - 1}, ${T + 1})`))
    await expect(link([0, 1], [2, 2])).rejects.toThrow(coded('not-found', 'keys [2, 2)'))
    await expect(link([0, 1], [0, 1], 'layers.8.self')).rejects.toThrow(coded('not-found', 'layers.8.self'))
  })

  test('a change that serves one pass: all is compared but what would come after it', async () => {
    using model = tinyGpt2()
    using other = await capture(model, 'the cat sees', { sites: ['layers.0.output', 'layers.0.self'] })
    const T = model.tokenizer!.encodeIds(text).length
    const even = Array.from({ length: T }, () => Array<number>(T).fill(1 / T))
    for (const change of [
      patch('layers.0.output', other),
      replacePattern('layers.0.self', other.map('layers.0.self', 0), { heads: 1 }),
      replacePattern('layers.1.self', even),
    ]) {
      const found = await effect(model, text, [change])
      const [p, q] = [await probabilities(model), await probabilities(model, change)]
      const loss = (rows: number[][]) =>
        -[...model.tokenizer!.encodeIds(text)]
          .slice(1)
          .reduce((sum, id, t) => sum + Math.log(rows[t][id]), 0) /
        (T - 1)
      expect(found.output).toBeNull()
      expect(found.loss!.before).toBeCloseTo(loss(p), 5)
      expect(found.loss!.after).toBeCloseTo(loss(q), 5)
      expect(found.predictions[0].kl).toBeGreaterThan(0)
    }
    // A translator passes through its encoder once, and goes on from there.
    using translator = tinyTransformer()
    const changed = [ablate('encoder.0.self')]
    using source = await capture(translator, text, { sites: 'encoder.*', with: changed })
    const encoder = await effect(translator, text, [patch('encoder.0.output', source)], { beam: 1 })
    expect([encoder.output!.after]).toEqual(
      await translator.translate([text], { beam: 1, with: [patch('encoder.0.output', source)] }),
    )
    const { target } = await translator.run(text, { beam: 1 })
    using own = await capture(translator, text, { sites: '*.output', target: target.slice(1), with: changed })
    const decoder = await effect(translator, text, [patch('decoder.0.output', own)], { beam: 1 })
    expect(decoder.output).toBeNull()
    expect(decoder.loss!.after).not.toBe(decoder.loss!.before)
  })

  test('a text that fills the model, and one of one token, have no going on and no loss', async () => {
    using model = tinyGpt2({ n_positions: 8 })
    const full = await effect(model, 'zzzzzzzz', [ablate('layers.0.self')])
    expect(full.output).toBeNull()
    expect(full.loss!.after).not.toBe(full.loss!.before)
    expect((await effect(model, 'z', [])).loss).toBeNull()
  })
})
