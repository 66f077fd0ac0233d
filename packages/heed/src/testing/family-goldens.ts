import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect } from 'vitest'
import { parseSafetensors, type SafeTensors, toFloat32, toInt32 } from '../io/index.js'
import {
  type AttentionSeen,
  CausalModel,
  loadModel,
  padIds,
  Run,
  type SequenceModel,
} from '../models/index.js'
import { attentionTile } from '../ops/index.js'
import { scope } from '../tensor/index.js'

/** The folder of a case that tools/goldens/families.py made. */
export const goldenFolder = (name: string): string =>
  fileURLToPath(new URL(`../models/goldens/${name}`, import.meta.url))

export function readGolden(name: string): SafeTensors {
  const file = `${goldenFolder(name)}/golden.safetensors`
  return parseSafetensors(readFileSync(file), file)
}

/**
 * Throws unless the model of a golden folder, on the current backend, gives the hidden states and logits of transformers
 * within 1e-4 and its attention maps within 1e-5, absolute, at all positions that are no padding, and generates the same
 * tokens with and without a cache.
 */
export async function expectGolden(name: string): Promise<void> {
  const golden = readGolden(name)
  const read = (tensor: string) => [...toFloat32(golden.get(tensor)!)]
  const [rows, width] = golden.get('ids')!.shape
  const lengths = integers(golden, 'lengths')
  const ids = integers(golden, 'ids')
  using model = await loadModel<SequenceModel>(goldenFolder(name))
  const batch = padIds(
    lengths.map((n, b) => ids.slice(b * width, b * width + n)),
    0,
  )
  const maps = new Map<string, number[][]>()
  const pending: Promise<void>[] = []
  const attention = (seen: AttentionSeen) => pending.push(keepMaps(seen, rows, maps))
  const run = () => new Run(model, { observers: [{ attention: (seen) => void attention(seen) }] })
  const hidden = scope(() => model.hidden(run(), batch)).keep()
  await Promise.all(pending)
  const real = (b: number, t: number) => t < lengths[b]
  compare(`${name}: hidden`, [...(await hidden.data())], read('hidden'), 1e-4, rows, width, real)
  hidden.dispose()
  if (golden.has('logits')) {
    using logits = scope(() => model.logits(new Run(model), batch)).keep()
    compare(`${name}: logits`, [...(await logits.data())], read('logits'), 1e-4, rows, width, real)
  }
  for (const [layer, site] of model.sites.entries()) {
    const expected = read(`map.${layer}`)
    const perHead = width * width
    maps.get(site)!.forEach((got, at) => {
      const [b, head] = [Math.floor(at / model.heads), at % model.heads]
      const part = expected.slice(at * perHead, (at + 1) * perHead)
      compare(`${name}: ${site}, row ${b}, head ${head}`, got, part, 1e-5, 1, width, (_, t) => real(b, t))
    })
  }
  if (!golden.has('generated')) return
  expect(model, name).toBeInstanceOf(CausalModel)
  for (const cache of [true, false]) {
    const expected = integers(golden, 'generated')
    const options = { cache, maxTokens: expected.length, endIds: [] }
    const generated = []
    for await (const { id } of (model as CausalModel).generate(ids.slice(0, lengths[0]), options))
      generated.push(id)
    expect(generated, `${name}: generated ${cache ? 'with' : 'without'} a cache`).toEqual(expected)
  }
}

/** The weights of every batch row and head of a site. */
async function keepMaps(seen: AttentionSeen, rows: number, maps: Map<string, number[][]>): Promise<void> {
  const { q, k, m, l, options } = seen
  const H = q.shape[2]
  const tiles = Array.from({ length: rows * H }, (_, at) =>
    attentionTile({ q, k, m, l, options, batch: Math.floor(at / H), head: at % H }).keep(),
  )
  maps.set(seen.site, await Promise.all(tiles.map(async (t) => [...(await t.data())])))
  for (const t of tiles) t.dispose()
}

function compare(
  what: string,
  got: readonly number[],
  expected: readonly number[],
  eps: number,
  rows: number,
  width: number,
  real: (b: number, t: number) => boolean,
): void {
  expect(got.length, what).toBe(expected.length)
  const size = got.length / (rows * width)
  let worst = 0
  for (let i = 0; i < got.length; i++) {
    const at = Math.floor(i / size)
    const error = Math.abs(got[i] - expected[i])
    if (real(Math.floor(at / width), at % width) && !(error <= worst)) worst = error
  }
  expect(worst, what).toBeLessThanOrEqual(eps)
}

export const integers = (golden: SafeTensors, name: string): number[] => [...toInt32(golden.get(name)!)]
