import { scope } from 'heed'
import { ablate, see } from 'heed/lens'
import { type CausalModel, type Intervention, loadModel, padIds, Run } from 'heed/models'
import { randomSequences } from 'heed/train'
import { expect, it } from 'vitest'
import { ok } from './heed.js'

it('heed-copy is shipped, and goes on as a text went on before', async () => {
  expect(await ok(['models'])).toMatch(/^heed-copy +qwen2 +0\.4 MB/m)
  const text = 'The quick zebra Vixo jumps. The quick zebra V'
  expect(await ok(['generate', text, '--model', 'heed-copy', '--max-tokens', '10'])).toBe('ixo jumps.\n')
})

it('heed-copy has induction heads in layer 1, and room for long maps', async () => {
  using model: CausalModel = await loadModel('heed-copy')
  expect(model.net.maxPositions).toBeGreaterThanOrEqual(40_000)
  const segment = '7kQ!vZ2p;Wm(0x_Rt&9Jd#Lb'
  const { maps, tokens } = await see(model, segment + segment)
  const [n, T] = [segment.length, tokens.source.length]
  expect(T).toBe(1 + 2 * n) // after <s>
  for (const { site, weights } of maps) {
    // Mean attention of the second copy on the byte after the same byte in the first.
    const rows = Array.from({ length: n }, (_, i) => weights[T - n + i][T - 2 * n + i + 1])
    const induction = rows.reduce((a, b) => a + b) / n
    if (site.startsWith('layers.1')) expect(induction).toBeGreaterThan(0.5)
    else expect(induction).toBeLessThan(0.1)
  }
})

it('without the induction heads of heed-copy nothing is copied, without any other head nearly all', async () => {
  using model: CausalModel = await loadModel('heed-copy')
  const [rows, length] = [16, 50]
  const segmentOf = randomSequences({ length, seed: 20261128, kinds: ['bytes'] })
  const texts = Array.from({ length: rows }, (_, n) => {
    const segment = [...segmentOf(n)]
    return [model.tokenizer!.bosId!, ...segment, ...segment]
  })
  /** The share of the second copies, but for their first bytes, that is the likeliest next byte. */
  const copied = async (...changes: Intervention[]) => {
    using logits = scope(() => model.logits(new Run(model, { with: changes }), padIds(texts, 0)))
    const [, T, V] = logits.shape
    const scores = await logits.data()
    let right = 0
    for (const [row, ids] of texts.entries())
      for (let t = length + 1; t < 2 * length; t++) {
        const next = scores.subarray((row * T + t) * V, (row * T + t + 1) * V)
        if (next.indexOf(Math.max(...next)) === ids[t + 1]) right++
      }
    return right / (rows * (length - 1))
  }
  expect(await copied()).toBeGreaterThan(0.95)
  expect(await copied(ablate('layers.1.self'))).toBeLessThan(0.05)
  for (const head of [0, 1, 2, 3]) expect(await copied(ablate('layers.0.self', head))).toBeGreaterThan(0.95)
})
