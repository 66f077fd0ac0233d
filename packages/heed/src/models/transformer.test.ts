import { describe, expect, test } from 'vitest'
import { valueAndGrad } from '../autograd/index.js'
import { sinusoidalPositions } from '../nn/positions.js'
import { attentionTile, scale, slice } from '../ops/index.js'
import { scope, type Tensor } from '../tensor/index.js'
import { coded, expectWithin } from '../testing/index.js'
import { tinyOnIds, tinyTransformer } from '../testing/tiny-transformer.js'
import {
  Cache,
  type AttentionSeen,
  type Model,
  type Observer,
  padIds,
  Run,
  transformerConfig,
  translationBatch,
} from './index.js'

/** Runs `fn` with a model and a scope for all it makes. */
async function using<M extends Model, R>(model: M, fn: (model: M) => Promise<R> | R): Promise<R> {
  try {
    return await fn(model)
  } finally {
    model.dispose()
  }
}

/** Weights recomputed from the definition. */
async function isSoftmax(kept: Tensor[], head: number, site: string): Promise<void> {
  const [tile, q, k] = kept
  const [[, Tq, , d], Tk] = [q.shape, k.shape[1]]
  const [Q, K] = [await q.data(), await k.data()]
  const weights = await tile.data()
  for (const t of kept) t.dispose()
  for (let i = 0; i < Tq; i++) {
    const e = Array.from({ length: Tk }, (_, j) => {
      if (site.startsWith('decoder') && site.endsWith('self') && j > i) return 0
      let s = 0
      for (let c = 0; c < d; c++) s += Q[(i * 2 + head) * d + c] * K[(j * 2 + head) * d + c]
      return Math.exp(s / Math.sqrt(d))
    })
    const sum = e.reduce((a, b) => a + b, 0)
    e.forEach((x, j) => expect(weights[i * Tk + j]).toBeCloseTo(x / sum, 12))
  }
}

/** The data of what `fn` makes. */
const bits = async (fn: () => Tensor[]) => {
  const tensors = scope(fn)
  const data = await Promise.all(tensors.map((t) => t.data()))
  for (const t of tensors) t.dispose()
  return data
}

test('positions are made as far as texts reach, whatever max_positions allows', () =>
  using(tinyOnIds({ max_positions: 2 ** 20, d_model: 8 }), async (model) => {
    const [row] = await bits(() => [slice(model.weights['embedding.weight'], 0, 3, 4)])
    for (const length of [2, 300, 1000, 2]) {
      let read: Promise<ArrayLike<number>> | undefined
      const observer: Observer = {
        sites: 'encoder.embedding',
        activation: (_, x) => void (read = x.data()),
      }
      const run = new Run(model, { observers: [observer] })
      scope(() => void model.encode(run, padIds([Array<number>(length).fill(3)], 0)))
      const expected = sinusoidalPositions(length, 8).map((p, i) => p + Math.sqrt(8) * row[i % 8])
      await expectWithin((await read)!, expected, 1e-6)
    }
  }))

const rms = (x: ArrayLike<number>) => Math.sqrt(Array.from(x).reduce((s, v) => s + v * v, 0) / x.length)

const pairs = [
  { source: [3, 4, 5, 2], target: [6, 7, 8, 4, 2] },
  { source: [5, 2], target: [3, 3, 2] },
]

describe.each(['pre', 'post'] as const)('%s-norm', (norm) => {
  test('gradients of the loss agree with differences in every weight, dropout included', () =>
    using(tinyOnIds({ norm, dropout: 0.2 }), async (model) => {
      const batch = translationBatch(pairs, model.config)
      const loss = () =>
        model.loss(new Run(model, { mode: 'train', seed: 3 }), batch, { labelSmoothing: 0.1 })
      const { value, grads } = valueAndGrad(model.weights as Record<string, Tensor>, loss)
      value.dispose()
      const step = 1e-4
      for (const [name, w] of Object.entries(model.weights)) {
        expect(w.dtype).toBe('float64')
        const values = await w.data()
        const analytic = await grads[name].data()
        grads[name].dispose()
        const lossAt = async (i: number, delta: number) => {
          w.device.write(w.storage, w.offset, values.with(i, values[i] + delta))
          const t = scope(loss)
          const x = await t.item()
          t.dispose()
          return x
        }
        for (let i = 0; i < values.length; i += values.length > 40 ? 3 : 1) {
          // Of fourth order: on so few features layer norm is too curved for the usual two points.
          const near = (await lossAt(i, step)) - (await lossAt(i, -step))
          const far = (await lossAt(i, 2 * step)) - (await lossAt(i, -2 * step))
          const numeric = (8 * near - far) / (12 * step)
          expect(Math.abs(analytic[i] - numeric), `${name}[${i}]`).toBeLessThan(1e-9)
        }
        w.device.write(w.storage, w.offset, values)
      }
    }))

  test('step by step with a cache gives the logits of one pass', () =>
    using(tinyOnIds({ norm, encoder_layers: 2, decoder_layers: 2 }), async (model) => {
      const { source, targetIn } = translationBatch(pairs, model.config)
      const whole = scope(() =>
        model.decode(new Run(model), targetIn, model.encode(new Run(model), source), source.lengths),
      )
      const cache = new Cache()
      const run = new Run(model, { cache })
      const memory = model.encode(run, source)
      let at = 0
      for (const width of [2, 1, 1, 1]) {
        const ids = padIds(
          [0, 1].map((r) => targetIn.ids.slice(5 * r + at, 5 * r + at + width)),
          0,
        )
        const [part, expected] = scope(() => [
          model.decode(run, ids, memory, source.lengths),
          slice(whole, 1, at, at + width),
        ])
        await expectWithin(part, expected, 1e-12)
        part.dispose()
        expected.dispose()
        at += width
      }
      expect(cache.length).toBe(5)
      for (const t of [cache, memory, whole]) t.dispose()
    }))

  test('padding changes nothing', () =>
    using(tinyOnIds({ norm }), async (model) => {
      const logits = (pairs: { source: number[]; target: number[] }[], pad: number) => {
        const { source, targetIn } = translationBatch(pairs, { ...model.config, pad_token_id: pad })
        return scope(() =>
          model.decode(new Run(model), targetIn, model.encode(new Run(model), source), source.lengths),
        )
      }
      const [alone, zeros, sevens] = [logits([pairs[1]], 0), logits(pairs, 0), logits(pairs, 7)]
      for (const together of [zeros, sevens]) {
        const own = scope(() => slice(slice(together, 0, 1, 2), 1, 0, 3))
        await expectWithin(own, alone, 1e-12)
        own.dispose()
      }
      for (const t of [alone, zeros, sevens]) t.dispose()
      const value = async (pad: number) => {
        const t = model.loss(new Run(model), translationBatch(pairs, { ...model.config, pad_token_id: pad }))
        const x = await t.item()
        t.dispose()
        return x
      }
      expect(await value(7)).toBeCloseTo(await value(0), 12)
    }))
})

test('the loss counts every token once', () =>
  using(tinyOnIds(), async (model) => {
    const value = async (chosen: typeof pairs) => {
      const t = model.loss(new Run(model), translationBatch(chosen, model.config))
      const x = await t.item()
      t.dispose()
      return x
    }
    const [a, b] = [await value([pairs[0]]), await value([pairs[1]])]
    expect(await value(pairs)).toBeCloseTo((5 * a + 3 * b) / 8, 12)
  }))

test('a batch teaches the target one step on', () => {
  const config = transformerConfig({ vocab_size: 9 })
  const { source, targetIn, targetOut } = translationBatch(pairs, config)
  expect([source.rows, source.width, [...source.lengths]]).toEqual([2, 4, [4, 2]])
  expect([...source.ids]).toEqual([3, 4, 5, 2, 5, 2, 0, 0])
  expect([...targetIn.ids]).toEqual([1, 6, 7, 8, 4, 1, 3, 3, 0, 0])
  expect([...targetOut]).toEqual([6, 7, 8, 4, 2, 3, 3, 2, -100, -100])
})

describe('run', () => {
  test('observers see every site and activation, and weights follow from q, k, m and l', () =>
    using(tinyTransformer(), async (model) => {
      expect(model.sites).toEqual([
        'encoder.0.self',
        'encoder.1.self',
        'decoder.0.self',
        'decoder.0.cross',
        'decoder.1.self',
        'decoder.1.cross',
      ])
      const attended: string[] = []
      const activated: string[] = []
      const checks: Promise<void>[] = []
      const attention = ({ site, q, k, m, l, options }: AttentionSeen) => {
        attended.push(site)
        for (const head of [0, 1]) {
          const tile = attentionTile({ q, k, m, l, options, head })
          const kept = [tile, q, k].map((t) => t.view(t.shape, t.strides).keep())
          checks.push(isSoftmax(kept, head, site))
        }
      }
      const { target, source, logits } = await model.run('the dog', {
        target: 'der Hund',
        observers: [{ attention }, { activation: (site) => activated.push(site) }],
      })
      await Promise.all(checks)
      expect(attended).toEqual(model.sites)
      expect(activated).toEqual(model.activations)
      expect(logits.length).toBe(target.length * 270)
      expect(source.at(-1)).toBe(model.config.eos_token_id)
      expect(target[0]).toBe(model.config.bos_token_id)
    }))

  test('without a target it runs on the translation, by text and ids the same', () =>
    using(tinyTransformer(), async (model) => {
      const free = await model.run('the dog sees the cat', { maxLength: 6 })
      const [translated] = await model.translate(['the dog sees the cat'], { maxLength: 6 })
      expect(free.output).toBe(translated)
      const byIds = await model.run('the dog sees the cat', { target: free.target.slice(1) })
      expect(byIds).toEqual(free)
      const byText = await model.run('the dog', { target: 'die Katze' })
      expect(byText.output).toBe('die Katze')
      expect(model.tokenizer!.decode(byText.target)).toBe('die Katze')
    }))

  test('an intervention changes the output from its site on and no more', () =>
    using(tinyTransformer(), async (model) => {
      const run = (sites?: string) =>
        model.run('the dog', {
          target: 'der Hund',
          with: sites ? [{ sites, activation: (_, x) => scale(x, 0) }] : [],
        })
      const [plain, again, cut] = [await run(), await run(), await run('decoder.1.cross.heads')]
      expect(again.logits).toEqual(plain.logits)
      expect(cut.logits).not.toEqual(plain.logits)
      const last = await model.run('the dog', {
        target: 'der Hund',
        with: [{ sites: 'logits', activation: (_, x) => scale(x, 0) }],
      })
      expect(new Set(last.logits)).toEqual(new Set([0]))
    }))

  test('what cannot be run is told', () =>
    using(tinyTransformer(), async (model) => {
      await expect(model.run('  ')).rejects.toThrow(coded('input', 'empty'))
      await expect(
        model.run('a', { observers: [{ sites: 'encoder.7.self', attention() {} }] }),
      ).rejects.toThrow(coded('not-found', 'encoder.7.self', 'decoder.1.cross'))
      await expect(model.run('x'.repeat(30))).rejects.toThrow(coded('input', '31', '24', 'source'))
      await expect(model.run('a', { target: 'x'.repeat(30) })).rejects.toThrow(
        coded('input', '31', '24', 'target'),
      )
      await expect(model.run('a', { target: [3, 999] })).rejects.toThrow(coded('input', '999'))
    }))
})

describe('config', () => {
  test('defaults', () => {
    expect(transformerConfig({ vocab_size: 100, d_model: 32 })).toEqual({
      model_type: 'heed-transformer',
      architectures: ['HeedTransformer'],
      vocab_size: 100,
      d_model: 32,
      num_heads: 4,
      encoder_layers: 3,
      decoder_layers: 3,
      d_ff: 128,
      dropout: 0.1,
      norm: 'pre',
      max_positions: 256,
      layer_norm_eps: 1e-5,
      tie_embeddings: true,
      pad_token_id: 0,
      bos_token_id: 1,
      eos_token_id: 2,
      unk_token_id: 3,
    })
  })

  test.each([
    [{}, 'format', ['vocab_size']],
    [{ vocab_size: 9, rope_theta: 1 }, 'unsupported', ['rope_theta', 'd_model']],
    [{ vocab_size: 9, toString: 1 }, 'unsupported', ['toString']],
    [{ vocab_size: '9' }, 'format', ['vocab_size', '"9"']],
    [{ vocab_size: 9.5 }, 'format', ['9.5']],
    [{ vocab_size: 9, d_model: 10, num_heads: 4 }, 'format', ['4', '10']],
    [{ vocab_size: 9, encoder_layers: 1e9 }, 'format', ['encoder_layers', '512']],
    [{ vocab_size: 9, dropout: 1 }, 'format', ['dropout', '1']],
    [{ vocab_size: 9, norm: 'rms' }, 'format', ['norm', '"rms"', '"pre"']],
    [{ vocab_size: 9, tie_embeddings: false }, 'format', ['tie_embeddings', 'false']],
    [{ vocab_size: 9, eos_token_id: 9 }, 'format', ['eos_token_id', '8']],
    [{ vocab_size: 9, eos_token_id: 1 }, 'format', ['bos_token_id', 'eos_token_id']],
    [{ vocab_size: 9, architectures: [1] }, 'format', ['architectures']],
    [{ vocab_size: 9, model_type: 'bert' }, 'format', ['model_type', 'bert']],
  ] as const)('%j is refused', (json, code, words) => {
    expect(() => transformerConfig(json as unknown as Record<string, unknown>)).toThrow(coded(code, ...words))
  })
})

test('a seed gives the same weights again, drawn as documented', () =>
  using(tinyOnIds({ d_model: 64, d_ff: 128, vocab_size: 500 }, 7), async (model) => {
    const other = tinyOnIds({ d_model: 64, d_ff: 128, vocab_size: 500 }, 7)
    const third = tinyOnIds({ d_model: 64, d_ff: 128, vocab_size: 500 }, 8)
    for (const [name, w] of Object.entries(model.weights)) await expectWithin(w, other.weights[name], 0)
    const name = 'encoder.0.feed_forward.in.weight'
    const values = await model.weights[name].data()
    expect(await third.weights[name].data()).not.toEqual(values)
    const bound = Math.sqrt(6 / (64 + 128))
    expect(Math.max(...values.map(Math.abs))).toBeLessThanOrEqual(bound)
    expect(rms(values)).toBeCloseTo(bound / Math.sqrt(3), 2)
    expect(rms(await model.weights['embedding.weight'].data())).toBeCloseTo(1 / 8, 2)
    expect(new Set(await model.weights['decoder.0.norm3.weight'].data())).toEqual(new Set([1]))
    expect(new Set(await model.weights['decoder.0.cross.key.bias'].data())).toEqual(new Set([0]))
    other.dispose()
    third.dispose()
  }))

test('a model without a tokenizer says so', () =>
  using(tinyOnIds(), (model) => {
    expect(() => model.sourceIds('a')).toThrow(coded('unsupported', 'tokenizer.json'))
  }))
