import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Backend } from '../backends/backend.js'
import { parseSafetensors, type SafeTensor, safeTensor, writeSafetensors } from '../io/index.js'
import { slice } from '../ops/index.js'
import { liveTensors, scope } from '../tensor/index.js'
import { coded, comparedBackends, expectWithin, withBackend } from '../testing/index.js'
import { expectGolden, goldenFolder, integers, readGolden } from '../testing/family-goldens.js'
import { Cache, type CausalModel, loadModel, padIds, Run } from './index.js'

const cases = [
  'llama-bare',
  'llama',
  'llama-old',
  'llama3-rope',
  'llama-linear',
  'llama-yarn',
  'llama-yarn-old',
  'mistral',
  'mistral-full',
  'qwen2',
  'qwen2-window',
  'qwen2-window-old',
  'qwen3',
  'qwen3-window',
]

describe.each(comparedBackends)('$name gives what transformers gives', ({ start }) => {
  let backend: Backend
  beforeAll(() => void (backend = start()))
  afterAll(() => backend.dispose())

  it.each(cases)('%s', (name) => withBackend(backend, () => expectGolden(name)))
})

describe('a cache', () => {
  it.each(['llama-yarn', 'mistral', 'qwen3-window'])('gives %s what one pass gives', async (name) => {
    const before = liveTensors()
    const golden = readGolden(name)
    const row = integers(golden, 'ids').slice(0, 12)
    {
      using model = await loadModel<CausalModel>(goldenFolder(name))
      using whole = scope(() => model.hidden(new Run(model), padIds([row], 0))).keep()
      using cache = new Cache()
      const run = new Run(model, { cache })
      for (const [start, end] of [
        [0, 5],
        [5, 6],
        [6, 11],
        [11, 12],
      ]) {
        using part = scope(() => model.hidden(run, padIds([row.slice(start, end)], 0))).keep()
        using same = slice(whole, 1, start, end).keep()
        await expectWithin(part, same, 1e-9, `${name}, ${start} to ${end}`)
      }
    }
    expect(liveTensors()).toBe(before)
  })
})

describe('weights', () => {
  let root = ''
  beforeAll(async () => void (root = await mkdtemp(join(tmpdir(), 'heed-llama-'))))
  afterAll(() => rm(root, { recursive: true, force: true }))

  /** A golden folder with other tensors or another config, loaded. */
  async function edited(
    name: string,
    edit: (tensors: Map<string, SafeTensor>, config: Record<string, unknown>) => void,
  ): Promise<CausalModel> {
    const from = goldenFolder(name)
    const tensors = parseSafetensors(await readFile(`${from}/model.safetensors`), name)
    const config = JSON.parse(await readFile(`${from}/config.json`, 'utf8')) as Record<string, unknown>
    edit(tensors, config)
    const list = [...tensors].map(([name, { dtype, shape, bytes }]) => ({ name, dtype, shape, data: bytes }))
    await writeFile(`${root}/model.safetensors`, writeSafetensors(list))
    await writeFile(`${root}/config.json`, JSON.stringify(config))
    return loadModel<CausalModel>(root)
  }
  const zeros = (name: string, shape: number[]) =>
    safeTensor({ name, dtype: 'F32', shape, data: new Float32Array(shape.reduce((a, b) => a * b, 1)) })

  it('a bias that is missing is named, and one too much', async () => {
    const bias = 'model.layers.1.self_attn.k_proj.bias'
    await expect(edited('qwen2', (tensors) => tensors.delete(bias))).rejects.toThrow(
      coded('format', 'lack', `${bias} [12]`),
    )
    await expect(
      edited('llama-old', (tensors) => tensors.delete('model.layers.0.mlp.down_proj.bias')),
    ).rejects.toThrow(coded('format', 'lack', 'model.layers.0.mlp.down_proj.bias [12]'))
    await expect(edited('llama', (tensors) => tensors.set(bias, zeros(bias, [12])))).rejects.toThrow(
      coded('format', 'does not have', bias),
    )
  })

  it('head norms and key-value heads have their own sizes', async () => {
    const norm = 'model.layers.0.self_attn.q_norm.weight'
    await expect(edited('qwen3', (tensors) => tensors.set(norm, zeros(norm, [12])))).rejects.toThrow(
      coded('format', `${norm} is [12], expected [10]`),
    )
    await expect(edited('qwen3', (_, config) => (config.num_key_value_heads = 2))).rejects.toThrow(
      coded('format', 'model.layers.0.self_attn.k_proj.weight is [10, 12], expected [20, 12]'),
    )
  })

  it('an output that is missing is named where there must be one', async () => {
    await expect(edited('llama', (tensors) => tensors.delete('lm_head.weight'))).rejects.toThrow(
      coded('format', 'lack', 'lm_head.weight [40, 12]'),
    )
    using bare = await edited('llama-bare', () => {})
    expect(() => bare.logits(new Run(bare), padIds([[3]], 0))).toThrow(coded('unsupported', 'no output'))
  })

  it('what a checkpoint holds beside the model is left out: a copy of a tied table, buffers, a classifier', async () => {
    using model = await edited('llama-old', (tensors) => {
      for (const [name, shape] of [
        ['lm_head.weight', [40, 12]],
        ['model.layers.0.self_attn.rotary_emb.inv_freq', [3]],
        ['model.rotary_emb.inv_freq', [3]],
        ['score.weight', [2, 12]],
      ] as const)
        tensors.set(name, zeros(name, [...shape]))
    })
    expect(Object.keys(model.weights)).not.toContain('lm_head.weight')
    using logits = scope(() => model.logits(new Run(model), padIds([[3]], 0))).keep()
    expect(Math.max(...(await logits.data()))).toBeGreaterThan(0)
  })

  it('a bare model that is tied has an output, with the prefix or without', async () => {
    using model = await edited('llama-bare', (_, config) => (config.tie_word_embeddings = true))
    using logits = scope(() => model.logits(new Run(model), padIds([[3, 4]], 0))).keep()
    expect(logits.shape).toEqual([1, 2, 40])
  })

  it('more tokens than max_position_embeddings are refused', async () => {
    using model = await edited('llama', (_, config) => (config.max_position_embeddings = 3))
    expect(() => model.hidden(new Run(model), padIds([[3, 4, 5, 6]], 0))).toThrow(coded('input', '4', '3'))
  })
})
