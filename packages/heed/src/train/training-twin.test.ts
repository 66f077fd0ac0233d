import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { setBackend } from '../backends/current.js'
import { ReferenceBackend } from '../backends/reference/index.js'
import { WasmBackend } from '../backends/wasm/index.js'
import { learnBpe } from '../text/index.js'
import { parseMetrics } from './metrics.js'
import type { TrainTranslationOptions } from './settings.js'
import { trainTranslation } from './train-translation.js'

/** What PyTorch's own layers, loss, clipping and AdamW do from heed's initial weights: tools/training-twin.mjs, in float64. */
interface Golden {
  name: string
  options: Omit<TrainTranslationOptions, 'out'>
  losses: number[]
  norms: number[]
}
const goldens = JSON.parse(
  await readFile(new URL('training.golden.json', import.meta.url), 'utf8'),
) as Golden[]

let dir: string
beforeEach(async () => {
  dir = await mkdtemp(`${tmpdir()}/heed-twin-`)
})
afterEach(() => rm(dir, { recursive: true }))

/** The largest relative difference between two curves. */
const apart = (ours: readonly number[], theirs: readonly number[]) =>
  Math.max(...theirs.map((x, i) => Math.abs(ours[i] - x) / Math.abs(x)))

// float32: the largest difference that the project allows itself over 200 steps.
describe.each([
  { dtype: 'float64', most: 1e-6, start: () => new ReferenceBackend({ dtype: 'float64' }) },
  { dtype: 'float32', most: 1e-3, start: () => new WasmBackend() },
])('training in $dtype', ({ most, start }) => {
  it.each(goldens)('goes as in PyTorch, step by step: $name-norm', async ({ options, losses, norms }) => {
    setBackend(start())
    const tokenizer = await learnBpe([], { vocabSize: 260 })
    await trainTranslation({ ...options, tokenizer, reportEvery: 1, out: dir })
    const rows = parseMetrics(await readFile(`${dir}/metrics.jsonl`, 'utf8'))
    expect(rows.map(({ step }) => step)).toEqual(losses.map((_, i) => i + 1))
    expect(losses.at(-1)).toBeLessThan(0.9 * losses[0])
    expect(
      apart(
        rows.map(({ loss }) => loss!),
        losses,
      ),
    ).toBeLessThan(most)
    expect(
      apart(
        rows.map(({ norm }) => norm!),
        norms,
      ),
    ).toBeLessThan(most)
  })
})
