import { describe, expect, it, test } from 'vitest'
import type { Model } from '../models/index.js'
import { tensor } from '../ops/index.js'
import { coded, comparedBackends, withBackend } from '../testing/index.js'
import { knownMap } from '../testing/known-map.js'
import { tinyBert, tinyLlama } from '../testing/tiny-families.js'
import { tinyGpt2 } from '../testing/tiny-gpt2.js'
import { tinyTransformer } from '../testing/tiny-transformer.js'
import { capture, normMap, valueNorms } from './index.js'

const weights = [
  [1, 0],
  [0.25, 0.75],
]
const known = (values?: number[][][]) => knownMap(weights, { options: { causal: true }, values })

test('by hand: a large weight on a small value moves little', async () => {
  using one = known([
    [
      [1, 0],
      [0, 2],
    ],
  ])
  // W_O stored as [out, in]: v_0 becomes (3, 4), v_1 becomes (0, 2).
  using output = tensor([3, 0, 4, 1], [2, 2])
  const model = { weights: { 'o.weight': output }, outputProjection: () => ({ name: 'o' }) }
  const norms = await valueNorms(model, one.capture, 'layers.0.self', 0)
  expect([...norms].map((x) => Number(x.toFixed(6)))).toEqual([5, 2])
  const map = await normMap(model, one.capture, 'layers.0.self', 0)
  const close = (got: ArrayLike<number>, expected: number[]) =>
    expected.forEach((x, i) => expect(got[i]).toBeCloseTo(x, 5))
  close(await map.tile(), [5, 0, 1.25, 1.5])
  close(await map.tile({ rows: [1, 2], cols: [1, 2] }), [1.5])
  close([await map.cell(1, 0)], [1.25])
  close(await map.column(1), [0, 1.5])
  const links = await map.strongest(2)
  expect(links.map(({ query, key }) => [query, key])).toEqual([
    [0, 0],
    [1, 1],
  ])
  close((await map.overview(1)).cells, [7.75 / 4])
  // What stands before the weights is the head's own.
  close(await map.row(1, { stage: 'scores' }), [Math.log(0.25), Math.log(0.75)])
})

const families: { name: string; make: () => Model; site: string; output: string; transposed?: true }[] = [
  {
    name: 'gpt2',
    make: tinyGpt2,
    site: 'layers.1.self',
    output: 'transformer.h.1.attn.c_proj',
    transposed: true,
  },
  {
    name: 'llama, four heads on two',
    make: tinyLlama,
    site: 'layers.1.self',
    output: 'model.layers.1.self_attn.o_proj',
  },
  {
    name: 'bert',
    make: tinyBert,
    site: 'layers.0.self',
    output: 'bert.encoder.layer.0.attention.output.dense',
  },
  {
    name: 'transformer',
    make: () => tinyTransformer({ max_positions: 12 }),
    site: 'decoder.1.cross',
    output: 'decoder.1.cross.output',
  },
]

describe.each(families)('$name', ({ make, site, output, transposed }) => {
  it.each([undefined, comparedBackends[0]])(
    'norms are those of v_j W_O^h, computed step by step',
    async (start) => {
      const backend = start?.start()
      await (backend ? withBackend(backend, check) : check())
      backend?.dispose()
    },
  )

  async function check() {
    using model = make()
    using captured = await capture(model, 'the dog sees', { sites: site, values: true })
    const { v } = captured.attention(site)
    const [, Tk, Hkv, Dv] = v!.shape
    const values = await v!.data()
    const matrix = model.weights[`${output}.weight`]
    const numbers = await matrix.data()
    const width = matrix.shape[transposed ? 1 : 0]
    for (let head = 0; head < model.heads; head++) {
      const norms = await valueNorms(model, captured, site, head)
      expect(norms).toHaveLength(Tk)
      for (let j = 0; j < Tk; j++) {
        const moved = Array.from({ length: width }, (_, c) => {
          let sum = 0
          for (let d = 0; d < Dv; d++) {
            const r = head * Dv + d
            const entry = transposed ? numbers[r * width + c] : numbers[c * model.heads * Dv + r]
            sum += entry * values[(j * Hkv + Math.floor((head * Hkv) / model.heads)) * Dv + d]
          }
          return sum
        })
        const expected = Math.hypot(...moved)
        expect(Math.abs(norms[j] - expected)).toBeLessThan(1e-5 * Math.max(1, expected))
      }
      const map = await normMap(model, captured, site, head)
      const [row, own] = [await map.row(0), await captured.map(site, head).row(0)]
      row.forEach((x, j) => expect(x).toBeCloseTo(own[j] * norms[j], 5))
    }
  }
})

test('says what is missing', async () => {
  using one = known()
  const model = { weights: {}, outputProjection: () => undefined }
  const norms = (head = 0) => valueNorms(model, one.capture, 'layers.0.self', head)
  await expect(norms()).rejects.toThrow(coded('unsupported', 'layers.0.self', 'outputProjection'))
  await expect(norms(1)).rejects.toThrow(coded('not-found', 'no head 1'))
  using output = tensor([1], [1, 1])
  const whole = { weights: { 'o.weight': output }, outputProjection: () => ({ name: 'o' }) }
  await expect(valueNorms(whole, one.capture, 'layers.0.self', 0)).rejects.toThrow(
    coded('input', 'no values of layers.0.self', 'values: true'),
  )
})
