import { see } from 'heed/lens'
import { type CausalModel, loadModel } from 'heed/models'
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
