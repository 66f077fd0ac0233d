import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { valueAndGrad } from '../autograd/index.js'
import type { Backend } from '../backends/backend.js'
import { ReferenceBackend } from '../backends/reference/index.js'
import { scope, type Tensor } from '../tensor/index.js'
import { comparedBackends, dataOf, difference, held, withBackend } from '../testing/index.js'
import { tinyOnIds } from '../testing/tiny-transformer.js'
import { Cache, padIds, Run, type Transformer, translationBatch } from './index.js'

const pairs = [
  { source: [3, 4, 5, 2], target: [6, 7, 8, 4, 2] },
  { source: [5, 2], target: [3, 3, 2] },
  { source: [8, 8, 3, 6, 2], target: [7, 5, 4, 3, 8, 6, 7, 2] },
]

/** The first bit in which two lists of tensors differ, if any. */
const differ = async (a: Tensor[], b: Tensor[]) => difference(await dataOf(a), await dataOf(b))

/** A step-wise decoding that stops after every step. Two rows; half-way they change places, as beams do. */
function* decoding(model: Transformer, pair: { source: number[]; target: number[] }, width: number) {
  using cache = new Cache()
  const run = new Run(model, { cache })
  const { source, targetIn } = translationBatch([pair, pair], model.config)
  using memory = model.encode(run, source)
  const logits: Tensor[] = []
  for (let at = 0; at < targetIn.width; at += width) {
    if (at >= 2) cache.select(Int32Array.of(1, 0))
    const next = [1, 2].map((row) => targetIn.ids.slice(at, at + width).map((id) => (id * row) % 9))
    logits.push(model.decode(run, padIds(next, 0), memory, source.lengths).keep())
    yield logits
  }
}

/** Runs them in turns until all have ended; gives what each had last. */
function inTurns<T>(...runs: Generator<T>[]): T[] {
  const last = new Map<Generator<T>, T>()
  for (const open = new Set(runs); open.size > 0;)
    for (const run of open) {
      const { value, done } = run.next()
      if (done) open.delete(run)
      else last.set(run, value)
    }
  return runs.map((run) => last.get(run)!)
}

describe.each([{ name: 'reference', start: () => new ReferenceBackend() as Backend }, ...comparedBackends])(
  '$name: interleaved runs on one model give the bits of separate ones',
  ({ start }) => {
    let backend: Backend
    let model: Transformer
    beforeAll(() => {
      backend = start()
      const layers = { encoder_layers: 2, decoder_layers: 2 }
      model = withBackend(backend, () => tinyOnIds({ ...layers, d_model: 16, d_ff: 40, dropout: 0.3 }))
    })
    afterAll(() => {
      model.dispose()
      backend.dispose()
    })

    test('inference, step by step with a cache each', async () => {
      const runs = () => pairs.map((pair, i) => decoding(model, pair, [2, 1, 3][i]))
      const separate = held(runs().map((run) => inTurns(run)[0]))
      const together = held(inTurns(...runs()))
      for (const [i, alone] of separate.entries()) {
        expect(await differ(together[i], alone)).toBeUndefined()
        expect(alone).toHaveLength(3)
      }
    })

    /** Loss and gradients of a training pass, which does something else in between at a site. */
    const training = (
      seed: number,
      pair: (typeof pairs)[0],
      site = 'logits',
      between = () => {},
    ): Tensor[] => {
      const observers = [{ sites: site, activation: between }]
      const run = new Run(model, { mode: 'train', seed, observers })
      const batch = translationBatch([pair], model.config)
      const { value, grads } = valueAndGrad({ ...model.weights }, () => model.loss(run, batch))
      return [value, ...Object.values(grads)].map((t) => t.keep())
    }

    test.each(['encoder.embedding', 'encoder.1.k', 'decoder.0.cross.heads', 'decoder.output'])(
      'training with dropout, one inside the other at %s, forward and backward',
      async (site) => {
        const separate = held([training(1, pairs[0]), training(2, pairs[2])])
        let inner: Tensor[] = []
        const outer = training(1, pairs[0], site, () => (inner = training(2, pairs[2])))
        const together = held([outer, inner])
        expect(await differ(outer, separate[0])).toBeUndefined()
        expect(await differ(inner, separate[1])).toBeUndefined()
        expect(together[0]).toHaveLength(1 + Object.keys(model.weights).length)
        const otherSeed = held(training(2, pairs[0]))
        expect(await differ(otherSeed, outer)).toBeDefined()
      },
    )

    test('training and inference, a pass of one in every pause of the other', async () => {
      const logits = (mode: 'train' | 'infer', seed: number, between = () => {}) => {
        const run = new Run(model, { mode, seed, observers: [{ activation: between }] })
        const { source, targetIn } = translationBatch(pairs, model.config)
        return scope(() => model.decode(run, targetIn, model.encode(run, source), source.lengths)).keep()
      }
      const [trained, inferred] = held([logits('train', 5), logits('infer', 5)])
      const passes: Tensor[] = []
      const together = held(logits('train', 5, () => passes.push(logits('infer', 5))))
      expect(await differ([together], [trained])).toBeUndefined()
      expect(passes).toHaveLength(model.activations.length)
      for (const pass of held(passes)) expect(await differ([pass], [inferred])).toBeUndefined()
      expect(await differ([trained], [inferred])).toBeDefined()
    })
  },
)
