import { expect, test, vi } from 'vitest'
import { scale } from '../ops/index.js'
import { coded } from '../testing/index.js'
import { tinyOnIds, tinyTransformer } from '../testing/tiny-transformer.js'
import {
  type AliveHypothesis,
  type AttentionSeen,
  padIds,
  Run,
  type Transformer,
  translateIds,
} from './index.js'

async function using<R>(model: Transformer, fn: (model: Transformer) => Promise<R>): Promise<R> {
  try {
    return await fn(model)
  } finally {
    model.dispose()
  }
}

const texts = ['the dog', 'the cat sees the dog', '', 'a', 'the cat', ' \n', 'the dog sees the cat', 'a cat']

/** Σ log p of an output by one pass over it, no cache and no beams. */
async function logProbOf(model: Transformer, source: number[], tokens: number[]): Promise<number> {
  const { vocab_size: V, bos_token_id, eos_token_id } = model.config
  const run = new Run(model)
  const padded = padIds([source], 0)
  const memory = model.encode(run, padded)
  const logits = model.decode(run, padIds([[bos_token_id, ...tokens]], 0), memory, padded.lengths)
  const values = await logits.data()
  memory.dispose()
  logits.dispose()
  return [...tokens, eos_token_id].reduce((sum, token, t) => {
    const row = Array.from(values.subarray(t * V, (t + 1) * V))
    return sum + row[token] - Math.log(row.reduce((s, x) => s + Math.exp(x), 0))
  }, 0)
}

test('the cached, batched beam search scores outputs as one pass does', () =>
  using(tinyOnIds({ encoder_layers: 2, decoder_layers: 2 }, 16), async (model) => {
    const sources = [
      [3, 4, 5, 6, 2],
      [7, 2],
      [8, 3, 2],
      [5, 5, 5, 2],
    ]
    for (const beam of [1, 3]) {
      const found = await translateIds(model, sources, { beam, maxLength: 7 })
      for (const [s, { tokens, logProb }] of found.entries()) {
        expect(tokens.length).toBeLessThan(7)
        expect(logProb).toBeCloseTo(await logProbOf(model, sources[s], tokens), 10)
      }
      // Outputs of several lengths, so that sentences leave the batch while others go on.
      expect(new Set(found.map(({ tokens }) => tokens.length)).size).toBeGreaterThan(1)
      for (const [s, source] of sources.entries()) {
        const [alone] = await translateIds(model, [source], { beam, maxLength: 7 })
        expect(alone.tokens).toEqual(found[s].tokens)
      }
    }
  }))

test('a search tells its tokens as they come, and lets others look on', () =>
  using(tinyOnIds({ encoder_layers: 1, decoder_layers: 2 }, 16), async (model) => {
    const source = [3, 4, 5, 6, 2]
    const told: number[][] = []
    const queries: number[] = []
    const observer = {
      sites: 'decoder.1.cross',
      attention: ({ q }: AttentionSeen) => void queries.push(q.shape[1]),
    }
    const onStep = async ([{ index, tokens, logProb }]: readonly AliveHypothesis[]) => {
      await Promise.resolve()
      expect([index, logProb < 0]).toEqual([0, true])
      told.push([...tokens])
    }
    const options = { beam: 1, maxLength: 7, onStep, observers: [observer] }
    const [{ tokens }] = await translateIds(model, [source], options)
    expect(tokens.length).toBeGreaterThan(1)
    expect(told).toEqual(tokens.map((_, n) => tokens.slice(0, n + 1)))
    // The end token has a step too.
    expect(queries).toEqual([...tokens.map(() => 1), 1])

    told.length = 0
    const [best] = await translateIds(model, [source], { beam: 3, maxLength: 7, onStep })
    expect(told.map(({ length }) => length)).toEqual(told.map((_, n) => n + 1))
    expect(told.length).toBeGreaterThanOrEqual(best.tokens.length)
  }))

test('beam 1 takes the likeliest token at each step', () =>
  using(tinyOnIds({}, 5), async (model) => {
    const source = [3, 4, 2]
    const [{ tokens }] = await translateIds(model, [source], { beam: 1, maxLength: 6 })
    const padded = padIds([source], 0)
    const run = new Run(model)
    const memory = model.encode(run, padded)
    const greedy: number[] = []
    while (greedy.length < 5) {
      const logits = model.decode(run, padIds([[1, ...greedy]], 0), memory, padded.lengths)
      const row = (await logits.data()).slice(-9)
      logits.dispose()
      const next = [2, 3, 4, 5, 6, 7, 8].reduce((a, b) => (row[b] > row[a] ? b : a))
      if (next === 2) break
      greedy.push(next)
    }
    memory.dispose()
    expect(tokens).toEqual(greedy)
  }))

test('a beam finds outputs that are at least as good', () =>
  using(tinyOnIds({}, 2), async (model) => {
    const sources = Array.from({ length: 12 }, (_, i) => [3 + (i % 6), 3 + ((i * 5) % 6), 2])
    const total = async (beam: number) => {
      const found = await translateIds(model, sources, { beam, maxLength: 6 })
      return found.reduce((sum, { score }) => sum + score, 0)
    }
    expect(await total(4)).toBeGreaterThanOrEqual(await total(1))
  }))

test('texts come back in order, whatever shares a batch', () =>
  using(tinyTransformer(), async (model) => {
    const options = { maxLength: 6, beam: 2 }
    const alone: string[] = []
    for (const text of texts) alone.push(...(await model.translate([text], options)))
    const progressOf = async (batchTokens: number) => {
      const done: number[] = []
      const onProgress = (p: { done: number; total: number }) => done.push(p.done) && expect(p.total).toBe(8)
      expect(await model.translate(texts, { ...options, batchTokens, onProgress })).toEqual(alone)
      return done
    }
    // Two are blank and done at once; a text that is longer than the batch is a batch of its own.
    expect(await progressOf(1)).toEqual([3, 4, 5, 6, 7, 8])
    expect(await progressOf(1024)).toEqual([8])
    expect((await progressOf(12)).length).toBeLessThan(6)
    expect(alone[2] + alone[5]).toBe('')
    expect(await model.translate([])).toEqual([])
    await expect(model.translate('the dog' as never)).rejects.toMatchObject({ code: 'option' })
    await expect(model.run(5 as never)).rejects.toMatchObject({ code: 'option' })
  }))

test('translations at the same time do not disturb each other', () =>
  using(tinyTransformer(), async (model) => {
    const options = { maxLength: 6 }
    const one = await model.translate(texts, options)
    const other = await model.translate(texts.toReversed(), { ...options, beam: 1 })
    const both = await Promise.all([
      model.translate(texts, options),
      model.translate(texts.toReversed(), { ...options, beam: 1 }),
    ])
    expect(both).toEqual([one, other])
  }))

test('a text that is too long is an error, or a warning with what the positions hold', () =>
  using(tinyTransformer({ max_positions: 10 }), async (model) => {
    const long = 'z'.repeat(12)
    await expect(model.translate(['a', long])).rejects.toThrow(coded('input', 'text 2', '13', '10'))
    const onTooLong = vi.fn()
    const [, cut, same] = await model.translate(['a', long, 'z'.repeat(9)], { onTooLong })
    expect(onTooLong.mock.calls).toEqual([[{ index: 1, tokens: 13, limit: 10 }]])
    expect(cut).toBe(same)
    // What is blank has no length.
    expect(await model.translate([' '.repeat(500)])).toEqual([''])
    // The output has no more tokens than there are positions either.
    const [{ tokens }] = await translateIds(model, [model.sourceIds('z'.repeat(9))], { beam: 1 })
    expect(tokens.length).toBeLessThanOrEqual(9)
  }))

test('interventions hold in translations, and the source is not attended to without its keys', () =>
  using(tinyTransformer(), async (model) => {
    const intervention = {
      sites: 'decoder.*.cross.heads',
      activation: (_: string, x: Parameters<typeof scale>[0]) => scale(x, 0),
    }
    const blind = { maxLength: 6, with: [intervention] }
    const [a, b] = await model.translate(['the dog', 'a cat sees'], blind)
    expect(a).toBe(b)
    const plain = await model.translate(['the dog', 'a cat sees'], { maxLength: 6 })
    expect(plain[0] === plain[1] && plain[0] === a).toBe(false)
  }))

test('the caller can stop it, and silly options are refused', () =>
  using(tinyTransformer(), async (model) => {
    const controller = new AbortController()
    const stopping = model.translate(texts, {
      batchTokens: 1,
      signal: controller.signal,
      onProgress: ({ done }) => done >= 4 && controller.abort(),
    })
    await expect(stopping).rejects.toThrow(coded('aborted'))
    await expect(model.translate(texts, { beam: 1.5 })).rejects.toThrow(coded('option', 'beam', '1.5'))
    await expect(model.translate(texts, { maxLength: 0 })).rejects.toThrow(coded('option', 'maxLength', '0'))
    await expect(model.translate(texts, { batchTokens: 0 })).rejects.toThrow(
      coded('option', 'batchTokens', '0'),
    )
    await expect(translateIds(model, [[]])).rejects.toThrow(coded('input', 'source 0'))
    expect(await translateIds(model, [])).toEqual([])
  }))
