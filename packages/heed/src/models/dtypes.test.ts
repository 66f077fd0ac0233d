import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { valueAndGrad } from '../autograd/index.js'
import type { Backend } from '../backends/backend.js'
import { ReferenceBackend } from '../backends/reference/index.js'
import { isNarrow, scope, type Tensor } from '../tensor/index.js'
import { coded, comparedBackends, expectWithin, weightedSum, withBackend } from '../testing/index.js'
import { goldenFolder } from '../testing/family-goldens.js'
import { tinyTransformer } from '../testing/tiny-transformer.js'
import {
  loadModel,
  type Model,
  padIds,
  Run,
  saveModel,
  type SequenceModel,
  Transformer,
  translationBatch,
  type WeightDType,
} from './index.js'

const families = [
  'heed',
  'bert',
  'roberta',
  'distilbert',
  'gpt2',
  'gpt2-old',
  'llama',
  'mistral',
  'qwen2',
  'qwen3',
]
const cases = families.flatMap((name) => (['f16', 'int8'] as const).map((dtype) => ({ name, dtype })))

let temporary: string
beforeAll(async () => {
  temporary = await mkdtemp(join(tmpdir(), 'heed-dtypes-'))
  using model = withBackend(new ReferenceBackend(), () => tinyTransformer())
  await saveModel(model, join(temporary, 'heed'))
})
afterAll(() => rm(temporary, { recursive: true }))

const load = (name: string, dtype: WeightDType = 'f32') =>
  loadModel<Model>(name === 'heed' ? join(temporary, name) : goldenFolder(name), { dtype })

/** What a model makes of two rows of ids, one with padding: hidden states, and scores where it has an output. */
function outputs(model: Model): Tensor[] {
  const run = new Run(model)
  if (model instanceof Transformer) {
    const pairs = [
      { source: [5, 9, 7, 3, 2], target: [6, 8, 2] },
      { source: [4, 2], target: [11, 2] },
    ]
    const { source, targetIn } = translationBatch(pairs, model.config)
    const memory = model.encode(run, source)
    return [memory, model.decode(run, targetIn, memory, source.lengths)]
  }
  const { net } = model as SequenceModel
  const hidden = net.hidden(
    run,
    padIds(
      [
        [3, 7, 11, 2, 9],
        [4, 1],
      ],
      0,
    ),
    0,
  )
  return net.logits ? [hidden, net.logits(run, hidden)] : [hidden]
}

/** Their numbers, joined. */
async function numbers(model: Model): Promise<number[]> {
  const tensors = scope(() => outputs(model))
  const all: number[] = []
  for (const t of tensors) {
    all.push(...(await t.data()))
    t.dispose()
  }
  return all
}

const disposing = async <R>(model: Model, use: (model: Model) => Promise<R>): Promise<R> => {
  try {
    return await use(model)
  } finally {
    model.dispose()
  }
}

it.each(cases)('$name as $dtype: matrices are rounded, each by half a step at most', ({ name, dtype }) =>
  withBackend(new ReferenceBackend(), async () => {
    using wide = await load(name)
    using narrow = await load(name, dtype)
    const kept = Object.keys(wide.weights).filter((at) => isNarrow(narrow.weights[at].dtype))
    const added = /position_embeddings|token_type_embeddings|wpe/
    const matrices = Object.entries(wide.weights).filter(([at, t]) => t.rank === 2 && !added.test(at))
    expect(kept.toSorted()).toEqual(matrices.map(([at]) => at).toSorted())
    for (const [at, t] of Object.entries(wide.weights)) {
      const [x, y] = [await t.data(), await narrow.weights[at].data()]
      const step = await steps(narrow.weights[at])
      expect(x.every((value, i) => Math.abs(value - y[i]) <= step(value, i))).toBe(true)
    }
  }),
)

/** How far a number may be from what it was: of float16 11 bits, or 2⁻²⁵ below 2⁻¹⁴; of int8 half a scale and its rounding. */
async function steps({ dtype, scales, shape }: Tensor): Promise<(x: number, i: number) => number> {
  if (dtype === 'float16') return (x) => Math.max(Math.abs(x) * 2 ** -11, 2 ** -25)
  if (!scales) return () => 0
  const data = await scales.data()
  const byRow = scales.shape[0] === shape[0]
  return (_, i) => 0.50001 * data[byRow ? Math.floor(i / shape[1]) : i % shape[1]]
}

/**
 * To first order a result moves by Σ ∂f/∂w · Δw, so by Σ |∂f/∂w| · step at most. Signs differ, so that what is left of it
 * is far below, and second-order terms with it.
 */
it.each(cases)('$name as $dtype: moves no further than rounding explains', ({ name, dtype }) =>
  withBackend(new ReferenceBackend({ dtype: 'float64' }), async () => {
    const f = (model: Model) =>
      scope(() =>
        outputs(model)
          .map((t) => weightedSum(t))
          .at(-1)!,
      )
    using wide = await load(name)
    using narrow = await load(name, dtype)
    const { value, grads } = valueAndGrad({ ...wide.weights }, () => f(wide))
    using moved = f(narrow)
    let bound = 0
    for (const [at, t] of Object.entries(grads)) {
      const [g, x] = [await t.data(), await wide.weights[at].data()]
      const step = await steps(narrow.weights[at])
      g.forEach((g, i) => (bound += Math.abs(g) * step(x[i], i)))
      t.dispose()
    }
    const change = Math.abs((await moved.item()) - (await value.item()))
    value.dispose()
    expect(change).toBeGreaterThan(0)
    expect(change).toBeLessThanOrEqual(bound)
  }),
)

describe.each(comparedBackends)('$name', ({ start }) => {
  let backend: Backend
  beforeAll(() => void (backend = start()))
  afterAll(() => backend.dispose())

  it.each(cases)(
    '$name as $dtype: what the reference gives, and what its numbers give as float32',
    ({ name, dtype }) =>
      withBackend(backend, async () => {
        const folder = join(temporary, `saved-${name}-${dtype}`)
        const got = await disposing(await load(name, dtype), async (model) => {
          await saveModel(model, folder)
          return numbers(model)
        })
        const expected = await withBackend(new ReferenceBackend(), async () =>
          disposing(await load(name, dtype), numbers),
        )
        await expectWithin(got, expected, 1e-5, 'the reference')
        await expectWithin(got, await disposing(await loadModel(folder), numbers), 1e-5, 'as float32')
      }),
  )
})

it('what else was asked for is refused', async () => {
  const options = { dtype: 'bf16' as WeightDType }
  await expect(loadModel(goldenFolder('gpt2'), options)).rejects.toThrow(
    coded('option', 'dtype', 'f32, f16, int8', 'bf16'),
  )
})
